import type { Service } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { endpointList } from './endpoints.ts'
import type { Vantage } from './types.ts'

/** What a node says to load balancers that ask whether it has endpoints of a Service. */
export interface HealthCheck {
  /** spec.healthCheckNodePort. */
  readonly port: number
  /** Ready endpoints of this node, each address once; those that are being ended do not count. */
  readonly localEndpoints: number
}

/** Undefined unless the Service is a load balancer with externalTrafficPolicy Local (KEP-1669). */
export function healthCheckOf(
  { spec }: Service,
  slices: readonly EndpointSlice[],
  { node }: Vantage,
): HealthCheck | undefined {
  const port = spec.healthCheckNodePort
  if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local' || !port) return undefined
  const here = slices
    .flatMap(endpointList)
    .filter(({ nodeName, conditions }) => nodeName === node && (conditions?.ready ?? true))
  return { port, localEndpoints: new Set(here.map(({ addresses }) => addresses[0])).size }
}

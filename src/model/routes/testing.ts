import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Route } from '../../api/route/route.ts'
import { policyOf, ROUTER_DEFAULTS } from './options.ts'
import type { RouteFacts } from './types.ts'

/** Values for tests of what Routes mean. */
export const testPolicy = policyOf(ROUTER_DEFAULTS)

export const testRoute = (
  name: string,
  spec: Partial<Route['spec']> = {},
  metadata: Partial<Route['metadata']> = {},
): Route => ({
  apiVersion: 'route.openshift.io/v1',
  kind: 'Route',
  metadata: {
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...metadata,
  },
  spec: { host: `${name}.example.com`, to: { kind: 'Service', name: 'web' }, ...spec },
})

export const testFacts = (name: string, facts: Partial<RouteFacts> = {}): RouteFacts => ({
  key: `${facts.namespace ?? 'shop'}/${name}`,
  namespace: 'shop',
  name,
  uid: `uid-${name}`,
  created: '2026-01-01T00:00:00Z',
  host: 'x.example.com',
  path: '',
  termination: 'http',
  insecure: 'None',
  targets: [],
  ...facts,
})

export const testSlice = (slice: Partial<EndpointSlice>): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  addressType: 'IPv4',
  endpoints: [],
  ports: [{ name: 'http', port: 8080 }],
  ...slice,
})

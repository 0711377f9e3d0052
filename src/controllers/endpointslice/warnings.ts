import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import { isPodReady } from '../shared/pods.ts'
import { findPort } from './endpoints.ts'

/** Reason and message of an Event of type Warning. */
export type Warning = readonly [reason: string, message: string]

/** A port that is asked for by a name which no pod has: the slice would look healthy and lead nowhere. */
export function portWarnings(service: Service, pods: readonly Pod[]): readonly Warning[] {
  if (pods.length === 0) return []
  return (service.spec.ports ?? [])
    .filter(port => typeof port.targetPort === 'string' && pods.every(pod => findPort(pod, port) === undefined))
    .map(port => [
      'TargetPortNotFound',
      `Port ${port.name || port.port}: none of the ${pods.length} pods has a ${port.protocol ?? 'TCP'} port named "${port.targetPort}"`,
    ])
}

/** Pods need a moment to come: nothing is said about a Service that is younger. */
const PATIENCE_MS = 30_000

export interface BlackHole {
  readonly warning: Warning
  /** Until then it is too early to say so; 0 when it is time. */
  readonly waitMs: number
}

/** A Service that leads nowhere because it selects no pod, or a headless one whose name does not exist for want of ready pods. */
export function blackHoleWarning(service: Service, pods: readonly Pod[], nowMs: number): BlackHole | undefined {
  const warning = pods.length === 0 ? noPods(service) : noName(service, pods)
  if (!warning) return undefined
  const bornMs = Date.parse(service.metadata.creationTimestamp ?? '')
  return { warning, waitMs: Math.max(0, bornMs + PATIENCE_MS - nowMs) }
}

function noPods({ metadata, spec }: Service): Warning {
  const selector = Object.entries(spec.selector ?? {}).map(([name, value]) => `${name}=${value}`)
  return ['NoPodsSelected', `No pod of namespace ${metadata.namespace} has the labels ${selector.join(',')}`]
}

function noName({ spec }: Service, pods: readonly Pod[]): Warning | undefined {
  if (spec.clusterIP !== 'None' || spec.publishNotReadyAddresses || pods.some(isPodReady)) return undefined
  return [
    'NoReadyEndpoints',
    `None of the ${pods.length} pods is ready, so the name of this headless Service does not exist; publishNotReadyAddresses would publish them`,
  ]
}

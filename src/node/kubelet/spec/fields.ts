import type { Container } from '../../../api/core/pod/container.ts'
import { amountsOf } from '../../../api/core/pod/requests.ts'
import type { Pod } from '../../../api/core/pod.ts'
import { NODE_ROOM } from '../options.ts'

/** Where the pod has come to live: what the downward API may ask about beside the object. */
export interface Whereabouts {
  readonly node: string
  readonly hostIps: readonly string[]
  readonly podIps: readonly string[]
}

/** The value of a fieldRef; undefined for a path that the downward API does not know. */
export function fieldValue(pod: Pod, path: string, where: Whereabouts): string | undefined {
  const { metadata, spec } = pod
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (subscript) return (subscript[1] === 'labels' ? metadata.labels : metadata.annotations)?.[subscript[2]!] ?? ''
  const values: Readonly<Record<string, () => string>> = {
    'metadata.name': () => metadata.name,
    'metadata.namespace': () => metadata.namespace ?? '',
    'metadata.uid': () => metadata.uid,
    'metadata.labels': () => mapText(metadata.labels),
    'metadata.annotations': () => mapText(metadata.annotations),
    'spec.nodeName': () => spec.nodeName ?? where.node,
    'spec.serviceAccountName': () => spec.serviceAccountName ?? 'default',
    'status.hostIP': () => where.hostIps[0] ?? '',
    'status.hostIPs': () => where.hostIps.join(','),
    'status.podIP': () => where.podIps[0] ?? '',
    'status.podIPs': () => where.podIps.join(','),
  }
  return Object.hasOwn(values, path) ? values[path]!() : undefined
}

/** key="value" lines, sorted. */
const mapText = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')

/**
 * The value of a resourceFieldRef: cpu in cores, all else in bytes, in units of the divisor (0 is none) and rounded up. Who has no limit
 * is told what the node has.
 */
export function resourceValue(container: Container, resource: string, divisor: string | undefined): string | undefined {
  const [kind, name] = [resource.split('.')[0], resource.split('.').slice(1).join('.')]
  if ((kind !== 'limits' && kind !== 'requests') || name === '') return undefined
  const { limits, requests } = container.resources ?? {}
  const room: Readonly<Record<string, string>> = NODE_ROOM
  const amount = kind === 'limits' ? (limits?.[name] ?? room[name]) : (requests?.[name] ?? limits?.[name])
  const { value = 0, unit = 0 } = amountsOf({ value: amount ?? '0', unit: divisor ?? '0' })
  // 1.5 / 0.001 is a little more than 1500 in floating point; quantities end at billionths.
  return String(Math.ceil(value / (unit || 1) - 1e-9))
}

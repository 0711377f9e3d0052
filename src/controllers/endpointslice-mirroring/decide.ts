import { type EndpointAddress, type EndpointSubset, Endpoints } from '../../api/core/endpoints.ts'
import type { Service } from '../../api/core/service.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Draft } from '../../client/mod.ts'
import { controllerReference } from '../../client/owner.ts'
import { type Family, familyOf, parseIp } from '../../lib/ip.ts'
import { MANAGED_BY, SERVICE_NAME } from '../endpointslice/decide.ts'
import { pack } from '../endpointslice/pack.ts'
import type { Warning } from '../endpointslice/warnings.ts'
import { sameValue } from '../shared/values.ts'

export const CONTROLLER = 'endpointslicemirroring-controller.k8s.io'
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror'
const LEADER = 'control-plane.alpha.kubernetes.io/leader'
/** They say something about the object they stand on. */
const NOT_COPIED = [
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]

/** Endpoints that a user wrote for a Service without a selector; those of leader elections are none. */
export function isMirrored(endpoints: Endpoints, service: Service | undefined): boolean {
  const { labels, annotations } = endpoints.metadata
  if (labels?.[SKIP_MIRROR] === 'true' || annotations?.[LEADER] !== undefined) return false
  return service !== undefined && Object.keys(service.spec.selector ?? {}).length === 0
}

export interface MirrorPlan {
  readonly create: readonly Draft<EndpointSlice>[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
  readonly warnings: readonly Warning[]
}

/**
 * The slices that say what the Endpoints say. `slices`: the mirrors there are. `max`: addresses of one subset and family that are
 * mirrored; a slice holds as many. Source: endpointslicemirroring's reconciler.
 */
export function decide(endpoints: Endpoints, slices: readonly EndpointSlice[], max = 1000): MirrorPlan {
  const left = new Set(slices)
  const plan = { create: [] as Draft<EndpointSlice>[], update: [] as EndpointSlice[] }
  const skipped = { invalid: 0, many: 0, max }
  for (const group of groupsOf(endpoints, skipped)) {
    const present = slices.filter(slice => left.has(slice) && belongsTo(slice, group))
    for (const slice of present) left.delete(slice)
    const packed = pack(group.endpoints, present, max)
    const touched = new Set([...packed.update.map(({ slice }) => slice), ...packed.empty])
    plan.update.push(...packed.update.map(one => dressed(endpoints, { ...one.slice, endpoints: one.endpoints })))
    plan.update.push(
      ...present
        .filter(slice => !touched.has(slice) && !isDressed(endpoints, slice))
        .map(one => dressed(endpoints, one)),
    )
    plan.create.push(...packed.create.map(some => draft(endpoints, group, some)))
    for (const slice of packed.empty) left.add(slice)
  }
  return { ...plan, remove: [...left], warnings: warningsOf(skipped) }
}

interface Group {
  readonly family: Family
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

interface Skipped {
  invalid: number
  many: number
  readonly max: number
}

/** One for each family and set of ports. */
function groupsOf(endpoints: Endpoints, skipped: Skipped): readonly Group[] {
  const groups = new Map<string, { family: Family; ports: readonly EndpointPort[]; endpoints: Endpoint[] }>()
  for (const subset of endpoints.subsets ?? []) {
    const ports = portsOf(subset)
    const add = (address: EndpointAddress, ready: boolean): void => {
      const ip = parseIp(address.ip)
      if (ip === undefined) return void skipped.invalid++
      const id = `${familyOf(ip)} ${portsId(ports)}`
      const group = groups.get(id) ?? { family: familyOf(ip), ports, endpoints: [] }
      groups.set(id, group)
      if (group.endpoints.length >= skipped.max) return void skipped.many++
      group.endpoints.push(endpointOf(address, ready))
    }
    for (const address of subset.addresses ?? []) add(address, true)
    for (const address of subset.notReadyAddresses ?? []) add(address, false)
  }
  return [...groups.values()]
}

const portsOf = ({ ports = [] }: EndpointSubset): readonly EndpointPort[] =>
  ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }))

const portsId = (ports: readonly EndpointPort[]): string =>
  ports
    .map(({ name, port, protocol, appProtocol }) => [name, port, protocol, appProtocol].join('/'))
    .toSorted()
    .join()

/** Endpoints know ready and not ready alone. */
const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname ? { hostname } : {}),
  ...(nodeName ? { nodeName } : {}),
  ...(targetRef ? { targetRef } : {}),
})

const addressType = ({ family }: Group): 'IPv4' | 'IPv6' => (family === 4 ? 'IPv4' : 'IPv6')

const belongsTo = (slice: EndpointSlice, group: Group): boolean =>
  slice.addressType === addressType(group) && portsId(slice.ports ?? []) === portsId(group.ports)

const labelsOf = ({ metadata }: Endpoints): Record<string, string> => ({
  ...metadata.labels,
  [SERVICE_NAME]: metadata.name,
  [MANAGED_BY]: CONTROLLER,
})

const annotationsOf = ({ metadata }: Endpoints): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => !NOT_COPIED.includes(name)))

const isDressed = (endpoints: Endpoints, { metadata }: EndpointSlice): boolean =>
  sameValue([labelsOf(endpoints), annotationsOf(endpoints)], [metadata.labels ?? {}, metadata.annotations ?? {}])

const dressed = (endpoints: Endpoints, slice: EndpointSlice): EndpointSlice => ({
  ...slice,
  metadata: { ...slice.metadata, labels: labelsOf(endpoints), annotations: annotationsOf(endpoints) },
})

const draft = (endpoints: Endpoints, group: Group, some: readonly Endpoint[]): Draft<EndpointSlice> => ({
  metadata: {
    namespace: endpoints.metadata.namespace!,
    generateName: `${endpoints.metadata.name}-`,
    labels: labelsOf(endpoints),
    annotations: annotationsOf(endpoints),
    ownerReferences: [controllerReference(Endpoints, endpoints)],
  },
  addressType: addressType(group),
  endpoints: some,
  ports: group.ports,
})

const warningsOf = ({ invalid, many, max }: Skipped): readonly Warning[] => [
  ...(invalid > 0
    ? [['InvalidIPAddress', `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`] as const]
    : []),
  ...(many > 0
    ? [
        [
          'TooManyAddressesToMirror',
          `A max of ${max} addresses can be mirrored to EndpointSlices per Endpoints subset. ${many} addresses were skipped`,
        ] as const,
      ]
    : []),
]

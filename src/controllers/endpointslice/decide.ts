import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Draft } from '../../client/mod.ts'
import { controllerOf, controllerReference } from '../../client/owner.ts'
import type { Family } from '../../lib/ip.ts'
import { sameValue } from '../shared/values.ts'
import { endpointFor, isEligible, isTopologyAware, portsFor } from './endpoints.ts'
import { pack } from './pack.ts'
import { topologyHints, zoneShares } from './topology.ts'
import type { Warning } from './warnings.ts'
import { portWarnings } from './warnings.ts'

export const SERVICE_NAME = 'kubernetes.io/service-name'
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const CONTROLLER = 'endpointslice-controller.k8s.io'
export const HEADLESS = 'service.kubernetes.io/headless'
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'

export interface Input {
  readonly service: Service
  /** Pods that the Service selects. */
  readonly pods: readonly Pod[]
  readonly node: (name: string) => Node | undefined
  /** All nodes: only asked for by Services that are spread by what zones can carry. */
  readonly nodes?: () => readonly Node[]
  /** The slices this controller manages for the Service, those being deleted left out. */
  readonly slices: readonly EndpointSlice[]
  /** RFC 3339: when what happened that makes this round. */
  readonly triggerTime: string | undefined
  /** Endpoints in one slice. */
  readonly max?: number
}

export interface Plan {
  readonly create: readonly Draft<EndpointSlice>[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
  /** What a user should know. */
  readonly warnings: readonly Warning[]
  /** Pods were left out because their node is not known yet. */
  readonly isIncomplete: boolean
}

/** The slices of a Service with a selector; all other Services keep what they have. */
export function decide(input: Input): Plan {
  const { service, slices } = input
  const owned = slices.filter(slice => controllerOf(slice)?.uid === service.metadata.uid)
  const types = familiesOf(service).map(family => (family === 4 ? 'IPv4' : 'IPv6'))
  const changes: Changes = { create: [], update: [], spare: [] }
  const foreign = slices.filter(slice => !owned.includes(slice) || !types.includes(slice.addressType as 'IPv4'))
  const eligible = input.pods.filter(isEligible)
  const known = eligible.filter(pod => isNodeKnown(input, pod))
  const warnings = [...portWarnings(service, eligible)]
  for (const family of familiesOf(service)) {
    const mine = owned.filter(slice => slice.addressType === (family === 4 ? 'IPv4' : 'IPv6'))
    warnings.push(...reconcile(input, family, known, mine, changes))
  }
  const { create, update, remove } = reuse(changes)
  return {
    create,
    update,
    remove: [...remove, ...foreign],
    warnings,
    isIncomplete: known.length < eligible.length,
  }
}

const isNodeKnown = ({ service, node }: Input, pod: Pod): boolean =>
  Boolean(service.spec.publishNotReadyAddresses) || !pod.spec.nodeName || node(pod.spec.nodeName) !== undefined

function familiesOf({ spec }: Service): readonly Family[] {
  if (spec.ipFamilies?.length) return spec.ipFamilies.map(name => (name === 'IPv6' ? 6 : 4))
  return spec.clusterIP?.includes(':') ? [6] : [4]
}

interface Changes {
  readonly create: Draft<EndpointSlice>[]
  readonly update: EndpointSlice[]
  /** Of no use any more, unless something is to be created. */
  readonly spare: EndpointSlice[]
}

interface Group {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: Endpoint[]
}

function reconcile(
  input: Input,
  family: Family,
  pods: readonly Pod[],
  slices: readonly EndpointSlice[],
  changes: Changes,
): readonly Warning[] {
  const { service } = input
  const groups = new Map<string, Group>()
  for (const pod of pods) {
    const endpoint = endpointFor(service, pod, pod.spec.nodeName ? input.node(pod.spec.nodeName) : undefined, family)
    if (!endpoint) continue
    const ports = portsFor(service, pod)
    const id = portsId(ports)
    const group = groups.get(id)
    if (group) group.endpoints.push(endpoint)
    else groups.set(id, { ports, endpoints: [endpoint] })
  }
  const warnings = spread(input, family, [...groups.values()])
  // Where nothing stands behind it, one empty slice says so.
  if (groups.size === 0) groups.set('', { ports: [], endpoints: [] })
  const bySlicePorts = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const id = isPlaceholder(slice) ? '' : portsId(slice.ports ?? [])
    bySlicePorts.set(id, [...(bySlicePorts.get(id) ?? []), slice])
  }
  for (const [id, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const present = bySlicePorts.get(id) ?? []
    bySlicePorts.delete(id)
    reconcileGroup(input, family, group, present, changes)
  }
  changes.spare.push(...[...bySlicePorts.values()].flat())
  return warnings
}

/** Gives endpoints hints by what zones can carry, where the Service asks for that. */
function spread({ service, nodes }: Input, family: Family, groups: readonly Group[]): readonly Warning[] {
  if (!isTopologyAware(service) || !nodes) return []
  const hinted = topologyHints(
    groups.flatMap(({ endpoints }) => endpoints),
    zoneShares(nodes()),
  )
  if (typeof hinted === 'string') return [['TopologyAwareHintsDisabled', `${hinted}, addressType: IPv${family}`]]
  let from = 0
  for (const { endpoints } of groups) {
    const { length } = endpoints
    endpoints.splice(0, length, ...hinted.slice(from, from + length))
    from += length
  }
  return []
}

/** Slices are for pods whose ports are the same, number for number. */
const portsId = (ports: readonly EndpointPort[]): string =>
  ports
    .map(({ name, protocol, port, appProtocol }) => `${name ?? ''}/${protocol ?? 'TCP'}/${port}/${appProtocol ?? ''}`)
    .join() || '-'

const isPlaceholder = (slice: EndpointSlice): boolean => !slice.endpoints?.length && !slice.ports?.length

function reconcileGroup(
  input: Input,
  family: Family,
  group: Group,
  present: readonly EndpointSlice[],
  changes: Changes,
): void {
  if (group.endpoints.length === 0) {
    const [kept, ...others] = present
    changes.spare.push(...others)
    if (!kept) changes.create.push(draft(input, family, group.ports, []))
    else if (!isLabelled(input.service, kept)) changes.update.push(labelled(input, kept))
    return
  }
  const packed = pack(group.endpoints, present, input.max ?? 100)
  for (const { slice, endpoints } of packed.update)
    changes.update.push(labelled(input, { ...slice, endpoints, ports: group.ports }))
  for (const endpoints of packed.create) changes.create.push(draft(input, family, group.ports, endpoints))
  changes.spare.push(...packed.empty)
  const touched = new Set([...packed.update.map(({ slice }) => slice), ...packed.empty])
  for (const slice of present)
    if (!touched.has(slice) && !isLabelled(input.service, slice)) changes.update.push(labelled(input, slice))
}

/** A slice that would be deleted is written over instead of one being created: one write instead of two, and no gap. */
function reuse({ create, update, spare }: Changes): Pick<Plan, 'create' | 'update' | 'remove'> {
  const left = [...spare]
  const created: Draft<EndpointSlice>[] = []
  const written = [...update]
  for (const wanted of create) {
    const index = left.findIndex(slice => slice.addressType === wanted.addressType)
    const [slice] = index < 0 ? [] : left.splice(index, 1)
    if (!slice) created.push(wanted)
    else {
      const annotations = { ...slice.metadata.annotations, ...wanted.metadata.annotations }
      const metadata = { ...slice.metadata, labels: wanted.metadata.labels!, annotations }
      written.push({
        ...slice,
        metadata,
        endpoints: wanted.endpoints,
        ...(wanted.ports ? { ports: wanted.ports } : {}),
      })
    }
  }
  return { create: created, update: written, remove: left }
}

/** The Service's labels, but for those that say what the slice is. */
export function labelsFor({ metadata, spec }: Service): Record<string, string> {
  const { [HEADLESS]: _, ...own } = metadata.labels ?? {}
  return {
    ...own,
    ...(spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: metadata.name,
    [MANAGED_BY]: CONTROLLER,
  }
}

const isLabelled = (service: Service, slice: EndpointSlice): boolean =>
  sameValue(labelsFor(service), slice.metadata.labels ?? {})

function labelled({ service, triggerTime }: Input, slice: EndpointSlice): EndpointSlice {
  const { [TRIGGER_TIME]: _, ...others } = slice.metadata.annotations ?? {}
  const annotations = triggerTime ? { ...others, [TRIGGER_TIME]: triggerTime } : others
  return { ...slice, metadata: { ...slice.metadata, labels: labelsFor(service), annotations } }
}

function draft(
  { service, triggerTime }: Input,
  family: Family,
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
): Draft<EndpointSlice> {
  const owner = controllerReference(Service, service)
  return {
    metadata: {
      namespace: service.metadata.namespace!,
      generateName: `${service.metadata.name}-`,
      labels: labelsFor(service),
      ...(triggerTime ? { annotations: { [TRIGGER_TIME]: triggerTime } } : {}),
      ownerReferences: [owner],
    },
    addressType: family === 4 ? 'IPv4' : 'IPv6',
    endpoints,
    ports,
  }
}

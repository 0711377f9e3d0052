import { Node } from '../../api/core/node.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr.ts'
import { networksOf } from '../../api/networking/service-networks.ts'
import type { Informer, Informers } from '../../client/mod.ts'
import type { ServiceChange } from '../../datapath/claims.ts'
import type { Cidr } from '../../lib/cidr.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { createTimers } from '../../lib/timers.ts'
import type { NodeFacts } from '../../model/nodes/facts.ts'
import { nodeFacts } from '../../model/nodes/facts.ts'
import { frontsOf, serviceIndex, serviceKeyOf } from '../../model/services/fronts.ts'
import type { HealthCheck } from '../../model/services/health-check.ts'
import { healthCheckOf } from '../../model/services/health-check.ts'
import { graceMs } from '../../model/services/idling.ts'
import type { Vantage } from '../../model/services/types.ts'
import type { Pending } from './proxy-metrics.ts'

/** What has changed since it was last asked. */
export interface Changes {
  /** "namespace/name" of Services that may mean something else now. */
  readonly services: ReadonlySet<string>
  readonly areNodesChanged: boolean
  /** How many EndpointSlices changed. */
  readonly slices: number
  /** When what made endpoints change happened, milliseconds since 1970: the slices' last-change-trigger-time. */
  readonly causesMs: readonly number[]
}

/** The caches of one node's network, and which parts of them have changed. */
export interface Watch {
  take(): Changes
  /** How much the next one takes. */
  pending(): Pending
  /** Called in the turn in which something that matters changed. */
  onChange(handler: () => void): () => void
  nodes(): readonly NodeFacts[]
  /** Where Services' addresses may come from, beside the networks that the cluster began with. */
  serviceNetworks(): readonly Cidr[]
  /** What the Service wants on the node now. */
  service(key: string, vantage: Vantage): ServiceChange
  services(): readonly string[]
  /** What the node answers at the Service's health check port; undefined where it has none. */
  healthCheck(key: string, vantage: Vantage): HealthCheck | undefined
  /** The node is being deleted, or about to be. */
  isLeaving(node: string): boolean
}

const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'
/** Cluster autoscalers say so before they take a node away. */
const GOING_TAINT = 'ToBeDeletedByClusterAutoscaler'
const BY_SERVICE = 'network/service'

/** Informers are made here; the caller syncs them. */
export function createWatch(informers: Informers, clock: Pick<Clock, 'now' | 'after'>, log: Logger): Watch {
  const services = informers.of(Service)
  const slices = informers.of(EndpointSlice, { indexes: { [BY_SERVICE]: serviceIndex } })
  const nodes = informers.of(Node)
  // APIs before 1.33 have none.
  const networks = informers.of(ServiceCIDR, { optional: true })
  const dirty = new Set<string>()
  const graces = createTimers(clock)
  let changedSlices = 0
  let causesMs: number[] = []
  const handlers = new Set<() => void>()
  const facts = createNodeFacts(nodes)
  const tell = (): void => {
    for (const handler of handlers) handler()
  }
  const touch = (keys: readonly (string | undefined)[]): void => {
    for (const key of keys) if (key !== undefined) dirty.add(key)
    tell()
  }
  services.onChange(({ object }) => touch([keyOf(object)]))
  slices.onChange(({ type, object, old }) => {
    changedSlices++
    const cause = object.metadata.annotations?.[TRIGGER_TIME]
    if (cause && type !== 'deleted' && cause !== old?.metadata.annotations?.[TRIGGER_TIME])
      causesMs.push(Date.parse(cause))
    touch([serviceKeyOf(object), old && serviceKeyOf(old)])
  })
  nodes.onChange(({ type, object }) => {
    if (facts.note(type === 'deleted' ? undefined : object, object.metadata.name)) tell()
  })
  networks.onChange(tell)
  return {
    take() {
      const changes = { services: new Set(dirty), areNodesChanged: facts.take(), slices: changedSlices, causesMs }
      dirty.clear()
      changedSlices = 0
      causesMs = []
      return changes
    },
    pending: () => ({ services: dirty.size, slices: changedSlices }),
    onChange(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    nodes: facts.all,
    serviceNetworks: () => networksOf(networks.list()),
    services: () => services.list().map(keyOf),
    healthCheck(key, vantage) {
      const [namespace, name] = key.split('/') as [string, string]
      const object = services.get({ namespace, name })
      return object?.spec && healthCheckOf(object, slices.by(BY_SERVICE, key), vantage)
    },
    isLeaving(name) {
      const node = nodes.get({ name })
      return (
        !node ||
        node.metadata.deletionTimestamp !== undefined ||
        (node.spec.taints ?? []).some(taint => taint.key === GOING_TAINT)
      )
    },
    service(key, vantage) {
      const [namespace, name] = key.split('/') as [string, string]
      const object = services.get({ namespace, name })
      const nowMs = clock.now()
      graces.set(key, object ? graceMs(object, nowMs) : 0, () => touch([key]))
      if (!object) return { service: key, since: '', fronts: [] }
      try {
        const fronts = frontsOf(object, slices.by(BY_SERVICE, key), vantage, nowMs)
        return { service: key, since: object.metadata.creationTimestamp, fronts }
      } catch (error) {
        // What one tenant wrote must not stop the network of all.
        log.error({ service: key, error: messageOf(error) }, 'the Service cannot be understood, and is served nowhere')
        return { service: key, since: '', fronts: [] }
      }
    },
  }
}

const keyOf = ({ metadata }: Service): string => `${metadata.namespace}/${metadata.name}`

/** Nodes report every few seconds; only what the network depends on counts as a change. */
function createNodeFacts(nodes: Informer<Node>): {
  note(node: Node | undefined, name: string): boolean
  take(): boolean
  all(): readonly NodeFacts[]
} {
  const known = new Map<string, NodeFacts>()
  let isChanged = false
  const note = (node: Node | undefined, name: string): boolean => {
    const next = node && nodeFacts(node)
    if (JSON.stringify(next) === JSON.stringify(known.get(name))) return false
    if (next) known.set(name, next)
    else known.delete(name)
    isChanged = true
    return true
  }
  for (const node of nodes.list()) note(node, node.metadata.name)
  return {
    note,
    take() {
      const was = isChanged
      isChanged = false
      return was
    },
    all: () => [...known.values()],
  }
}

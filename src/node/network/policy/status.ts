import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import { ClusterNetworkPolicy } from '../../../api/cluster-policy/cluster-network-policy.ts'
import { Node } from '../../../api/core/node.ts'
import type { KubeObject } from '../../../api/meta/meta.ts'
import { EgressNetworkPolicy } from '../../../api/network/egress-network-policy.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import type { EventRecorder } from '../../../client/events.ts'
import type { Client, Informer, Informers, ObjectKey } from '../../../client/mod.ts'
import { isNotFound } from '../../../client/mod.ts'
import type { ProgressCollector } from '../../../client/progress.ts'
import type { Clock } from '../../../lib/clock.ts'
import { rfc3339 } from '../../../lib/clock.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/log.ts'
import { equalPriorities } from '../../../model/policy/equal-priorities.ts'
import { unreadRules } from '../../../model/policy/firewall.ts'

export interface StatusDeps {
  readonly client: Client
  readonly informers: Informers
  readonly progress: ProgressCollector
  /** Absent: nobody is told but by conditions. */
  readonly events?: EventRecorder
  readonly clock: Clock
  readonly log: Logger
}

/** Says in the objects that have a status that they are in force on this node. */
export interface PolicyStatus {
  /** What the caches hold is in force. Errors are logged and tried again the next time. */
  tell(): void
}

export const APPLIED = 'EgressFirewall Rules applied'
const NOT_APPLIED = 'EgressFirewall Rules not correctly applied'
/** A condition of policies that another one of their tier shares its priority with. */
export const UNIQUE_PRIORITY = 'UniquePriority'
/** An event of EgressNetworkPolicies that do not decide alone what leaves their namespace. */
export const LEGACY_CONFLICT = 'EgressNetworkPolicyConflict'

/** Before a node's name, in conditions that say that the node enforces the policy. */
const ZONE = 'Ready-In-Zone-'

type Governing = AdminNetworkPolicy | ClusterNetworkPolicy | BaselineAdminNetworkPolicy
type Told = Governing | EgressFirewall
type Kind<T extends Told> = Informer<T>['kind']

/** Informers are made here; the caller syncs them. */
export function createPolicyStatus(deps: StatusDeps, node: string, areNamesKnown = (): boolean => false): PolicyStatus {
  const admin = deps.informers.of(AdminNetworkPolicy)
  const cluster = deps.informers.of(ClusterNetworkPolicy)
  const baseline = deps.informers.of(BaselineAdminNetworkPolicy)
  const firewalls = deps.informers.of(EgressFirewall)
  const legacy = deps.informers.of(EgressNetworkPolicy, { optional: true })
  const nodes = deps.informers.of(Node)
  const write = createWriter(deps)
  const manager = `policy-${node}`
  const warned = new Map<string, string>()
  const now = (): string => rfc3339(deps.clock.now())
  /** What is to be told once is told by one of the nodes: whether by this one, each time that something is told. */
  let isFirst = false
  /** What nodes said that are no more, one of the others takes back. */
  const takeBack = <T extends Told>(kind: Kind<T>, object: T, said: readonly string[], nothing: object): void => {
    if (!isFirst || !nodes.get({ name: node })) return
    for (const gone of said.filter(name => !nodes.get({ name }))) write(kind, object, `policy-${gone}`, nothing)
  }
  const tellInForce = <T extends Governing>(kind: Kind<T>, objects: readonly T[]): void => {
    for (const object of objects) {
      const conditions = inForce(object, node, now())
      if (conditions) write(kind, object, manager, { conditions })
      takeBack(kind, object, zonesOf(object), { conditions: [] })
    }
  }
  const warn = (object: KubeObject, reason: string, message: string): void => {
    const about = `${object.metadata.uid} ${reason}`
    if (!isFirst || warned.get(about) === message) return
    warned.set(about, message)
    deps.events?.record(object, 'Warning', reason, message)
  }
  const tellConflicts = (): void => {
    for (const { metadata, ...object } of legacy.list()) {
      const { namespace = '' } = metadata
      const unread = unreadRules(object.spec?.egress ?? [])
      if (unread.length > 0) warn({ ...object, metadata }, 'PolicyUnreadable', unread.slice(0, MOST_UNREAD).join('; '))
      const count = legacy.list(namespace).length
      const isCovered = firewalls.list(namespace).length > 0
      if (!isCovered && count === 1) continue
      const message = isCovered
        ? 'The namespace has an EgressFirewall: this counts for nothing'
        : `The namespace has ${count} EgressNetworkPolicies: nothing may leave it`
      warn({ ...object, metadata }, LEGACY_CONFLICT, message)
    }
  }
  /** Whoever finds it unsaid says it; one of the nodes also makes an event of it. */
  const tellPriorities = <T extends AdminNetworkPolicy | ClusterNetworkPolicy>(
    kind: Kind<T>,
    objects: readonly T[],
    equals: ReadonlyMap<string, readonly string[]>,
  ): void => {
    for (const object of objects) {
      const others = equals.get(`${kind.kind.toLowerCase()} ${object.metadata.name}`)
      const known = object.status?.conditions?.find(({ type }) => type === UNIQUE_PRIORITY)
      const message = others && equalText(object.spec.priority ?? 0, others)
      if (known?.message === message) continue
      write(kind, object, 'policy-priority', { conditions: message ? [notUnique(object, message, now())] : [] })
      if (message) warn(object, `${kind.shortNames?.[0]?.toUpperCase()}WithDuplicatePriority`, message)
    }
  }
  return {
    tell() {
      isFirst = nodes.list().every(({ metadata }) => node <= metadata.name)
      const [admins, clusters] = [readable(admin.list()), readable(cluster.list())]
      tellInForce(AdminNetworkPolicy, admins)
      tellInForce(ClusterNetworkPolicy, clusters)
      tellInForce(BaselineAdminNetworkPolicy, readable(baseline.list()))
      const equals = equalPriorities(admins, clusters)
      tellPriorities(AdminNetworkPolicy, admins, equals)
      tellPriorities(ClusterNetworkPolicy, clusters, equals)
      tellConflicts()
      for (const object of readable(firewalls.list()).filter(({ spec }) => Array.isArray(spec.egress))) {
        const message = firewallMessage(object, areNamesKnown())
        const mine = `${node}: ${message}`
        const known = object.status?.messages ?? []
        if (!known.includes(mine)) write(EgressFirewall, object, manager, { messages: [mine] })
        const zones = known.map(message => message.slice(0, message.indexOf(': ')))
        takeBack(EgressFirewall, object, zones, { messages: [] })
        const sum = message.startsWith(NOT_APPLIED) ? NOT_APPLIED : message
        const saysEach = () => nodes.list().every(({ metadata }) => known.includes(`${metadata.name}: ${message}`))
        if (object.status?.status !== sum && saysEach()) write(EgressFirewall, object, 'policy', { status: sum })
      }
    },
  }
}

const zonesOf = ({ status }: Governing): readonly string[] =>
  (status?.conditions ?? []).flatMap(({ type }) => (type.startsWith(ZONE) ? [type.slice(ZONE.length)] : []))

/** What another API may hold and its own types deny: such an object is not in force. */
const readable = <T extends Told>(objects: readonly T[]): readonly T[] =>
  objects.filter(({ spec }: { readonly spec?: object }) => spec !== undefined)

const MOST_TIMES = 3
/** Of rules that cannot be read so many are told. */
const MOST_UNREAD = 5
const MOST_REMEMBERED = 10_000

type Write = <T extends Told>(kind: Kind<T>, object: T, manager: string, status: object) => void

/** Nothing is written twice before the cache shows it; what cannot be written is written the next time. */
function createWriter({ client, progress, log }: StatusDeps): Write {
  const worker = progress.worker('policy status')
  /** What was written, how often, and the version from which on the cache shows it. */
  const told = new Map<string, { readonly text: string; readonly times: number; readonly version: number }>()
  let writing = 0
  const send = async <T extends Told>(
    kind: Kind<T>,
    object: T,
    fieldManager: string,
    status: object,
  ): Promise<void> => {
    const { name, namespace, uid } = object.metadata
    const id = `${uid} ${fieldManager}`
    const text = JSON.stringify(status)
    const before = told.get(id)
    const times = before?.text === text ? before.times + 1 : 1
    if (before && times > 1 && Number(object.metadata.resourceVersion) < before.version) return
    // Somebody takes it away again and again: he has the last word.
    if (times > MOST_TIMES) return
    // Of objects that are long gone; others are written once more at most.
    if (told.size > MOST_REMEMBERED) told.clear()
    told.set(id, { text, times, version: Number.POSITIVE_INFINITY })
    worker.busy(++writing > 0)
    const apiVersion = `${kind.group}/${kind.version}`
    const body = { apiVersion, kind: kind.kind, metadata: { name, namespace }, status }
    const key: ObjectKey = namespace === undefined ? { name } : { namespace, name }
    try {
      const { metadata } = await client.patch(kind, key, { type: 'apply', body, fieldManager, force: true }, 'status')
      told.set(id, { text, times, version: Number(metadata.resourceVersion) })
    } catch (error) {
      told.delete(id)
      if (!isNotFound(error)) log.warn({ kind: kind.kind, name, error: messageOf(error) }, 'a status cannot be written')
    } finally {
      worker.busy(--writing > 0)
    }
  }
  return (kind, object, manager, status) => void send(kind, object, manager, status)
}

/** Undefined where the object says so already. */
function inForce(object: Governing, node: string, now: string): readonly object[] | undefined {
  const type = `${ZONE}${node}`
  const { generation } = object.metadata
  const known = object.status?.conditions?.find(one => one.type === type)
  if (known?.observedGeneration === generation) return undefined
  const lastTransitionTime = known?.lastTransitionTime ?? now
  const message = 'The policy is enforced on the node'
  const seen = generation === undefined ? {} : { observedGeneration: generation }
  return [{ type, status: 'True', reason: 'SetupSucceeded', message, lastTransitionTime, ...seen }]
}

const equalText = (priority: number, others: readonly string[]): string =>
  `priority ${priority} is also that of ${others.join(', ')}: their names decide which is asked first`

function notUnique(
  { metadata: { generation }, status }: AdminNetworkPolicy | ClusterNetworkPolicy,
  message: string,
  now: string,
): object {
  const known = status?.conditions?.find(({ type }) => type === UNIQUE_PRIORITY)
  const seen = generation === undefined ? {} : { observedGeneration: generation }
  const lastTransitionTime = known?.lastTransitionTime ?? now
  return { type: UNIQUE_PRIORITY, status: 'False', reason: 'DuplicatePriority', message, lastTransitionTime, ...seen }
}

/** Whoever relies on names must see that no DNS server tells what they lead to; and rules that mean nobody. */
function firewallMessage({ spec }: EgressFirewall, areNamesKnown: boolean): string {
  const unread = unreadRules(spec.egress)
  if (unread.length > 0) return `${NOT_APPLIED}: ${unread.slice(0, MOST_UNREAD).join('; ')}`
  const names = areNamesKnown ? 0 : spec.egress.filter(({ to }) => to.dnsName !== undefined).length
  return `${APPLIED}${names > 0 ? `, but ${names} with dnsName, which match nothing: no DNS server is there` : ''}`
}

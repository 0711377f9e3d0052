import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import { Node } from '../../../api/core/node.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import type { Client, Informers, ObjectKey, Patch } from '../../../client/mod.ts'
import { isNotFound } from '../../../client/mod.ts'
import type { ProgressCollector } from '../../../client/progress.ts'
import type { Clock } from '../../../lib/clock.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/log.ts'

export interface StatusDeps {
  readonly client: Client
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly clock: Clock
  readonly log: Logger
}

/** Says in the objects that have a status that they are in force on this node. */
export interface PolicyStatus {
  /** What the caches hold is in force. Errors are logged and tried again the next time. */
  tell(): void
}

export const APPLIED = 'EgressFirewall Rules applied'

/** Informers are made here; the caller syncs them. */
export function createPolicyStatus(deps: StatusDeps, node: string, areNamesKnown = (): boolean => false): PolicyStatus {
  const admin = deps.informers.of(AdminNetworkPolicy)
  const baseline = deps.informers.of(BaselineAdminNetworkPolicy)
  const firewalls = deps.informers.of(EgressFirewall)
  const nodes = deps.informers.of(Node)
  const worker = deps.progress.worker('policy status')
  const told = new Map<string, string>()
  let writing = 0
  const write = async (target: Target, manager: string, status: object): Promise<void> => {
    const { kind, object, patch } = target
    const { name, namespace, uid } = object.metadata
    const id = `${uid} ${manager}`
    const text = JSON.stringify(status)
    if (told.get(id) === text) return
    told.set(id, text)
    worker.busy(++writing > 0)
    const body = { apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, metadata: { name, namespace }, status }
    try {
      await patch({ type: 'apply', body, fieldManager: manager, force: true })
    } catch (error) {
      told.delete(id)
      if (!isNotFound(error))
        deps.log.warn({ kind: kind.kind, name, error: messageOf(error) }, 'a status cannot be written')
    } finally {
      worker.busy(--writing > 0)
    }
  }
  const adminTarget = (object: AdminNetworkPolicy): Target => ({
    kind: AdminNetworkPolicy,
    object,
    patch: patch => deps.client.patch(AdminNetworkPolicy, keyOf(object), patch, 'status'),
  })
  const baselineTarget = (object: BaselineAdminNetworkPolicy): Target => ({
    kind: BaselineAdminNetworkPolicy,
    object,
    patch: patch => deps.client.patch(BaselineAdminNetworkPolicy, keyOf(object), patch, 'status'),
  })
  const firewallTarget = (object: EgressFirewall): Target => ({
    kind: EgressFirewall,
    object,
    patch: patch => deps.client.patch(EgressFirewall, keyOf(object), patch, 'status'),
  })
  const condition = (object: AdminNetworkPolicy | BaselineAdminNetworkPolicy): object | undefined => {
    const type = `Ready-In-Zone-${node}`
    const { generation } = object.metadata
    const known = object.status?.conditions?.find(one => one.type === type)
    if (known?.observedGeneration === generation) return undefined
    const lastTransitionTime = known?.lastTransitionTime ?? timeText(deps.clock.now())
    const message = 'The policy is enforced on the node'
    const seen = generation === undefined ? {} : { observedGeneration: generation }
    return { conditions: [{ type, status: 'True', reason: 'SetupSucceeded', message, lastTransitionTime, ...seen }] }
  }
  return {
    tell() {
      const manager = `policy-${node}`
      for (const object of admin.list()) {
        const status = condition(object)
        if (status) void write(adminTarget(object), manager, status)
      }
      for (const object of baseline.list()) {
        const status = condition(object)
        if (status) void write(baselineTarget(object), manager, status)
      }
      for (const object of firewalls.list()) {
        const mine = firewallMessage(object, node, areNamesKnown())
        const known = object.status?.messages ?? []
        if (!known.includes(mine)) void write(firewallTarget(object), manager, { messages: [mine] })
        const areAll = nodes.list().every(({ metadata }) => known.includes(firewallMessage(object, metadata.name, areNamesKnown())))
        const sum = firewallMessage(object, '', areNamesKnown()).slice(2)
        if (areAll && object.status?.status !== sum) void write(firewallTarget(object), 'policy', { status: sum })
      }
    },
  }
}

/** An object whose status is written. */
interface Target {
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly object: AdminNetworkPolicy | BaselineAdminNetworkPolicy | EgressFirewall
  patch(patch: Patch): Promise<unknown>
}

const keyOf = ({ metadata: { namespace, name } }: Target['object']): ObjectKey =>
  namespace === undefined ? { name } : { namespace, name }

const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

/** Whoever relies on names must see that no DNS server tells what they lead to. */
function firewallMessage({ spec }: EgressFirewall, node: string, areNamesKnown: boolean): string {
  const names = areNamesKnown ? 0 : spec.egress.filter(({ to }) => to.dnsName !== undefined).length
  return `${node}: ${APPLIED}${names > 0 ? `, but ${names} with dnsName, which match nothing: no DNS server is there` : ''}`
}

import { Lease } from '../../api/coordination/lease.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { isConflict, isNotFound } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { decide, lostStatus, type Plan } from './decide.ts'

export interface NodeLifecycleOptions {
  /** A node that renewed neither its lease nor its status for so long is lost. Upstream: 40 s. */
  readonly graceMs?: number
}

const LEASES = 'kube-node-lease'

/** Says when nodes are lost, and keeps pods away from those that cannot run them. */
export async function startNodeLifecycle(
  deps: ControllerDeps,
  options: NodeLifecycleOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('node-controller')
  const graceMs = options.graceMs ?? 40_000
  const nodes = informers.of(Node)
  const leases = informers.of(Lease, { namespace: LEASES })
  const pods = informers.of(Pod, { indexes: { node: byNode } })
  /** When each node was last heard, by our own clock: those of the nodes may differ. */
  const heardMs = new Map<string, number>()

  const markLost = async (node: Node): Promise<void> => {
    const running = pods.by('node', node.metadata.name)
    await Promise.all(
      running.map(async pod => {
        const status = lostStatus(pod, clock.now())
        if (!status) return
        events.record(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
        await client.updateStatus(Pod, { ...pod, status }).catch(error => {
          if (!isNotFound(error) && !isConflict(error)) throw error
        })
      }),
    )
  }
  const apply = async (node: Node, plan: Plan): Promise<void> => {
    const { name } = node.metadata
    let current = node
    if (plan.conditions) {
      current = await client.updateStatus(Node, {
        ...current,
        status: { ...current.status, conditions: plan.conditions },
      })
      if (plan.isLost) events.record(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
    }
    if (plan.taints) await client.update(Node, { ...current, spec: { ...current.spec, taints: plan.taints } })
    if (plan.isLost) await markLost(current)
  }
  const hear = (name: string): void => void heardMs.set(name, clock.monotonic())
  leases.onChange(({ type, object }) => {
    if (type !== 'deleted') hear(object.metadata.name)
  })
  nodes.onChange(({ type, object, old }) => {
    if (type === 'deleted') heardMs.delete(object.metadata.name)
    else if (heartbeatOf(object) !== (old && heartbeatOf(old))) hear(object.metadata.name)
  })
  return startKeyed(
    deps,
    {
      name: 'node-lifecycle',
      triggers: [trigger(nodes, ({ metadata }) => [metadata.name])],
      async handle(name, queue) {
        const node = nodes.get({ name })
        if (!node || node.metadata.deletionTimestamp) return
        // A node that was there before us is given the whole time.
        if (!heardMs.has(name)) hear(name)
        const restMs = heardMs.get(name)! + graceMs - clock.monotonic()
        await apply(node, decide(node, restMs <= 0, clock.now()))
        if (restMs > 0) queue.addAfter(name, restMs)
      },
    },
    signal,
  )
}

const byNode = ({ spec }: Pod): readonly string[] => (spec.nodeName ? [spec.nodeName] : [])

/** Changes when the node's own agent writes its status, and not when this controller does. */
const heartbeatOf = ({ status }: Node): string =>
  (status?.conditions ?? []).map(({ type, lastHeartbeatTime }) => `${type}=${lastHeartbeatTime}`).join()

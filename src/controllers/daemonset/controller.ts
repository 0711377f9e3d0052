import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Informer, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf, controllerReference } from '../../client/owner.ts'
import type { Queue } from '../../client/queue.ts'
import { messageOf } from '../../lib/errors.ts'
import { claimPods, orphanPods, settleClaims } from '../shared/claim.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { keepHistory, revisionsOf, truncateHistory } from '../shared/history.ts'
import { metadataFromTemplate } from '../shared/pods.ts'
import { sameValue } from '../shared/values.ts'
import { decide, HASH_LABEL, type Plan, specFor } from './decide.ts'

interface Context extends ControllerDeps {
  readonly recorder: EventRecorder
  readonly sets: Informer<DaemonSet>
  readonly nodes: Informer<Node>
  readonly pods: Informer<Pod>
  readonly revisions: ReturnType<typeof revisionsOf>
}

/** Keeps one pod of every DaemonSet on each node that suits it. */
export function startDaemonSet(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { informers } = deps
  const context: Context = {
    ...deps,
    recorder: deps.events('daemonset-controller'),
    sets: informers.of(DaemonSet),
    nodes: informers.of(Node),
    pods: informers.of(Pod, { indexes: { controller: byController, orphans: orphanPods } }),
    revisions: revisionsOf(informers),
  }
  const { sets, pods, nodes } = context
  return startKeyed(
    deps,
    {
      name: 'daemonset',
      triggers: [
        trigger(sets, set => [keyOf(set)]),
        trigger(pods, pod => concerned(context, pod)),
        trigger(nodes, () => sets.list().map(keyOf)),
      ],
      handle: (key, queue) => handle(context, key, queue),
    },
    signal,
  )
}

/** The set that owns the pod; where none does, those that would. */
function concerned({ sets }: Context, pod: Pod): readonly string[] {
  const { namespace = '', labels } = pod.metadata
  const owner = controllerOf(pod)
  if (owner) return owner.kind === 'DaemonSet' ? [`${namespace}/${owner.name}`] : []
  return sets
    .list(namespace)
    .filter(set => matchesSelector(set.spec.selector, labels))
    .map(keyOf)
}

function claimsOf({ pods }: Context, set: DaemonSet) {
  const candidates = [...pods.by('controller', set.metadata.uid), ...pods.by('orphans', set.metadata.namespace!)]
  return claimPods(set, set.spec.selector, candidates)
}

async function handle(context: Context, key: string, queue: Queue): Promise<void> {
  const { client, nodes, clock } = context
  const set = context.sets.get(splitKey(key))
  if (!set) return
  await settleClaims(client, DaemonSet, set, claimsOf(context, set))
  const history = await keepHistory(client, context.revisions, DaemonSet, set, HASH_LABEL)
  const hash = history.update.metadata.labels?.[HASH_LABEL] ?? ''
  const plan = (): Plan => decide(set, nodes.list(), claimsOf(context, set).owned, clock.now(), hash)
  const first = plan()
  const results = await Promise.allSettled([
    ...first.create.map(node => create(context, set, node, hash)),
    ...first.remove.map(pod => remove(context, set, pod)),
  ])
  const { status: observed, recheckMs } = plan()
  const status = { ...observed, ...(history.collisionCount > 0 ? { collisionCount: history.collisionCount } : {}) }
  if (!sameValue(status, set.status)) await client.updateStatus(DaemonSet, { ...set, status })
  if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
  const failed = results.find(result => result.status === 'rejected')
  if (failed) throw failed.reason
  const live = new Set(claimsOf(context, set).owned.map(pod => pod.metadata.labels?.[HASH_LABEL]))
  const isLive: Parameters<typeof truncateHistory>[3] = one =>
    one === history.update || live.has(one.metadata.labels?.[HASH_LABEL])
  await truncateHistory(client, set, history, isLive)
}

async function create({ client, recorder }: Context, set: DaemonSet, node: string, hash: string): Promise<void> {
  const { template } = set.spec
  const metadata = {
    ...metadataFromTemplate(template.metadata),
    labels: { ...template.metadata?.labels, [HASH_LABEL]: hash },
    namespace: set.metadata.namespace!,
    generateName: `${set.metadata.name}-`,
    ownerReferences: [controllerReference(DaemonSet, set)],
  }
  try {
    const made = await client.create(Pod, { metadata, spec: specFor(template.spec!, node) })
    recorder.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
  } catch (error) {
    recorder.record(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
    throw error
  }
}

async function remove({ client, recorder }: Context, set: DaemonSet, pod: Pod): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  try {
    await client.delete(Pod, { namespace: namespace!, name }, { preconditions: { uid } })
    recorder.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

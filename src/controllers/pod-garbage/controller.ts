import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { isNotFound } from '../../client/mod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { DEFAULTS, decide, type GarbageOptions } from './decide.ts'

/** There is one thing to look at: all pods. */
const ALL = 'pods'

/** Removes pods that no node will ever end, and the oldest of very many that have ended. */
export function startPodGarbage(
  deps: ControllerDeps,
  options: Partial<GarbageOptions>,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const limits = { ...DEFAULTS, ...options }
  const nodes = informers.of(Node)
  const pods = informers.of(Pod)
  const missingSinceMs = new Map<string, number>()

  const remove = async (pod: Pod, isOrphan: boolean): Promise<void> => {
    const { namespace, name, uid } = pod.metadata
    const key = { namespace: namespace!, name }
    try {
      if (isOrphan && !isPodTerminal(pod)) await fail(pod)
      await client.delete(Pod, key, { gracePeriodSeconds: 0, preconditions: { uid } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  /** So that a Job counts it, and others see why it went. */
  const fail = async ({ metadata, status }: Pod): Promise<void> => {
    const conditions = withCondition(status?.conditions, {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      lastTransitionTime: rfc3339(clock.now()),
    })
    const body = { metadata: { uid: metadata.uid }, status: { phase: 'Failed', conditions } }
    await client.patch(Pod, { namespace: metadata.namespace!, name: metadata.name }, { type: 'merge', body }, 'status')
  }
  const isTroubled = (pod: Pod): boolean =>
    pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod) || !nodes.get({ name: pod.spec.nodeName ?? '' })
  return startKeyed(
    deps,
    {
      name: 'pod-garbage',
      triggers: [
        trigger(
          nodes,
          () => [ALL],
          (node, old) => JSON.stringify(node.spec.taints) !== JSON.stringify(old.spec.taints),
        ),
        trigger(pods, pod => (isTroubled(pod) ? [ALL] : [])),
      ],
      async handle(_, queue) {
        const known = new Map(nodes.list().map(node => [node.metadata.name, node]))
        const nowMs = clock.now()
        for (const name of missingSinceMs.keys()) if (known.has(name)) missingSinceMs.delete(name)
        for (const { spec } of pods.list())
          if (spec.nodeName && !known.has(spec.nodeName) && !missingSinceMs.has(spec.nodeName))
            missingSinceMs.set(spec.nodeName, nowMs)
        const plan = decide(pods.list(), known, missingSinceMs, limits, nowMs)
        if (plan.recheckMs !== undefined) queue.addAfter(ALL, plan.recheckMs)
        const results = await Promise.allSettled(plan.remove.map(one => remove(one.pod, one.isOrphan)))
        const failed = results.find(result => result.status === 'rejected')
        if (failed) throw failed.reason
      },
    },
    signal,
  )
}

import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { isNotFound } from '../../client/mod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { driving, msUntilEviction } from './decide.ts'

/** Deletes pods that do not tolerate a NoExecute taint of their node, each when its toleration ends. */
export function startTaintEviction(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('taint-eviction-controller')
  const nodes = informers.of(Node)
  const pods = informers.of(Pod, { indexes: { node: byNode } })

  const evict = async (pod: Pod): Promise<void> => {
    const { namespace, name, uid } = pod.metadata
    const key = { namespace: namespace!, name }
    events.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`)
    const conditions = withCondition(pod.status?.conditions, {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: rfc3339(clock.now()),
    })
    try {
      await client.patch(Pod, key, { type: 'merge', body: { metadata: { uid }, status: { conditions } } }, 'status')
      await client.delete(Pod, key, { preconditions: { uid } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return startKeyed(
    deps,
    {
      name: 'taint-eviction',
      triggers: [
        trigger(
          nodes,
          ({ metadata }) => pods.by('node', metadata.name).map(keyOf),
          (node, old) => !sameValue(driving(node), driving(old)),
        ),
        trigger(
          pods,
          pod => (pod.spec.nodeName ? [keyOf(pod)] : []),
          (pod, old) =>
            pod.spec.nodeName !== old.spec.nodeName || !sameValue(pod.spec.tolerations, old.spec.tolerations),
        ),
      ],
      async handle(key, queue) {
        const pod = pods.get(splitKey(key))
        const restMs = pod && msUntilEviction(pod, nodes.get({ name: pod.spec.nodeName ?? '' }), clock.now())
        if (restMs === undefined) return
        if (restMs > 0) queue.addAfter(key, restMs)
        else await evict(pod!)
      },
    },
    signal,
  )
}

const byNode = ({ spec }: Pod): readonly string[] => (spec.nodeName ? [spec.nodeName] : [])

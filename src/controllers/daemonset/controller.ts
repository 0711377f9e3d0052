import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { isNotFound } from '../../client/mod.ts'
import { byController, controllerOf, controllerReference } from '../../client/owner.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { metadataFromTemplate } from '../shared/pods.ts'
import { sameValue } from '../shared/values.ts'
import { decide, HASH_LABEL, specFor, templateHash } from './decide.ts'

/** Keeps one pod of every DaemonSet on each node that suits it. */
export function startDaemonSet(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('daemonset-controller')
  const sets = informers.of(DaemonSet)
  const nodes = informers.of(Node)
  const pods = informers.of(Pod, { indexes: { controller: byController } })

  const ownerKey = (pod: Pod): string[] => {
    const owner = controllerOf(pod)
    return owner?.kind === 'DaemonSet' ? [`${pod.metadata.namespace}/${owner.name}`] : []
  }
  const create = async (set: DaemonSet, node: string): Promise<void> => {
    const { template } = set.spec
    const metadata = {
      ...metadataFromTemplate(template.metadata),
      labels: { ...template.metadata?.labels, [HASH_LABEL]: templateHash(set) },
      namespace: set.metadata.namespace!,
      generateName: `${set.metadata.name}-`,
      ownerReferences: [controllerReference(DaemonSet, set)],
    }
    try {
      const made = await client.create(Pod, { metadata, spec: specFor(template.spec!, node) })
      events.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
    } catch (error) {
      events.record(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
      throw error
    }
  }
  const remove = async (set: DaemonSet, pod: Pod): Promise<void> => {
    const { namespace, name, uid } = pod.metadata
    try {
      await client.delete(Pod, { namespace: namespace!, name }, { preconditions: { uid } })
      events.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  return startKeyed(
    deps,
    {
      name: 'daemonset',
      triggers: [
        trigger(sets, set => [keyOf(set)]),
        trigger(pods, ownerKey),
        trigger(nodes, () => sets.list().map(keyOf)),
      ],
      async handle(key, queue) {
        const set = sets.get(splitKey(key))
        if (!set) return
        const plan = (): ReturnType<typeof decide> =>
          decide(set, nodes.list(), pods.by('controller', set.metadata.uid), clock.now())
        const first = plan()
        const results = await Promise.allSettled([
          ...first.create.map(node => create(set, node)),
          ...first.remove.map(pod => remove(set, pod)),
        ])
        const { status, recheckMs } = plan()
        if (!sameValue(status, set.status)) await client.updateStatus(DaemonSet, { ...set, status })
        if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
        const failed = results.find(result => result.status === 'rejected')
        if (failed) throw failed.reason
      },
    },
    signal,
  )
}

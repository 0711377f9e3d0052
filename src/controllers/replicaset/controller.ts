import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import { isNotFound } from '../../client/mod.ts'
import { byController, controllerOf, controllerReference } from '../../client/owner.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { metadataFromTemplate } from '../shared/pods.ts'
import { sameValue } from '../shared/values.ts'
import { claim, type Failure, observe, scale } from './decide.ts'

/** Keeps the number of pods of every ReplicaSet. */
export function startReplicaSet(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('replicaset-controller')
  const sets = informers.of(ReplicaSet, { indexes: { controller: byController } })
  const pods = informers.of(Pod, { indexes: { controller: byController, orphans } })

  /** The set that owns the pod; where none does, those that would. */
  const concerned = (pod: Pod): string[] => {
    const { namespace = '' } = pod.metadata
    const owner = controllerOf(pod)
    if (owner) return owner.kind === 'ReplicaSet' ? [`${namespace}/${owner.name}`] : []
    return sets
      .list(namespace)
      .filter(set => matchesSelector(set.spec.selector, pod.metadata.labels))
      .map(keyOf)
  }
  const podsOf = (set: ReplicaSet): readonly Pod[] => pods.by('controller', set.metadata.uid)
  const siblings = (set: ReplicaSet): readonly Pod[] => {
    const owner = controllerOf(set)
    return owner ? sets.by('controller', owner.uid).flatMap(podsOf) : []
  }
  const create = async (set: ReplicaSet): Promise<void> => {
    const template = set.spec.template
    const metadata = {
      ...metadataFromTemplate(template?.metadata),
      namespace: set.metadata.namespace!,
      generateName: `${set.metadata.name}-`,
      ownerReferences: [controllerReference(ReplicaSet, set)],
    }
    try {
      const made = await client.create(Pod, { metadata, spec: template!.spec! })
      events.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
    } catch (error) {
      events.record(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
      throw error
    }
  }
  const remove = async (set: ReplicaSet, pod: Pod): Promise<void> => {
    const { namespace, name, uid } = pod.metadata
    try {
      await client.delete(Pod, { namespace: namespace!, name }, { preconditions: { uid } })
      events.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
    } catch (error) {
      if (isNotFound(error)) return
      events.record(set, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`)
      throw error
    }
  }
  const own = async (set: ReplicaSet): Promise<void> => {
    const { adopt, release } = claim(set, [...podsOf(set), ...pods.by('orphans', set.metadata.namespace!)])
    const change = (pod: Pod, references: unknown): Promise<unknown> => {
      const { namespace, name, uid } = pod.metadata
      const body = { metadata: { uid, ownerReferences: references } }
      return client.patch(Pod, { namespace: namespace!, name }, { type: 'merge', body }).catch(ignoreNotFound)
    }
    const others = (pod: Pod) => (pod.metadata.ownerReferences ?? []).filter(owner => owner.uid !== set.metadata.uid)
    await Promise.all([
      ...adopt.map(pod => change(pod, [...others(pod), controllerReference(ReplicaSet, set)])),
      ...release.map(pod => change(pod, others(pod).length > 0 ? others(pod) : null)),
    ])
  }
  const sync = async (set: ReplicaSet): Promise<Failure | undefined> => {
    const { create: missing, remove: surplus } = scale(set, claim(set, podsOf(set)).owned, siblings(set))
    try {
      await inGrowingBatches(missing, () => create(set))
    } catch (error) {
      return { reason: 'FailedCreate', message: messageOf(error) }
    }
    const results = await Promise.allSettled(surplus.map(pod => remove(set, pod)))
    const failed = results.find(result => result.status === 'rejected')
    return failed && { reason: 'FailedDelete', message: messageOf(failed.reason) }
  }

  return startKeyed(
    deps,
    {
      name: 'replicaset',
      triggers: [trigger(sets, set => [keyOf(set)]), trigger(pods, concerned)],
      async handle(key, queue) {
        const set = sets.get(splitKey(key))
        if (!set) return
        await own(set)
        const failure = await sync(set)
        const { status, recheckMs } = observe(set, claim(set, podsOf(set)).owned, failure, clock.now())
        if (!sameValue(status, set.status))
          await client.updateStatus(ReplicaSet, { ...set, status }).catch(ignoreNotFound)
        if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
        if (failure) throw new Error(failure.message)
      },
    },
    signal,
  )
}

const orphans = (pod: Pod): readonly string[] => (controllerOf(pod) ? [] : [pod.metadata.namespace ?? ''])

const ignoreNotFound = (error: unknown): void => {
  if (!isNotFound(error)) throw error
}

/** 1, 2, 4 ... at a time: where none can succeed, one refusal is enough to know. */
async function inGrowingBatches(total: number, run: () => Promise<void>): Promise<void> {
  for (let done = 0, size = 1; done < total; size *= 2) {
    const batch = Math.min(size, total - done)
    await Promise.all(Array.from({ length: batch }, run))
    done += batch
  }
}

import { Deployment } from '../../api/apps/deployment.ts'
import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import { isAlreadyExists, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf, controllerReference } from '../../client/owner.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { sameValue } from '../shared/values.ts'
import { decide, type Plan, REVISION, type SetChange, scalingMessage } from './decide.ts'
import { replicasOf, sortSets } from './revision.ts'
import { statusOf } from './status.ts'

/** Rolls Deployments out through ReplicaSets. */
export function startDeployment(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('deployment-controller')
  const deployments = informers.of(Deployment)
  const sets = informers.of(ReplicaSet, { indexes: { controller: byController } })
  const pods = informers.of(Pod, { indexes: { controller: byController } })

  const concerned = (set: ReplicaSet): string[] => {
    const { namespace = '', labels } = set.metadata
    const owner = controllerOf(set)
    if (owner) return owner.kind === 'Deployment' ? [`${namespace}/${owner.name}`] : []
    return deployments
      .list(namespace)
      .filter(one => matchesSelector(one.spec.selector, labels))
      .map(keyOf)
  }
  /** Only Recreate waits for pods; others learn of them through the sets' status. */
  const waitingFor = (pod: Pod): string[] => {
    const owner = controllerOf(pod)
    if (owner?.kind !== 'ReplicaSet') return []
    const set = sets.get({ namespace: pod.metadata.namespace ?? '', name: owner.name })
    const found = set && concerned(set).map(key => deployments.get(splitKey(key)))
    return (found ?? []).filter(one => one?.spec.strategy?.type === 'Recreate').map(one => keyOf(one!))
  }
  const adopt = async (deployment: Deployment): Promise<void> => {
    const { namespace } = deployment.metadata
    const orphans = sets.list(namespace).filter(set => !controllerOf(set) && !set.metadata.deletionTimestamp)
    const wanted = orphans.filter(set => matchesSelector(deployment.spec.selector, set.metadata.labels))
    for (const { metadata } of wanted) {
      const ownerReferences = [...(metadata.ownerReferences ?? []), controllerReference(Deployment, deployment)]
      const body = { metadata: { uid: metadata.uid, ownerReferences } }
      await client.patch(ReplicaSet, { namespace: namespace!, name: metadata.name }, { type: 'merge', body })
    }
  }
  const write = async (deployment: Deployment, { set, replicas, annotations }: SetChange): Promise<void> => {
    const before = replicasOf(set)
    await client.update(ReplicaSet, {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    })
    if (before !== replicas)
      events.record(deployment, 'Normal', 'ScalingReplicaSet', scalingMessage(set.metadata.name, before, replicas))
  }
  /** The name of a set that was created. A taken name makes the next round's hash another. */
  const create = async (deployment: Deployment, draft: NonNullable<Plan['create']>): Promise<string> => {
    try {
      const made = await client.create(ReplicaSet, draft)
      const size = replicasOf(made)
      if (size > 0)
        events.record(deployment, 'Normal', 'ScalingReplicaSet', scalingMessage(made.metadata.name, 0, size))
      return made.metadata.name
    } catch (error) {
      if (isAlreadyExists(error)) {
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
        await client.updateStatus(Deployment, { ...deployment, status: { ...deployment.status, collisionCount } })
      } else
        events.record(
          deployment,
          'Warning',
          'ReplicaSetCreateError',
          `Failed to create new replica set: ${messageOf(error)}`,
        )
      throw error
    }
  }
  const apply = async (deployment: Deployment, plan: Plan): Promise<string | undefined> => {
    const created = plan.create && (await create(deployment, plan.create))
    for (const change of plan.update) await write(deployment, change)
    for (const { metadata } of plan.remove)
      await client
        .delete(
          ReplicaSet,
          { namespace: metadata.namespace!, name: metadata.name },
          { preconditions: { uid: metadata.uid } },
        )
        .catch(error => {
          if (!isNotFound(error)) throw error
        })
    return created
  }
  const annotate = async (deployment: Deployment, revision: string | undefined): Promise<Deployment> => {
    if (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision) return deployment
    const { namespace, name } = deployment.metadata
    const body = { metadata: { annotations: { [REVISION]: revision } } }
    return client.patch(Deployment, { namespace: namespace!, name }, { type: 'merge', body })
  }

  return startKeyed(
    deps,
    {
      name: 'deployment',
      triggers: [trigger(deployments, one => [keyOf(one)]), trigger(sets, concerned), trigger(pods, waitingFor)],
      async handle(key, queue) {
        const found = deployments.get(splitKey(key))
        if (!found) return
        await adopt(found)
        const owned = () => sets.by('controller', found.metadata.uid)
        const { current } = sortSets(found, owned())
        const running = owned()
          .filter(set => set.metadata.uid !== current?.metadata.uid)
          .flatMap(set => pods.by('controller', set.metadata.uid))
          .filter(pod => !isPodTerminal(pod))
        const plan = decide(found, owned(), running.length)
        const deployment = await annotate(found, plan.revision)
        let failure: unknown
        const created = await apply(deployment, plan).catch(error => {
          failure = error
          return undefined
        })
        const { status, recheckMs } = statusOf({
          deployment,
          sets: sortSets(deployment, owned()),
          created,
          failure: failure === undefined || isAlreadyExists(failure) ? undefined : messageOf(failure),
          nowMs: clock.now(),
        })
        if (!isAlreadyExists(failure) && !sameValue(status, deployment.status))
          await client.updateStatus(Deployment, { ...deployment, status })
        if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
        if (failure !== undefined) throw failure
      },
    },
    signal,
  )
}

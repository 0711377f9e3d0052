import { Deployment } from '../../api/apps/deployment.ts'
import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Informer, isAlreadyExists, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf, controllerReference } from '../../client/owner.ts'
import type { Queue } from '../../client/queue.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { sameValue } from '../shared/values.ts'
import { decide, type Plan, type SetChange, scalingMessage } from './decide.ts'
import { REVISION, replicasOf, sortSets } from './revision.ts'
import { statusOf } from './status.ts'

interface Context extends ControllerDeps {
  readonly recorder: EventRecorder
  readonly deployments: Informer<Deployment>
  readonly sets: Informer<ReplicaSet>
  readonly pods: Informer<Pod>
}

/** Rolls Deployments out through ReplicaSets. */
export function startDeployment(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { informers } = deps
  const context: Context = {
    ...deps,
    recorder: deps.events('deployment-controller'),
    deployments: informers.of(Deployment),
    sets: informers.of(ReplicaSet, { indexes: { controller: byController } }),
    pods: informers.of(Pod, { indexes: { controller: byController } }),
  }
  return startKeyed(
    deps,
    {
      name: 'deployment',
      triggers: [
        trigger(context.deployments, one => [keyOf(one)]),
        trigger(context.sets, set => concerned(context, set)),
        trigger(context.pods, pod => waitingFor(context, pod)),
      ],
      handle: (key, queue) => handle(context, key, queue),
    },
    signal,
  )
}

/** The Deployment that owns the set; where none does, those that would. */
function concerned({ deployments }: Context, set: ReplicaSet): readonly string[] {
  const { namespace = '', labels } = set.metadata
  const owner = controllerOf(set)
  if (owner) return owner.kind === 'Deployment' ? [`${namespace}/${owner.name}`] : []
  return deployments
    .list(namespace)
    .filter(one => matchesSelector(one.spec.selector, labels))
    .map(keyOf)
}

/** Only Recreate waits for pods; others learn of them through the sets' status. */
function waitingFor(context: Context, pod: Pod): readonly string[] {
  const owner = controllerOf(pod)
  if (owner?.kind !== 'ReplicaSet') return []
  const set = context.sets.get({ namespace: pod.metadata.namespace ?? '', name: owner.name })
  const isRecreate = (key: string): boolean =>
    context.deployments.get(splitKey(key))?.spec.strategy?.type === 'Recreate'
  return set ? concerned(context, set).filter(isRecreate) : []
}

async function handle(context: Context, key: string, queue: Queue): Promise<void> {
  const found = context.deployments.get(splitKey(key))
  if (!found) return
  if (!found.metadata.deletionTimestamp) await adopt(context, found)
  const owned = () => context.sets.by('controller', found.metadata.uid)
  const plan = decide(found, owned(), runningOld(context, found, owned()))
  const deployment = await annotate(context, found, plan.revision)
  let failure: unknown
  const created = await apply(context, deployment, plan).catch(error => {
    failure = error
    return undefined
  })
  // A taken name is no failure of the user's; the count of collisions was written already.
  if (isAlreadyExists(failure)) throw failure
  const { status, recheckMs } = statusOf({
    deployment,
    sets: sortSets(deployment, owned()),
    created,
    failure:
      failure === undefined ? undefined : `Failed to create new replica set ${about(plan)}: ${messageOf(failure)}`,
    nowMs: context.clock.now(),
  })
  if (!sameValue(status, deployment.status)) await context.client.updateStatus(Deployment, { ...deployment, status })
  if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
  if (failure !== undefined) throw failure
}

const about = ({ create }: Plan): string => JSON.stringify(create?.metadata.name ?? '')

/** Pods of older templates that have not ended. */
function runningOld({ pods }: Context, deployment: Deployment, owned: readonly ReplicaSet[]): number {
  return sortSets(deployment, owned)
    .old.flatMap(set => pods.by('controller', set.metadata.uid))
    .filter(pod => !isPodTerminal(pod)).length
}

async function adopt({ client, sets }: Context, deployment: Deployment): Promise<void> {
  const { namespace } = deployment.metadata
  const orphans = sets.list(namespace).filter(set => !controllerOf(set) && !set.metadata.deletionTimestamp)
  for (const { metadata } of orphans.filter(set => matchesSelector(deployment.spec.selector, set.metadata.labels))) {
    const ownerReferences = [...(metadata.ownerReferences ?? []), controllerReference(Deployment, deployment)]
    const body = { metadata: { uid: metadata.uid, ownerReferences } }
    await client.patch(ReplicaSet, { namespace: namespace!, name: metadata.name }, { type: 'merge', body })
  }
}

async function annotate(
  { client }: Context,
  deployment: Deployment,
  revision: string | undefined,
): Promise<Deployment> {
  if (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision) return deployment
  const { namespace, name } = deployment.metadata
  const body = { metadata: { annotations: { [REVISION]: revision } } }
  return client.patch(Deployment, { namespace: namespace!, name }, { type: 'merge', body })
}

/** Answers the name of a set that was created. */
async function apply(context: Context, deployment: Deployment, plan: Plan): Promise<string | undefined> {
  const created = plan.create && (await create(context, deployment, plan.create))
  for (const change of plan.update) await write(context, deployment, change)
  for (const { metadata } of plan.remove) {
    const key = { namespace: metadata.namespace!, name: metadata.name }
    await context.client.delete(ReplicaSet, key, { preconditions: { uid: metadata.uid } }).catch(error => {
      if (!isNotFound(error)) throw error
    })
  }
  return created
}

/** A taken name makes the next round's hash another. */
async function create(context: Context, deployment: Deployment, draft: NonNullable<Plan['create']>): Promise<string> {
  const { client, recorder } = context
  try {
    const made = await client.create(ReplicaSet, draft)
    tellScaling(context, deployment, made.metadata.name, 0, replicasOf(made))
    return made.metadata.name
  } catch (error) {
    if (isAlreadyExists(error)) {
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
      await client.updateStatus(Deployment, { ...deployment, status: { ...deployment.status, collisionCount } })
    } else
      recorder.record(
        deployment,
        'Warning',
        'ReplicaSetCreateError',
        `Failed to create new replica set ${JSON.stringify(draft.metadata.name)}: ${messageOf(error)}`,
      )
    throw error
  }
}

async function write(context: Context, deployment: Deployment, change: SetChange): Promise<void> {
  const { set, replicas, annotations } = change
  const metadata = { ...set.metadata, annotations }
  await context.client.update(ReplicaSet, { ...set, metadata, spec: { ...set.spec, replicas } })
  tellScaling(context, deployment, set.metadata.name, replicasOf(set), replicas)
}

function tellScaling({ recorder }: Context, deployment: Deployment, set: string, from: number, to: number): void {
  if (from !== to) recorder.record(deployment, 'Normal', 'ScalingReplicaSet', scalingMessage(set, from, to))
}

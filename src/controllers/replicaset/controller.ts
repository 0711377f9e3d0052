import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { Kind } from '../../api/meta/meta.ts'
import type { EventRecorder } from '../../client/events.ts'
import { ApiError, type Informer, type Informers, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf, controllerReference } from '../../client/owner.ts'
import type { Queue } from '../../client/queue.ts'
import { messageOf } from '../../lib/errors.ts'
import {
  type Controller,
  type ControllerDeps,
  keyOf,
  rest,
  splitKey,
  startKeyed,
  trigger,
} from '../shared/controller.ts'
import { metadataFromTemplate } from '../shared/pods.ts'
import { sameValue } from '../shared/values.ts'
import { claim, type Failure, observe, scale } from './decide.ts'

/** Upstream's burst: more would hold up everybody else. */
const MAX_BATCH = 500

/** What keeps a number of pods: ReplicaSets, or what can be seen as one. */
export interface Replicas {
  readonly name: string
  readonly component: string
  readonly kind: Kind<ReplicaSet>
  sets(informers: Informers): Informer<ReplicaSet>
  /** As the API has it. */
  stored(set: ReplicaSet): ReplicaSet
}

const REPLICA_SETS: Replicas = {
  name: 'replicaset',
  component: 'replicaset-controller',
  kind: ReplicaSet,
  sets: informers => informers.of(ReplicaSet, { indexes: { controller: byController } }),
  stored: set => set,
}

interface Context extends ControllerDeps {
  readonly kind: Kind<ReplicaSet>
  readonly stored: Replicas['stored']
  readonly recorder: EventRecorder
  readonly sets: Informer<ReplicaSet>
  readonly pods: Informer<Pod>
}

/** Keeps the number of pods of every ReplicaSet. */
export function startReplicaSet(
  deps: ControllerDeps,
  signal: AbortSignal,
  { name, component, kind, sets, stored }: Replicas = REPLICA_SETS,
): Promise<Controller> {
  const context: Context = {
    ...deps,
    kind,
    stored,
    recorder: deps.events(component),
    sets: sets(deps.informers),
    pods: deps.informers.of(Pod, { indexes: { controller: byController, orphans } }),
  }
  return startKeyed(
    deps,
    {
      name,
      triggers: [trigger(context.sets, set => [keyOf(set)]), trigger(context.pods, pod => concerned(context, pod))],
      handle: (key, queue) => handle(context, key, queue, signal),
    },
    signal,
  )
}

/** Pods that nobody owns, by namespace. */
const orphans = (pod: Pod): readonly string[] => (controllerOf(pod) ? [] : [pod.metadata.namespace ?? ''])

/** The set that owns the pod; where none does, those that would. */
function concerned({ sets, kind }: Context, pod: Pod): readonly string[] {
  const { namespace = '', labels } = pod.metadata
  const owner = controllerOf(pod)
  if (owner) return owner.kind === kind.kind ? [`${namespace}/${owner.name}`] : []
  return sets
    .list(namespace)
    .filter(set => matchesSelector(set.spec.selector, labels))
    .map(keyOf)
}

async function handle(context: Context, key: string, queue: Queue, signal: AbortSignal): Promise<void> {
  const set = context.sets.get(splitKey(key))
  if (!set) return
  await own(context, set)
  const { failure, error } = await resize(context, set)
  const { status, recheckMs } = observe(set, ownedBy(context, set), failure, context.clock.now())
  if (!sameValue(status, set.status))
    await context.client.updateStatus(context.kind, context.stored({ ...set, status })).catch(ignoreNotFound)
  if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
  if (failure) throw error
  await rest(context, status.replicas, signal)
}

const ownedBy = ({ pods }: Context, set: ReplicaSet): readonly Pod[] =>
  claim(set, pods.by('controller', set.metadata.uid)).owned

/** Takes on pods that it selects and nobody owns; lets go of those it no longer selects. */
async function own({ client, pods, kind }: Context, set: ReplicaSet): Promise<void> {
  const candidates = [...pods.by('controller', set.metadata.uid), ...pods.by('orphans', set.metadata.namespace!)]
  const { adopt, release } = claim(set, candidates)
  const others = (pod: Pod) => (pod.metadata.ownerReferences ?? []).filter(owner => owner.uid !== set.metadata.uid)
  const write = ({ metadata }: Pod, ownerReferences: unknown): Promise<unknown> => {
    const body = { metadata: { uid: metadata.uid, ownerReferences } }
    const key = { namespace: metadata.namespace!, name: metadata.name }
    return client.patch(Pod, key, { type: 'merge', body }).catch(ignoreNotFound)
  }
  await Promise.all([
    ...adopt.map(pod => write(pod, [...others(pod), controllerReference(kind, set)])),
    ...release.map(pod => write(pod, others(pod).length > 0 ? others(pod) : null)),
  ])
}

/** Creates or deletes pods until there are as many as wanted; answers why that failed. */
async function resize(context: Context, set: ReplicaSet): Promise<Resized> {
  const owner = controllerOf(set)
  const siblings = owner ? context.sets.by('controller', owner.uid) : []
  const related = siblings.flatMap(sibling => context.pods.by('controller', sibling.metadata.uid))
  const plan = scale(set, ownedBy(context, set), related)
  try {
    await inGrowingBatches(plan.create, () => create(context, set))
  } catch (error) {
    return failed('FailedCreate', error)
  }
  const results = await Promise.allSettled(plan.remove.map(pod => remove(context, set, pod)))
  const rejected = results.find(result => result.status === 'rejected')
  return rejected ? failed('FailedDelete', rejected.reason) : {}
}

interface Resized {
  readonly failure?: Failure
  readonly error?: unknown
}

const failed = (reason: Failure['reason'], error: unknown): Resized =>
  // Nothing can be made where everything is going away, and nothing needs to be.
  isEnding(error) ? {} : { failure: { reason, message: messageOf(error) }, error }

const isEnding = (error: unknown): boolean =>
  error instanceof ApiError && error.details.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true

async function create({ client, recorder, kind }: Context, set: ReplicaSet): Promise<void> {
  const { template } = set.spec
  const metadata = {
    ...metadataFromTemplate(template?.metadata),
    namespace: set.metadata.namespace!,
    generateName: `${set.metadata.name}-`,
    ownerReferences: [controllerReference(kind, set)],
  }
  try {
    const made = await client.create(Pod, { metadata, spec: template!.spec! })
    recorder.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
  } catch (error) {
    if (!isEnding(error)) recorder.record(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
    throw error
  }
}

async function remove({ client, recorder }: Context, set: ReplicaSet, pod: Pod): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  try {
    await client.delete(Pod, { namespace: namespace!, name }, { preconditions: { uid } })
    recorder.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  } catch (error) {
    if (isNotFound(error)) return
    recorder.record(set, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`)
    throw error
  }
}

const ignoreNotFound = (error: unknown): void => {
  if (!isNotFound(error)) throw error
}

/** One, then many at a time: where none can succeed, one refusal is enough to know. */
async function inGrowingBatches(total: number, run: () => Promise<void>): Promise<void> {
  for (let done = 0; done < total; ) {
    const batch = done === 0 ? 1 : Math.min(MAX_BATCH, total - done)
    await Promise.all(Array.from({ length: batch }, run))
    done += batch
  }
}

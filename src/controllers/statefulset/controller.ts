import { StatefulSet } from '../../api/apps/stateful-set.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Informer, isAlreadyExists, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf } from '../../client/owner.ts'
import type { Queue } from '../../client/queue.ts'
import { messageOf } from '../../lib/errors.ts'
import { claimPods, orphanPods, settleClaims } from '../shared/claim.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { type History, keepHistory, revisionsOf, templateOfRevision, truncateHistory } from '../shared/history.ts'
import { sameValue } from '../shared/values.ts'
import { type Creation, decide, type Plan } from './decide.ts'
import { claimDrafts, claimOwners, ordinalOf, POD_NAME, podDraft, podName, revisionOf } from './identity.ts'

const HASH_LABEL = 'controller.kubernetes.io/hash'

interface Context extends ControllerDeps {
  readonly recorder: EventRecorder
  readonly sets: Informer<StatefulSet>
  readonly pods: Informer<Pod>
  readonly claims: Informer<PersistentVolumeClaim>
  readonly revisions: ReturnType<typeof revisionsOf>
}

/** Keeps pods with lasting names, in order. */
export function startStatefulSet(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { informers } = deps
  const context: Context = {
    ...deps,
    recorder: deps.events('statefulset-controller'),
    sets: informers.of(StatefulSet),
    pods: informers.of(Pod, { indexes: { controller: byController, orphans: orphanPods } }),
    claims: informers.of(PersistentVolumeClaim),
    revisions: revisionsOf(informers),
  }
  return startKeyed(
    deps,
    {
      name: 'statefulset',
      triggers: [trigger(context.sets, set => [keyOf(set)]), trigger(context.pods, pod => concerned(context, pod))],
      handle: (key, queue) => handle(context, key, queue),
    },
    signal,
  )
}

/** The set that owns the pod; where none does, those that would. */
function concerned({ sets }: Context, pod: Pod): readonly string[] {
  const { namespace = '', labels } = pod.metadata
  const owner = controllerOf(pod)
  if (owner) return owner.kind === 'StatefulSet' ? [`${namespace}/${owner.name}`] : []
  return sets
    .list(namespace)
    .filter(set => matchesSelector(set.spec.selector, labels) && ordinalOf(set, pod) !== undefined)
    .map(keyOf)
}

async function handle(context: Context, key: string, queue: Queue): Promise<void> {
  const { client, clock } = context
  const set = context.sets.get(splitKey(key))
  if (!set) return
  await settleClaims(client, StatefulSet, set, claimsOf(context, set))
  const history = await keepHistory(client, context.revisions, StatefulSet, set, HASH_LABEL)
  const revisions = revisionsFor(set, history)
  const plan = (): Plan => decide(set, claimsOf(context, set).owned, revisions, clock.now())
  let failure: unknown
  try {
    await keepOwners(context, set, claimsOf(context, set).owned)
    await apply(context, set, history, plan())
  } catch (error) {
    failure = error
  }
  const { status, recheckMs } = plan()
  const next = { ...status, collisionCount: history.collisionCount }
  if (!sameValue(next, set.status)) await client.updateStatus(StatefulSet, { ...set, status: next })
  if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
  if (failure !== undefined) throw failure
  const live = new Set([next.currentRevision, next.updateRevision, ...claimsOf(context, set).owned.map(revisionOf)])
  await truncateHistory(client, set, history, ({ metadata }) => live.has(metadata.name))
}

function claimsOf({ pods }: Context, set: StatefulSet) {
  const candidates = [...pods.by('controller', set.metadata.uid), ...pods.by('orphans', set.metadata.namespace!)]
  return claimPods(set, set.spec.selector, candidates, pod => ordinalOf(set, pod) !== undefined)
}

function revisionsFor({ status }: StatefulSet, { revisions, update }: History) {
  const known = revisions.some(({ metadata }) => metadata.name === status?.currentRevision)
  return { current: known ? status!.currentRevision! : update.metadata.name, update: update.metadata.name }
}

async function apply(context: Context, set: StatefulSet, history: History, plan: Plan): Promise<void> {
  const work = [
    ...plan.create.map(one => create(context, set, history, one)),
    ...plan.remove.map(pod => remove(context, set, pod)),
    ...plan.relabel.map(pod => relabel(context, pod)),
  ]
  const failed = (await Promise.allSettled(work)).find(result => result.status === 'rejected')
  if (failed) throw failed.reason
}

async function create(
  context: Context,
  set: StatefulSet,
  { revisions }: History,
  { ordinal, revision }: Creation,
): Promise<void> {
  const { client, recorder } = context
  const name = podName(set, ordinal)
  const of = revisions.find(({ metadata }) => metadata.name === revision)
  const template = of ? templateOfRevision(of) : set.spec.template
  const about = `Pod ${name} in StatefulSet ${set.metadata.name}`
  try {
    await createClaims(context, set, ordinal)
    await client.create(Pod, podDraft(set, template, revision, ordinal))
    recorder.record(set, 'Normal', 'SuccessfulCreate', `create ${about} successful`)
  } catch (error) {
    recorder.record(set, 'Warning', 'FailedCreate', `create ${about} failed error: ${messageOf(error)}`)
    throw error
  }
}

async function createClaims({ client, claims, recorder }: Context, set: StatefulSet, ordinal: number): Promise<void> {
  for (const draft of claimDrafts(set, ordinal)) {
    const { namespace, name } = draft.metadata
    if (claims.get({ namespace: namespace!, name: name! })) continue
    const about = `Claim ${name} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name}`
    try {
      await client.create(PersistentVolumeClaim, draft)
      recorder.record(set, 'Normal', 'SuccessfulCreate', `create ${about} success`)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }
}

async function remove(context: Context, set: StatefulSet, pod: Pod): Promise<void> {
  const { client, recorder } = context
  const { namespace, name, uid } = pod.metadata
  const about = `Pod ${name} in StatefulSet ${set.metadata.name}`
  try {
    await client.delete(Pod, { namespace: namespace!, name }, { preconditions: { uid } })
    recorder.record(set, 'Normal', 'SuccessfulDelete', `delete ${about} successful`)
  } catch (error) {
    if (isNotFound(error)) return
    recorder.record(set, 'Warning', 'FailedDelete', `delete ${about} failed error: ${messageOf(error)}`)
    throw error
  }
}

/** Claims go with whom the policy says, also once it says otherwise; before a pod that takes its claims along is deleted. */
async function keepOwners({ client, claims }: Context, set: StatefulSet, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods)
    for (const { metadata } of claimDrafts(set, ordinalOf(set, pod)!)) {
      const key = { namespace: metadata.namespace!, name: metadata.name! }
      const claim = claims.get(key)
      if (!claim) continue
      const ownerReferences = claimOwners(set, pod, claim)
      if (sameValue(ownerReferences, claim.metadata.ownerReferences ?? [])) continue
      const body = { metadata: { uid: claim.metadata.uid, ownerReferences } }
      await client.patch(PersistentVolumeClaim, key, { type: 'merge', body })
    }
}

async function relabel({ client }: Context, { metadata }: Pod): Promise<void> {
  const body = { metadata: { labels: { [POD_NAME]: metadata.name } } }
  await client.patch(Pod, { namespace: metadata.namespace!, name: metadata.name }, { type: 'merge', body })
}

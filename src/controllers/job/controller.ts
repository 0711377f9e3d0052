import { Job } from '../../api/batch/job.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Informer, isConflict, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf } from '../../client/owner.ts'
import type { Queue } from '../../client/queue.ts'
import { messageOf } from '../../lib/errors.ts'
import { claimPods, orphanPods, settleClaims } from '../shared/claim.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { type Backoff, NO_FAILURES } from './backoff.ts'
import { decide, isFinished, msUntilExpired, type Plan } from './decide.ts'
import { failureAnnotations, lastFailed } from './index-failures.ts'
import { isTracked, podDraft, TRACKING } from './pods.ts'

export interface JobOptions {
  /** How long a Job waits after its first failed pod; it doubles with each, up to ten minutes. Upstream: 10 s. */
  readonly backoffMs?: number
}

interface Context extends ControllerDeps {
  readonly recorder: EventRecorder
  readonly jobs: Informer<Job>
  readonly pods: Informer<Pod>
  readonly backoffMs: number
  /** By the Job's UID. A restart forgets it, as upstream's does. */
  readonly backoffs: Map<string, Backoff>
}

/** Runs Jobs: pods until enough have succeeded, each counted once. */
export function startJob(deps: ControllerDeps, options: JobOptions, signal: AbortSignal): Promise<Controller> {
  const { informers } = deps
  const indexes = { controller: byController, orphans: orphanPods, job: byJob }
  const context: Context = {
    ...deps,
    recorder: deps.events('job-controller'),
    jobs: informers.of(Job),
    pods: informers.of(Pod, { indexes }),
    backoffMs: options.backoffMs ?? 10_000,
    backoffs: new Map(),
  }
  context.jobs.onChange(({ type, object }) => {
    if (type === 'deleted') context.backoffs.delete(object.metadata.uid)
  })
  return startKeyed(
    deps,
    {
      name: 'job',
      triggers: [trigger(context.jobs, job => [keyOf(job)]), trigger(context.pods, pod => concerned(context, pod))],
      handle: (key, queue) => handle(context, key, queue),
    },
    signal,
  )
}

/** Pods by the key of the Job that made them, which may be gone. */
const byJob = (pod: Pod): readonly string[] => {
  const owner = controllerOf(pod)
  return owner?.kind === 'Job' ? [`${pod.metadata.namespace}/${owner.name}`] : []
}

/** The Job that owns the pod; where none does, those that would. */
function concerned({ jobs }: Context, pod: Pod): readonly string[] {
  const { namespace = '', labels } = pod.metadata
  if (controllerOf(pod)) return byJob(pod)
  return jobs
    .list(namespace)
    .filter(job => job.spec.selector && matchesSelector(job.spec.selector, labels))
    .map(keyOf)
}

async function handle(context: Context, key: string, queue: Queue): Promise<void> {
  const { client, clock, pods } = context
  const job = context.jobs.get(splitKey(key))
  const lost = pods.by('job', key).filter(pod => isTracked(pod) && controllerOf(pod)?.uid !== job?.metadata.uid)
  await release(context, lost)
  if (!job || job.spec.managedBy) return
  if (!isFinished(job)) await settleClaims(client, Job, job, claimsOf(context, job))
  const before = context.backoffs.get(job.metadata.uid) ?? NO_FAILURES
  const limits = { backoffMs: context.backoffMs }
  const plan = decide(job, claimsOf(context, job).owned, before, limits, clock.now())
  context.backoffs.set(job.metadata.uid, plan.backoff)
  const current = await carryOut(context, job, plan)
  if (plan.recheckMs !== undefined) queue.addAfter(key, plan.recheckMs)
  await expire(context, current, key, queue)
}

function claimsOf({ pods }: Context, job: Job) {
  const candidates = [...pods.by('controller', job.metadata.uid), ...pods.by('orphans', job.metadata.namespace!)]
  return claimPods(job, job.spec.selector, candidates)
}

/** Pods are let go only once a status that names them is stored, and counted only once they are let go. */
async function carryOut(context: Context, job: Job, plan: Plan): Promise<Job> {
  const { client, recorder } = context
  let current = job
  if (plan.interim && !sameValue(plan.interim, job.status))
    current = await client.updateStatus(Job, { ...job, status: plan.interim })
  await release(context, plan.isRemovalFailure ? plan.release : [...plan.release, ...plan.remove.filter(isTracked)])
  const work = [
    ...plan.create.map(index => create(context, job, index)),
    ...plan.remove.map(pod => remove(context, job, pod)),
  ]
  const failed = (await Promise.allSettled(work)).filter(result => result.status === 'rejected')
  const status = failed.length > 0 ? withoutFailed(plan) : plan.status
  if (!sameValue(status, current.status)) current = await client.updateStatus(Job, { ...current, status })
  for (const { type, reason, message } of plan.events) recorder.record(job, type, reason, message)
  if (failed[0]) throw failed[0].reason
  return current
}

/** Where pods could not be made or deleted, the next round sees how many there are. */
const withoutFailed = ({ status, create }: Plan): Plan['status'] => {
  const { active = 0, ...rest } = status
  const present = active - create.length
  return present > 0 ? { ...rest, active: present } : rest
}

async function release({ client }: Context, pods: readonly Pod[]): Promise<void> {
  const drop = async ({ metadata }: Pod): Promise<void> => {
    const left = (metadata.finalizers ?? []).filter(name => name !== TRACKING)
    const body = { metadata: { uid: metadata.uid, finalizers: left.length > 0 ? left : null } }
    const key = { namespace: metadata.namespace!, name: metadata.name }
    await client.patch(Pod, key, { type: 'merge', body }).catch(error => {
      if (!isNotFound(error) && !isConflict(error)) throw error
    })
  }
  await Promise.all(pods.map(drop))
}

async function create(context: Context, job: Job, index: number | undefined): Promise<void> {
  const { client, recorder } = context
  try {
    const made = await client.create(Pod, withFailureCount(context, job, index))
    recorder.record(job, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
  } catch (error) {
    recorder.record(job, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
    throw error
  }
}

/** With a limit for each index its pods carry how often the index failed before. */
function withFailureCount({ pods }: Context, job: Job, index: number | undefined) {
  const draft = podDraft(job, index)
  if (job.spec.backoffLimitPerIndex === undefined) return draft
  const before = lastFailed(index, pods.by('controller', job.metadata.uid))
  const annotations = { ...draft.metadata.annotations, ...failureAnnotations(job, before) }
  return { ...draft, metadata: { ...draft.metadata, annotations } }
}

async function remove({ client, recorder }: Context, job: Job, pod: Pod): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  try {
    await client.delete(Pod, { namespace: namespace!, name }, { preconditions: { uid } })
    recorder.record(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  } catch (error) {
    if (isNotFound(error)) return
    recorder.record(job, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`)
    throw error
  }
}

/** The controller of TTLs: a finished Job goes with its pods. */
async function expire({ client, clock }: Context, job: Job, key: string, queue: Queue): Promise<void> {
  const restMs = msUntilExpired(job, clock.now())
  if (restMs === undefined || job.metadata.deletionTimestamp) return
  if (restMs > 0) return queue.addAfter(key, restMs)
  const options = { propagationPolicy: 'Foreground', preconditions: { uid: job.metadata.uid } } as const
  await client.delete(Job, splitKey(key), options).catch(error => {
    if (!isNotFound(error)) throw error
  })
}

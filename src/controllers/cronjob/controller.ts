import { CronJob, type CronJobStatus } from '../../api/batch/cron-job.ts'
import { Job } from '../../api/batch/job.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Informer, isAlreadyExists, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf } from '../../client/owner.ts'
import type { Queue } from '../../client/queue.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { decide, type Plan } from './decide.ts'

interface Context extends ControllerDeps {
  readonly recorder: EventRecorder
  readonly crons: Informer<CronJob>
  readonly jobs: Informer<Job>
}

/** Timers of most platforms do not reach further than 24 days. */
const LONGEST_WAIT_MS = 86_400_000

/** Makes Jobs on schedules. */
export function startCronJob(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { informers } = deps
  const context: Context = {
    ...deps,
    recorder: deps.events('cronjob-controller'),
    crons: informers.of(CronJob),
    jobs: informers.of(Job, { indexes: { controller: byController } }),
  }
  const ownerKey = (job: Job): readonly string[] => {
    const owner = controllerOf(job)
    return owner?.kind === 'CronJob' ? [`${job.metadata.namespace}/${owner.name}`] : []
  }
  return startKeyed(
    deps,
    {
      name: 'cronjob',
      triggers: [trigger(context.crons, cron => [keyOf(cron)]), trigger(context.jobs, ownerKey)],
      handle: (key, queue) => handle(context, key, queue),
    },
    signal,
  )
}

async function handle(context: Context, key: string, queue: Queue): Promise<void> {
  const { client, crons, jobs, recorder, clock } = context
  const cron = crons.get(splitKey(key))
  if (!cron) return
  const plan = decide(cron, jobs.by('controller', cron.metadata.uid), clock.now())
  for (const { type, reason, message } of plan.events) recorder.record(cron, type, reason, message)
  for (const job of plan.remove) await remove(context, cron, job)
  const status = plan.create ? await create(context, cron, plan) : plan.status
  if (!sameValue(status, cron.status ?? {})) await client.updateStatus(CronJob, { ...cron, status })
  if (plan.recheckMs !== undefined) queue.addAfter(key, Math.min(plan.recheckMs, LONGEST_WAIT_MS))
}

/** Answers the status with the Job in it. A Job of the name that we made before a restart is as good. */
async function create(context: Context, cron: CronJob, { create: draft, dueMs, status }: Plan): Promise<CronJobStatus> {
  const { client, recorder } = context
  const key = { namespace: draft!.metadata.namespace!, name: draft!.metadata.name! }
  let made: Job | undefined
  try {
    made = await client.create(Job, draft!)
    recorder.record(cron, 'Normal', 'SuccessfulCreate', `Created job ${key.name}`)
  } catch (error) {
    if (!isAlreadyExists(error)) {
      recorder.record(cron, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`)
      throw error
    }
    made = await client.find(Job, key)
    if (!made || controllerOf(made)?.uid !== cron.metadata.uid) throw error
  }
  const { uid, resourceVersion } = made.metadata
  const reference = {
    kind: 'Job',
    namespace: key.namespace,
    name: key.name,
    uid,
    apiVersion: 'batch/v1',
    resourceVersion,
  }
  return { ...status, active: [...(status.active ?? []), reference], lastScheduleTime: rfc3339(dueMs!) }
}

async function remove({ client, recorder }: Context, cron: CronJob, job: Job): Promise<void> {
  const { namespace, name, uid } = job.metadata
  const options = { propagationPolicy: 'Background', preconditions: { uid } } as const
  try {
    await client.delete(Job, { namespace: namespace!, name }, options)
    recorder.record(cron, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
  } catch (error) {
    if (isNotFound(error)) return
    recorder.record(cron, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`)
    throw error
  }
}

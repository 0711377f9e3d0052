import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { CronJob } from '../../api/batch/cron-job.ts'
import { Job } from '../../api/batch/job.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { fakeApi } from '../../client/fake.ts'
import { eventually, settled } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { startCronJob } from '../cronjob/controller.ts'
import { startGarbage } from '../garbage/controller.ts'
import { startScheduler } from '../scheduler/controller.ts'
import { type ControllerBench, controllerBench, nodeSeed, TEST_KINDS } from '../shared/testing.ts'
import { startJob } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench?.close())
const key = { namespace: 'shop', name: 'sum' }

const draft = (spec: Partial<Job['spec']>) => ({
  metadata: key,
  spec: {
    parallelism: 2,
    completions: 3,
    backoffLimit: 6,
    selector: { matchLabels: { job: 'sum' } },
    template: {
      metadata: { labels: { job: 'sum' } } as never,
      spec: { containers: [{ name: 'c', image: 'v1' }], restartPolicy: 'Never' as const },
    },
    ...spec,
  },
})

async function start(on = controllerBench()): Promise<void> {
  bench = on
  bench.api.put(Node, nodeSeed('node-1'))
  await startScheduler(bench.deps, {}, bench.signal)
  await startJob(bench.deps, { backoffMs: 1 }, bench.signal)
  await startCronJob(bench.deps, bench.signal)
  await startGarbage(bench.deps, { kinds: TEST_KINDS, whole: [Pod, Job, CronJob] }, bench.signal)
}

/** Ends each bound pod as told. */
function end(phaseOf: (pod: Pod) => 'Succeeded' | 'Failed'): () => void {
  const { api } = bench
  return bench.informers.of(Pod).onChange(({ type, object: pod }) => {
    if (type === 'deleted' || !pod.spec.nodeName || pod.status?.phase !== undefined) return
    const podKey = { namespace: pod.metadata.namespace!, name: pod.metadata.name }
    setImmediate(() => {
      const latest = api.get(Pod, podKey)
      if (latest && latest.status?.phase === undefined)
        api.put(Pod, { ...latest, status: { ...latest.status, phase: phaseOf(pod) } })
    })
  })
}
/** Plays the nodes' part in deletion: what is asked to end has ended. */
function reap(): void {
  const { api } = bench
  bench.informers.of(Pod).onChange(({ object: { metadata } }) => {
    const podKey = { namespace: metadata.namespace!, name: metadata.name }
    setImmediate(() => {
      const latest = api.get(Pod, podKey)
      if (latest?.metadata.deletionTimestamp && !latest.metadata.finalizers?.length) api.drop(Pod, podKey)
    })
  })
}
const stored = () => bench.api.get(Job, key)

it('runs pods until enough have succeeded, and keeps them to be looked at', async () => {
  await start()
  end(() => 'Succeeded')
  await bench.api.client.create(Job, draft({}))
  await eventually(() => stored()?.status?.completionTime !== undefined, stored)
  await settled(bench)
  expect(stored()?.status).toMatchObject({ succeeded: 3, uncountedTerminatedPods: {}, terminating: 0, ready: 0 })
  expect(bench.api.all(Pod).map(({ metadata }) => metadata.finalizers ?? [])).toEqual([[], [], []])
  expect(await bench.eventsOf('sum')).toContain('Completed: Job completed')
})

it('gives up after as many failures as allowed', async () => {
  await start()
  end(() => 'Failed')
  await bench.api.client.create(Job, draft({ backoffLimit: 2, parallelism: 1 }))
  const failed = () => stored()?.status?.conditions?.find(one => one.type === 'Failed')
  await eventually(() => failed() !== undefined, stored)
  expect(failed()).toMatchObject({ reason: 'BackoffLimitExceeded' })
  expect([stored()?.status?.failed, bench.api.all(Pod).length]).toEqual([3, 3])
})

it('lets pods of a deleted Job go', async () => {
  await start()
  reap()
  await bench.api.client.create(Job, draft({}))
  await eventually(() => bench.api.all(Pod).length === 2)
  await bench.api.client.delete(Job, key, { propagationPolicy: 'Background' })
  await eventually(
    () => bench.api.all(Pod).length === 0,
    () => bench.api.all(Pod),
  )
})

it('goes with its pods when its time is over', async () => {
  await start()
  end(() => 'Succeeded')
  reap()
  await bench.api.client.create(Job, draft({ ttlSecondsAfterFinished: 0 }))
  await eventually(() => stored() === undefined && bench.api.all(Pod).length === 0, stored)
})

it('counts each pod once, whichever pods fail and however watches break', async () => {
  const scenario = fc.record({
    outcomes: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
    parallelism: fc.integer({ min: 1, max: 4 }),
    completions: fc.integer({ min: 1, max: 5 }),
    isIndexed: fc.boolean(),
    cuts: fc.nat(3),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ outcomes, parallelism, completions, isIndexed, cuts }) => {
      await start(controllerBench())
      let ended = 0
      const failures = () => outcomes.slice(0, ended).filter(isGood => !isGood).length
      end(() => ((outcomes[ended++] ?? true) ? 'Succeeded' : 'Failed'))
      const completionMode = isIndexed ? ('Indexed' as const) : ('NonIndexed' as const)
      await bench.api.client.create(Job, draft({ parallelism, completions, completionMode, backoffLimit: 20 }))
      for (let i = 0; i < cuts; i++) {
        await new Promise(resolve => setImmediate(resolve))
        bench.api.cutWatches()
      }
      await eventually(() => stored()?.status?.completionTime !== undefined, stored)
      await settled(bench)
      expect(stored()?.status).toMatchObject({ succeeded: completions })
      expect(stored()?.status?.failed ?? 0).toBe(failures())
      expect(bench.api.all(Pod).length).toBe(completions + failures())
      bench.close()
    }),
    { numRuns: 40, endOnFailure: true },
  )
}, 60_000)

it('makes Jobs on schedule, keeps the last of them, and replaces where told to', async () => {
  const clock = fakeClock()
  await start(controllerBench({}, fakeApi(clock), clock))
  const { api } = bench
  const { metadata: _, ...job } = draft({ completions: 1, parallelism: 1 })
  await api.client.create(CronJob, {
    metadata: { namespace: 'shop', name: 'tick' },
    spec: { schedule: '* * * * *', concurrencyPolicy: 'Replace', jobTemplate: job },
  })
  await settled(bench)
  expect(api.all(Job)).toEqual([])
  const stop = end(() => 'Succeeded')
  for (let minute = 0; minute < 6; minute++) {
    await clock.advance(60_200)
    await settled(bench)
  }
  const names = () => api.all(Job).map(({ metadata }) => metadata.name)
  expect([names().length, new Set(names()).size]).toEqual([3, 3])
  stop()
  await clock.advance(60_200)
  await settled(bench)
  await clock.advance(60_200)
  await settled(bench)
  const cron = () => api.get(CronJob, { namespace: 'shop', name: 'tick' })
  expect(cron()?.status?.active).toHaveLength(1)
  expect(api.all(Job).filter(one => !one.status?.completionTime)).toHaveLength(1)
  expect(await bench.eventsOf('tick')).toEqual(expect.arrayContaining([expect.stringMatching(/^SawCompletedJob: /)]))
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../api/batch/job.ts'
import type { Pod } from '../../api/core/pod.ts'
import { type PodShape, podOf } from '../shared/testing.ts'
import { NO_FAILURES } from './backoff.ts'
import { decide, msUntilExpired } from './decide.ts'
import { failureAnnotations } from './index-failures.ts'
import { formatIndexes, parseIndexes, pendingIndexes } from './indexes.ts'
import { INDEX, podDraft, TRACKING } from './pods.ts'

const START = '2026-01-01T00:00:00Z'
const NOW_MS = Date.parse('2026-01-01T00:01:00Z')
const LIMITS = { backoffMs: 10_000 }

const job = (spec: Partial<Job['spec']> = {}, status: Job['status'] = { startTime: START }): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'shop', name: 'sum', uid: 'job', resourceVersion: '1', creationTimestamp: START },
  spec: {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    template: { spec: { containers: [{ name: 'c', image: 'v1' }], restartPolicy: 'Never' } },
    ...spec,
  },
  status,
})
let serial = 0
const pod = (phase: PodShape['phase'], shape: Partial<PodShape> & { readonly index?: number } = {}): Pod => {
  const { index, ...rest } = shape
  const own = index === undefined ? {} : { [INDEX]: String(index) }
  return podOf({
    name: `p${serial++}`,
    ...(phase ? { phase } : {}),
    node: 'node-1',
    ...rest,
    meta: { finalizers: [TRACKING], annotations: own, ...rest.meta },
  })
}
const run = (of: Job, pods: readonly Pod[], nowMs = NOW_MS) => decide(of, pods, NO_FAILURES, LIMITS, nowMs)
const conditions = (plan: ReturnType<typeof decide>): string[] =>
  (plan.status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`)

describe('how many pods', () => {
  const many = { completions: 5, parallelism: 2 }
  it.each<[string, Job, Pod[], number, number]>([
    ['one at first', job(), [], 1, 0],
    ['as many as may run at a time', job(many), [], 2, 0],
    ['one for each that ended', job(many), [pod('Running'), pod('Succeeded')], 1, 0],
    ['no more than are left to do', job(many, { startTime: START, succeeded: 4 }), [], 1, 0],
    ['fewer when less may run', job({ ...many, parallelism: 1 }), [pod('Running'), pod('Running')], 0, 1],
    ['none while suspended', job({ suspend: true }), [pod('Running')], 0, 1],
    ['a queue of work is not filled up after a success', queue(), [pod('Running'), pod('Succeeded')], 0, 0],
    ['but before', queue(), [pod('Running')], 2, 0],
    ['a pod that ends is replaced at once', job(), [pod('Running', { ending: true })], 0, 0],
  ])('%s', (_, of, pods, create, remove) => {
    const plan = run(of, pods)
    expect([plan.create.length, plan.remove.length]).toEqual([create, remove])
  })
  function queue(): Job {
    const { completions: _, ...spec } = job({ parallelism: 3 }).spec
    return { ...job(), spec }
  }
  it('waits after a failure, longer after each', () => {
    const failed = run(job(), [pod('Failed')])
    expect([failed.create, failed.recheckMs]).toEqual([[], 10_000])
    const after = (failures: number) => decide(job(), [], { failures, lastFailureMs: NOW_MS }, LIMITS, NOW_MS).recheckMs
    expect([1, 2, 3, 7, 30].map(after)).toEqual([10_000, 20_000, 40_000, 600_000, 600_000])
    expect(decide(job(), [], failed.backoff, LIMITS, NOW_MS + 10_000).create).toHaveLength(1)
  })
})

describe('what is counted', () => {
  it('each ended pod once: first named, then let go, then counted', () => {
    const [done, broken] = [pod('Succeeded'), pod('Failed')]
    const plan = run(job({ completions: 3 }), [done, broken])
    expect(plan.interim?.uncountedTerminatedPods).toEqual({
      succeeded: [done.metadata.uid],
      failed: [broken.metadata.uid],
    })
    expect(plan.release).toEqual([done, broken])
    expect(plan.status).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} })
    // The process died after it let the pods go: they are known by name.
    const again = run(job({ completions: 3 }, plan.interim!), [])
    expect(again.status).toMatchObject({ succeeded: 1, failed: 1 })
    // It died before: the same pods are not counted twice.
    expect(run(job({ completions: 3 }, plan.interim!), [done, broken]).status).toMatchObject({
      succeeded: 1,
      failed: 1,
    })
    const untracked = { ...done, metadata: { ...done.metadata, finalizers: [] } }
    expect(run(job({ completions: 3 }, plan.status), [untracked]).status.succeeded).toBe(1)
  })
})

describe('how it ends', () => {
  it('complete once enough succeeded and none runs', () => {
    const plan = run(job(), [pod('Succeeded')])
    expect(conditions(plan)).toEqual(['SuccessCriteriaMet=True CompletionsReached', 'Complete=True CompletionsReached'])
    expect(plan.status.completionTime).toBe('2026-01-01T00:01:00Z')
    expect(plan.events).toEqual([{ type: 'Normal', reason: 'Completed', message: 'Job completed' }])
    expect(conditions(run(job(), [pod('Running')]))).toEqual([])
  })
  it('failed after too many failures, once the last pod is gone', () => {
    const of = job({ backoffLimit: 0, parallelism: 2, completions: 2 })
    const first = run(of, [pod('Failed'), pod('Running')])
    expect([conditions(first), first.remove.length, first.isRemovalFailure]).toEqual([
      ['FailureTarget=True BackoffLimitExceeded'],
      1,
      true,
    ])
    // The removed one is not active any more, and nothing else runs: the second round ends it.
    const last = run({ ...of, status: first.status }, [pod('Failed')])
    expect(conditions(last)).toEqual(['FailureTarget=True BackoffLimitExceeded', 'Failed=True BackoffLimitExceeded'])
    expect(last.events).toMatchObject([{ type: 'Warning', message: 'Job has reached the specified backoff limit' }])
    expect(conditions(run(job({ backoffLimit: 1 }), [pod('Failed')]))).toEqual([])
  })
  it('by restarts in place', () => {
    const template = { spec: { containers: [{ name: 'c' }], restartPolicy: 'OnFailure' as const } }
    const restarted = (restartCount: number): Pod => {
      const running = pod('Running')
      const status = { name: 'c', restartCount, ready: true, image: '', imageID: '' }
      return { ...running, status: { ...running.status, containerStatuses: [status] } }
    }
    expect(conditions(run(job({ template, backoffLimit: 2 }), [restarted(2)]))).toEqual([
      'FailureTarget=True BackoffLimitExceeded',
    ])
    expect(conditions(run(job({ template, backoffLimit: 2 }), [restarted(1)]))).toEqual([])
  })
  it('after its deadline', () => {
    expect(run(job({ activeDeadlineSeconds: 90 }), [pod('Running')]).recheckMs).toBe(30_000)
    expect(conditions(run(job({ activeDeadlineSeconds: 60 }), [pod('Running')]))).toEqual([
      'FailureTarget=True DeadlineExceeded',
    ])
  })
  it('by a rule of its failure policy', () => {
    const onExitCodes = { operator: 'In' as const, values: [42] }
    const policy = (action: 'FailJob' | 'Ignore' | 'Count') =>
      job({ podFailurePolicy: { rules: [{ action, onExitCodes }] } })
    const exited = (exitCode: number): Pod => {
      const broken = pod('Failed')
      const state = { terminated: { exitCode } }
      const containerStatuses = [{ name: 'c', state, restartCount: 0, ready: false, image: '', imageID: '' }]
      return { ...broken, metadata: { ...broken.metadata, name: 'x' }, status: { ...broken.status, containerStatuses } }
    }
    const fatal = run(policy('FailJob'), [exited(42)])
    expect(fatal.status.conditions?.[1]).toMatchObject({
      type: 'Failed',
      reason: 'PodFailurePolicy',
      message: 'Container c for pod shop/x failed with exit code 42 matching FailJob rule at index 0',
    })
    expect(run(policy('Ignore'), [exited(42)]).status.failed).toBeUndefined()
    expect(run(policy('Count'), [exited(42)]).status.failed).toBe(1)
    expect(conditions(run(policy('FailJob'), [exited(1)]))).toEqual([])
  })
  it('goes by itself when told to', () => {
    const done = { ...job({ ttlSecondsAfterFinished: 30 }), status: run(job(), [pod('Succeeded')]).status }
    expect([msUntilExpired(done, NOW_MS + 10_000), msUntilExpired(done, NOW_MS + 40_000)]).toEqual([20_000, 0])
    expect(msUntilExpired(job({ ttlSecondsAfterFinished: 30 }), NOW_MS)).toBeUndefined()
  })
})

describe('indexes', () => {
  const indexed = (spec: Partial<Job['spec']> = {}, status?: Job['status']): Job =>
    job({ completionMode: 'Indexed', completions: 6, parallelism: 3, ...spec }, status)
  it('the lowest that nothing works on', () => {
    expect(run(indexed(), []).create).toEqual([0, 1, 2])
    const plan = run(indexed(), [pod('Succeeded', { index: 0 }), pod('Running', { index: 1 })])
    expect([plan.create, plan.status.completedIndexes, plan.status.succeeded]).toEqual([[2, 3], '0', 1])
  })
  it('what is twice, done or too high goes', () => {
    const twice = [pod('Running', { index: 1 }), pod('Running', { index: 1 }), pod('Running', { index: 9 })]
    const plan = run(indexed({}, { startTime: START, completedIndexes: '0' }), twice)
    expect([plan.remove.length, plan.create]).toEqual([2, [2, 3]])
  })
  it('fail on their own where they have a limit of their own', () => {
    const limited = indexed({ backoffLimitPerIndex: 0, backoffLimit: 100, completions: 2, parallelism: 2 })
    const half = run(limited, [pod('Failed', { index: 0 }), pod('Running', { index: 1 })])
    expect([half.status.failedIndexes, half.create]).toEqual(['0', []])
    const end = run({ ...limited, status: half.status }, [pod('Succeeded', { index: 1 })])
    expect(end.status.conditions?.at(-1)).toMatchObject({ type: 'Failed', reason: 'FailedIndexes' })
  })
  it('then wait for their own failures alone', () => {
    const limited = indexed({ backoffLimitPerIndex: 5, backoffLimit: 100, completions: 3, parallelism: 3 })
    const failed = (index: number, before: number, endedAt: string): Pod => {
      const one = pod('Failed', {
        index,
        meta: { annotations: { [INDEX]: `${index}`, 'batch.kubernetes.io/job-index-failure-count': `${before}` } },
      })
      const terminated = { exitCode: 1, finishedAt: endedAt }
      const containerStatuses = [
        { name: 'c', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated } },
      ]
      return { ...one, status: { ...one.status!, containerStatuses } } as unknown as Pod
    }
    const early = run(limited, [failed(0, 0, '2026-01-01T00:00:55Z')])
    expect([early.create, early.recheckMs]).toEqual([[1, 2], 5000])
    const later = run(limited, [failed(0, 0, '2026-01-01T00:00:50Z'), failed(1, 2, '2026-01-01T00:00:50Z')])
    expect([later.create, later.recheckMs]).toEqual([[0, 2], 30_000])
  })
  it('and do not count what their failure policy ignores', () => {
    const rules = [{ action: 'Ignore' as const, onExitCodes: { operator: 'In' as const, values: [42] } }]
    const limited = indexed({ backoffLimitPerIndex: 1, backoffLimit: 100, podFailurePolicy: { rules } })
    const failed = (exitCode: number): Pod => {
      const one = pod('Failed', { index: 0 })
      return {
        ...one,
        status: { ...one.status!, containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }] },
      } as unknown as Pod
    }
    const counts = (exitCode: number) => Object.values(failureAnnotations(limited, failed(exitCode)))
    expect([counts(1), counts(42), Object.values(failureAnnotations(limited, undefined))]).toEqual([
      ['1'],
      ['0', '1'],
      ['0'],
    ])
  })
  it('some may be enough', () => {
    const enough = indexed({ successPolicy: { rules: [{ succeededIndexes: '0,2-3', succeededCount: 1 }] } })
    const plan = run(enough, [pod('Succeeded', { index: 2 }), pod('Running', { index: 1 })])
    expect([conditions(plan), plan.remove.length]).toEqual([['SuccessCriteriaMet=True SuccessPolicy'], 1])
    expect(conditions(run(enough, [pod('Succeeded', { index: 1 })]))).toEqual([])
  })
  it('are told to the pod', () => {
    expect(podDraft(indexed(), 4)).toMatchObject({
      metadata: { generateName: 'sum-4-', annotations: { [INDEX]: '4' }, labels: { [INDEX]: '4' } },
      spec: { hostname: 'sum-4', containers: [{ env: [{ name: 'JOB_COMPLETION_INDEX' }] }] },
    })
  })
  it('are written as ranges and read back', () => {
    expect(formatIndexes(new Set([7, 0, 2, 3, 4, 6]))).toBe('0,2-4,6,7')
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60)), numbers => {
        expect(parseIndexes(formatIndexes(new Set(numbers)))).toEqual(new Set(numbers))
        const next = pendingIndexes(5, 80, new Set(numbers))
        expect(next.length).toBe(5)
        for (const index of next) expect(numbers).not.toContain(index)
      }),
    )
  })
})

describe('suspended', () => {
  it('says so, and starts its clock again when resumed', () => {
    const stopped = run(job({ suspend: true }), [pod('Running')])
    expect([conditions(stopped), stopped.isRemovalFailure]).toEqual([['Suspended=True JobSuspended'], false])
    const resumed = run(job({}, { ...stopped.status, startTime: START }), [])
    expect([conditions(resumed), resumed.status.startTime, resumed.create.length]).toEqual([
      ['Suspended=False JobResumed'],
      '2026-01-01T00:01:00Z',
      1,
    ])
    expect(run(job({ suspend: true, activeDeadlineSeconds: 1 }), []).recheckMs).toBeUndefined()
  })
})

it('lets pods go that a finished or deleted Job still holds', () => {
  const finished = job({}, run(job(), [pod('Succeeded')]).status)
  expect(run(finished, [pod('Succeeded'), pod('Running')]).release).toHaveLength(1)
  const deleted = { ...job(), metadata: { ...job().metadata, deletionTimestamp: START } }
  expect(run(deleted, [pod('Succeeded'), pod('Running')]).release).toHaveLength(2)
})

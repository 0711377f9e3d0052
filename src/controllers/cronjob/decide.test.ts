import { describe, expect, it } from 'vitest'
import type { CronJob } from '../../api/batch/cron-job.ts'
import type { Job } from '../../api/batch/job.ts'
import { decide } from './decide.ts'

const BORN = '2026-01-01T00:00:00Z'
const at = (time: string): number => Date.parse(`2026-01-01T${time}Z`)
const cron = (spec: Partial<CronJob['spec']> = {}, status: CronJob['status'] = {}): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { namespace: 'shop', name: 'tick', uid: 'cron', resourceVersion: '1', creationTimestamp: BORN },
  spec: {
    schedule: '*/10 * * * *',
    jobTemplate: { metadata: { labels: { a: 'b' } } as never, spec: { template: { spec: { containers: [] } } } },
    ...spec,
  },
  status,
})
const job = (name: string, condition?: 'Complete' | 'Failed', startTime = BORN): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'shop', name, uid: name, resourceVersion: '1', creationTimestamp: BORN },
  spec: { template: { spec: { containers: [] } } },
  status: {
    startTime,
    ...(condition ? { conditions: [{ type: condition, status: 'True' }] } : {}),
    ...(condition === 'Complete' ? { completionTime: startTime } : {}),
  },
})
const active = (name: string): CronJob['status'] => ({ active: [{ kind: 'Job', name, uid: name }] })
const due = (of: CronJob, jobs: readonly Job[], time: string): string | undefined => {
  const { dueMs } = decide(of, jobs, at(time))
  return dueMs === undefined ? undefined : new Date(dueMs).toISOString().slice(11, 16)
}
const reasons = (of: CronJob, jobs: readonly Job[], time: string) =>
  decide(of, jobs, at(time)).events.map(({ reason }) => reason)

describe('when a Job is made', () => {
  it.each<[string, CronJob, Job[], string, string | undefined]>([
    ['not before the first time', cron(), [], '00:09:59', undefined],
    ['at that time', cron(), [], '00:10:00', '00:10'],
    ['once', cron({}, { lastScheduleTime: '2026-01-01T00:10:00Z' }), [], '00:10:01', undefined],
    ['the last of several that were missed', cron(), [], '00:35:00', '00:30'],
    ['not when suspended', cron({ suspend: true }), [], '00:10:00', undefined],
    ['not too late', cron({ startingDeadlineSeconds: 60 }), [], '00:11:01', undefined],
    ['just in time', cron({ startingDeadlineSeconds: 60 }), [], '00:10:59', '00:10'],
    ['beside one that runs', cron({}, active('x')), [job('x')], '00:10:00', '00:10'],
    [
      'not where that is forbidden',
      cron({ concurrencyPolicy: 'Forbid' }, active('x')),
      [job('x')],
      '00:10:00',
      undefined,
    ],
    [
      'then, once it has ended',
      cron({ concurrencyPolicy: 'Forbid' }, active('x')),
      [job('x', 'Failed')],
      '00:10:00',
      '00:10',
    ],
    ['by the clock of a zone', cron({ schedule: '30 5 * * *', timeZone: 'Asia/Kolkata' }), [], '00:00:00', undefined],
    ['of an unknown zone never', cron({ timeZone: 'No/Where' }), [], '00:10:00', undefined],
  ])('%s', (_, of, jobs, time, expected) => {
    expect(due(of, jobs, time)).toBe(expected)
  })
  it('is named after its minute and bears the template', () => {
    expect(decide(cron(), [], at('00:10:05')).create?.metadata).toMatchObject({
      name: `tick-${at('00:10:00') / 60_000}`,
      labels: { a: 'b' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:10:00Z' },
      ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
    })
    expect(decide(cron(), [], at('00:10:05')).recheckMs).toBe(595_100)
    const { create } = decide(cron({ timeZone: 'Asia/Kolkata' }), [], at('00:10:05'))
    expect(create?.metadata.annotations).toEqual({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T05:40:00+05:30',
    })
  })
})

it('replaces what runs', () => {
  const plan = decide(cron({ concurrencyPolicy: 'Replace' }, active('x')), [job('x')], at('00:10:00'))
  expect([plan.remove.map(({ metadata }) => metadata.name), plan.status.active, plan.create !== undefined]).toEqual([
    ['x'],
    undefined,
    true,
  ])
})

it('keeps the last few that ended', () => {
  const ended = [1, 2, 3, 4, 5].map(n => job(`c${n}`, 'Complete', `2026-01-01T00:0${n}:00Z`))
  const failed = [1, 2].map(n => job(`f${n}`, 'Failed', `2026-01-01T00:0${n}:00Z`))
  const gone = (spec: Partial<CronJob['spec']>) =>
    decide(cron({ suspend: true, ...spec }), [...ended, ...failed].reverse(), at('00:09:00')).remove.map(
      ({ metadata }) => metadata.name,
    )
  expect(gone({})).toEqual(['c1', 'c2', 'f1'])
  expect(gone({ successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 2 })).toEqual(['c1', 'c2', 'c3', 'c4', 'c5'])
})

it('says what it saw', () => {
  expect(reasons(cron({}, active('x')), [job('x', 'Complete')], '00:01:00')).toEqual(['SawCompletedJob'])
  expect(reasons(cron({}, active('x')), [], '00:01:00')).toEqual(['MissingJob'])
  expect(reasons(cron({}, active('x')), [job('x'), job('y')], '00:01:00')).toEqual(['UnexpectedJob'])
  expect(reasons(cron({ schedule: '* * * * *' }), [], '04:00:00')).toEqual(['TooManyMissedTimes'])
  expect(reasons(cron({ startingDeadlineSeconds: 60 }), [], '00:11:01')).toEqual([])
  const plan = decide(cron({}, active('x')), [job('x', 'Complete', '2026-01-01T00:00:30Z')], at('00:01:00'))
  expect(plan.status).toEqual({ lastSuccessfulTime: '2026-01-01T00:00:30Z' })
})

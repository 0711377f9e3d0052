import { describe, expect, it } from 'vitest'
import { stored } from '../testing.ts'
import { CronJob } from './cron-job.ts'
import { Job } from './job.ts'
import { cronJobErrors, jobErrors } from './rules.ts'

const labels = { job: 'a' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } }
const job = (spec: object = {}, status: object = {}): Job =>
  stored(Job, { metadata: { name: 'a' }, spec: { selector: { matchLabels: labels }, template, ...spec }, status })
const cron = (spec: object = {}, name = 'a'): CronJob =>
  stored(CronJob, { metadata: { name }, spec: { schedule: '* * * * *', jobTemplate: { spec: { template } }, ...spec } })
const texts = (errors: ReturnType<typeof jobErrors>): string[] =>
  errors.map(({ type, field, detail }) => `${field}: ${type}: ${detail}`)

it('has the defaults of upstream', () => {
  expect(job().spec).toMatchObject({
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
  })
  expect(job({ parallelism: 3 }).spec.completions).toBeUndefined()
  expect(job({ backoffLimitPerIndex: 1 }).spec.backoffLimit).toBe(2147483647)
  expect(job({ podFailurePolicy: { rules: [] } }).spec.podReplacementPolicy).toBe('Failed')
  expect(cron().spec).toMatchObject({
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  })
})

describe('a Job', () => {
  it('is right as most are', () => {
    expect(texts(jobErrors(job()))).toEqual([])
    expect(texts(jobErrors(job({ completionMode: 'Indexed', completions: 3 })))).toEqual([])
  })
  it.each<[string, object, string]>([
    [
      'always restarted',
      { template: { ...template, spec: { ...template.spec, restartPolicy: 'Always' } } },
      'spec.template.spec.restartPolicy: Required: valid values: "OnFailure", "Never"',
    ],
    ['less than nothing', { completions: -1 }, 'spec.completions: Invalid: must be greater than or equal to 0'],
    [
      'indexed without a number',
      { completionMode: 'Indexed', parallelism: 2 },
      'spec.completions: Required: when completion mode is Indexed',
    ],
    [
      'another selector',
      { selector: { matchLabels: { job: 'b' } } },
      'spec.template.metadata.labels: Invalid: `selector` does not match template `labels`',
    ],
  ])('%s', (_, spec, text) => {
    expect(texts(jobErrors(job(spec)))).toContain(text)
  })
  it('keeps what its pods are made from, but for one that never ran', () => {
    const other = { ...template, spec: { ...template.spec, containers: [{ name: 'c', image: 'j' }] } }
    expect(texts(jobErrors(job({ template: other }), job()))).toEqual(['spec.template: Invalid: field is immutable'])
    expect(texts(jobErrors(job({ template: other }), job({ suspend: true })))).toEqual([])
    expect(texts(jobErrors(job({ completions: 2 }), job()))).toEqual(['spec.completions: Invalid: field is immutable'])
    expect(texts(jobErrors(job({ parallelism: 2, completions: 1 }), job()))).toEqual([])
    const indexed = (n: number) => job({ completionMode: 'Indexed', completions: n, parallelism: n })
    expect(texts(jobErrors(indexed(5), indexed(3)))).toEqual([])
  })
})

describe('a CronJob', () => {
  it.each<[string, object, string[]]>([
    ['is right', {}, []],
    ['is right in a zone', { timeZone: 'Europe/Berlin' }, []],
    [
      'with half a schedule',
      { schedule: '* *' },
      ['spec.schedule: Invalid: expected exactly 5 fields, found 2: [* *]'],
    ],
    [
      'with a zone in its schedule',
      { schedule: 'TZ=UTC * * * * *' },
      ['spec.schedule: Invalid: cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
    ],
    ['in no known zone', { timeZone: 'No/Where' }, ['spec.timeZone: Invalid: unknown time zone No/Where']],
  ])('%s', (_, spec, expected) => {
    expect(texts(cronJobErrors(cron(spec)))).toEqual(expected)
  })
  it('has a name that leaves room for its Jobs', () => {
    expect(texts(cronJobErrors(cron({}, 'a'.repeat(53))))).toEqual([
      'metadata.name: Invalid: must be no more than 52 characters',
    ])
    expect(texts(cronJobErrors(cron({}, 'a'.repeat(52))))).toEqual([])
  })
})

it('is shown as kubectl shows it', () => {
  const nowMs = Date.parse('2026-01-01T00:10:00Z')
  const cells = (of: Job): unknown[] => Job.columns.slice(1, 4).map(column => column.cell(of, nowMs))
  const began = { startTime: '2026-01-01T00:05:00Z' }
  const ended = { ...began, completionTime: '2026-01-01T00:05:07Z', succeeded: 1 }
  expect(cells(job({}, began))).toEqual(['Running', '0/1', '5m'])
  expect(cells(job({}, { ...ended, conditions: [{ type: 'Complete', status: 'True' }] }))).toEqual([
    'Complete',
    '1/1',
    '7s',
  ])
  expect(cells(job({ parallelism: 3 }))).toEqual(['Running', '0/1 of 3', ''])
})

import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
})
afterEach(() => api.close())

const makeClass = (name: string, value: number, more: object = {}) =>
  call(api, 'POST /apis/scheduling.k8s.io/v1/priorityclasses', { body: { metadata: { name }, value, ...more } })
const makePod = (name: string, spec: object = {}) =>
  call(api, 'POST /api/v1/namespaces/default/pods', {
    body: { metadata: { name }, spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec } },
  })

it('a pod has the number of its class, and of the default one where it names none', async () => {
  expect((await makePod('a')).json.spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' })
  expect((await makeClass('high', 1000, { preemptionPolicy: 'Never' })).status).toBe(201)
  const high = (await makePod('b', { priorityClassName: 'high' })).json
  expect(high.spec).toMatchObject({ priority: 1000, preemptionPolicy: 'Never' })
  expect((await makeClass('usual', 10, { globalDefault: true })).status).toBe(201)
  expect((await makePod('c')).json.spec).toMatchObject({ priority: 10, priorityClassName: 'usual' })
  const second = await makeClass('other', 20, { globalDefault: true })
  expect(second.json).toMatchObject({
    code: 403,
    message:
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
  })
  const wrong = await makePod('d', { priorityClassName: 'high', priority: 5 })
  expect(wrong.json.message).toBe(
    'pods "d" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
  )
  expect((await makePod('e', { priorityClassName: 'high', priority: 1000 })).status).toBe(201)
  expect((await makePod('f', { priorityClassName: 'missing' })).json.message).toBe(
    'pods "f" is forbidden: no PriorityClass with name missing was found',
  )
})

it('classes keep their value, stay below the system’s, and leave it its names', async () => {
  await makeClass('high', 1000)
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses/high'
  const headers = { 'content-type': 'application/merge-patch+json' }
  const changed = await call(api, `PATCH ${path}`, { headers, body: { value: 7 } })
  expect(changed.json.message).toBe(
    'PriorityClass.scheduling.k8s.io "high" is invalid: value: Forbidden: may not be changed in an update.',
  )
  expect((await call(api, `PATCH ${path}`, { headers, body: { description: 'x' } })).status).toBe(200)
  expect((await makeClass('max', 1_000_000_000)).status).toBe(201)
  expect((await makeClass('more', 1_000_000_001)).json.message).toContain(
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  )
  expect((await makeClass('system-mine', 1)).json.message).toContain("names with 'system-' prefix are reserved")
  expect((await makeClass('system-node-critical', 2_000_001_000)).status).toBe(201)
})

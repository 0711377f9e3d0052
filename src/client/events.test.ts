import { expect, it } from 'vitest'
import { ConfigMap } from '../api/core/config-map.ts'
import { Event } from '../api/core/event.ts'
import { fakeClock } from '../host/clock/fake.ts'
import { silent } from '../lib/log.ts'
import { createEventRecorder, OFTEN } from './events.ts'
import { fakeApi } from './fake.ts'

function bench(options: Partial<Parameters<typeof createEventRecorder>[1]> = {}) {
  const clock = fakeClock()
  const api = fakeApi(clock)
  const object = api.put(ConfigMap, { metadata: { namespace: 'shop', name: 'a' } })
  const recorder = createEventRecorder({ client: api.client, clock, log: silent }, { component: 'tests', ...options })
  const events = () => api.all(Event).map(event => [event.reason, event.message, event.count])
  return { clock, api, object, recorder, events }
}

it('counts equal events in one, and keeps others apart', async () => {
  const { recorder, object, events, api, clock } = bench()
  recorder.record(object, 'Warning', 'Failed', 'no such port')
  await recorder.flush()
  await clock.advance(5000)
  recorder.record(object, 'Warning', 'Failed', 'no such port')
  recorder.record(object, 'Warning', 'Failed', 'no such port')
  recorder.record(object, 'Normal', 'Done', 'it works')
  await recorder.flush()
  expect(events()).toEqual([
    ['Failed', 'no such port', 3],
    ['Done', 'it works', 1],
  ])
  const first = api.all(Event)[0]!
  expect(first).toMatchObject({
    type: 'Warning',
    source: { component: 'tests' },
    involvedObject: { kind: 'ConfigMap', name: 'a', namespace: 'shop' },
  })
  expect([first.firstTimestamp, first.lastTimestamp]).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z'])
})

it('writes anew what was deleted', async () => {
  const { recorder, object, events, api } = bench()
  recorder.record(object, 'Normal', 'Done', 'once')
  await recorder.flush()
  api.drop(Event, { namespace: 'shop', name: api.all(Event)[0]!.metadata.name })
  recorder.record(object, 'Normal', 'Done', 'once')
  await recorder.flush()
  expect(events()).toEqual([['Done', 'once', 2]])
})

it('lets no object flood it, and recovers', async () => {
  const { recorder, object, events, clock, api } = bench({ burst: 3, refillMs: 1000 })
  const other = api.put(ConfigMap, { metadata: { namespace: 'shop', name: 'b' } })
  for (let i = 0; i < 10; i++) recorder.record(object, 'Normal', 'Many', `number ${i}`)
  recorder.record(other, 'Normal', 'Other', 'still told')
  await recorder.flush()
  expect(events().map(([, message]) => message)).toEqual(['number 0', 'number 1', 'number 2', 'still told'])
  await clock.advance(1000)
  recorder.record(object, 'Normal', 'Later', 'told again')
  await recorder.flush()
  expect(events()).toHaveLength(5)
})

it('tells again every second where others act on it', async () => {
  const { recorder, object, events, clock } = bench(OFTEN)
  for (let i = 0; i < 60; i++) {
    recorder.record(object, 'Normal', 'NeedPods', 'needed')
    await clock.advance(1000)
  }
  await recorder.flush()
  expect(events()).toEqual([['NeedPods', 'needed', 60]])
})

it('drops what does not fit, and never throws', async () => {
  const { recorder, object, events, api } = bench({ queueLength: 2, burst: 100 })
  for (let i = 0; i < 5; i++) recorder.record(object, 'Normal', 'Many', `number ${i}`)
  await recorder.flush()
  expect(events()).toHaveLength(2)
  api.intercept = () => {
    throw new Error('no')
  }
  recorder.record(object, 'Normal', 'Lost', 'x')
  await recorder.flush()
  expect(events()).toHaveLength(2)
})

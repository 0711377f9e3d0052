import { expect, it } from 'vitest'
import { fakeClock } from '../host/clock/fake.ts'
import { memoryStore } from '../store/memory/memory.ts'
import { testApi } from './testing.ts'
import { call, watch } from './testing-call.ts'

const EVENTS = '/api/v1/namespaces/default/events'
const event = (name: string) => ({
  metadata: { name },
  involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
  reason: 'Test',
})
const MINUTE_MS = 60_000

it('Events go an hour after they last changed, and nothing else goes', async () => {
  const clock = fakeClock()
  const api = await testApi(clock)
  await call(api, `POST ${EVENTS}`, { body: event('old') })
  await call(api, `POST ${EVENTS}`, { body: event('kept') })
  await call(api, 'POST /api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'map' } } })
  await clock.advance(30 * MINUTE_MS)
  const headers = { 'content-type': 'application/merge-patch+json' }
  await call(api, `PATCH ${EVENTS}/kept`, { body: { count: 2 }, headers })
  const watched = await watch(api, `${EVENTS}?watch=1&timeoutSeconds=99999&resourceVersion=${api.store.revision}`)
  await clock.advance(31 * MINUTE_MS)
  expect(await watched.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'old' } } })
  expect((await call(api, `GET ${EVENTS}/kept`)).json.count).toBe(2)
  await clock.advance(30 * MINUTE_MS)
  expect(await watched.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'kept' } } })
  expect((await call(api, 'GET /api/v1/namespaces/default/configmaps/map')).status).toBe(200)
  watched.stop()
  await api.close()
})

it('Events from before a restart go too', async () => {
  const clock = fakeClock()
  const store = memoryStore()
  const first = await testApi(clock, { store })
  await call(first, `POST ${EVENTS}`, { body: event('old') })
  first.server.close()
  const second = await testApi(clock, { store })
  const watched = await watch(second, `${EVENTS}?watch=1&timeoutSeconds=99999&resourceVersion=${store.revision}`)
  await clock.advance(61 * MINUTE_MS)
  expect((await watched.next()).type).toBe('DELETED')
  watched.stop()
  await second.close()
})

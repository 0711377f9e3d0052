import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../host/clock/real.ts'
import { LOOPBACK } from './auth/user.ts'
import type { ApiResponse } from './respond.ts'
import type { ByteSink } from './stream-body.ts'
import type { TestApi } from './testing.ts'
import { testApi } from './testing.ts'
import { call } from './testing-call.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const COUNT = 300
const TEXT = 'x'.repeat(10_000)
let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
  for (let index = 0; index < COUNT; index++)
    await api.client.create(
      { kind: 'ConfigMap', plural: 'configmaps', group: '', version: 'v1', namespaced: true } as never,
      { metadata: { namespace: 'default', name: `m${String(index).padStart(4, '0')}` }, data: { text: TEXT } } as never,
    )
})
afterEach(() => api.close())

const list = (headers: Record<string, string> = {}): Promise<ApiResponse> =>
  api.server.handle(
    {
      method: 'GET',
      path: MAPS,
      query: new URLSearchParams(),
      headers,
      body: new Uint8Array(0),
      signal: new AbortController().signal,
    },
    LOOPBACK,
  )

/** A client that takes so many bytes and no more until it is told to go on. */
function reader(wants: number) {
  let taken = 0
  let drain = (): void => {}
  const chunks: Uint8Array[] = []
  let ended: () => void
  const whole = new Promise<Buffer>(resolve => {
    ended = () => resolve(Buffer.concat(chunks))
  })
  const sink: ByteSink = {
    write(chunk) {
      chunks.push(chunk)
      taken += chunk.length
      return taken < wants
    },
    end: () => ended(),
    destroy: () => {},
    onDrain(f) {
      drain = f
    },
    onClose: () => {},
  }
  return {
    sink,
    whole,
    taken: () => taken,
    goOn() {
      wants = Number.POSITIVE_INFINITY
      drain()
    },
  }
}

it('of a large list no more is made than its client takes, and the state is that of its revision', async () => {
  const readers = []
  for (let index = 0; index < 40; index++) {
    const { body } = await list()
    const slow = reader(1)
    ;(body as (sink: ByteSink) => void)(slow.sink)
    readers.push(slow)
  }
  // 3 MB each; what is kept for one is a few pieces.
  for (const { taken } of readers) expect(taken()).toBeLessThan(300_000)
  await call(api, `DELETE ${MAPS}/m0299`)
  await call(api, `PATCH ${MAPS}/m0298`, {
    body: { data: { text: 'changed' } },
    headers: { 'content-type': 'application/merge-patch+json' },
  })
  const [one] = readers
  one!.goOn()
  const { items } = JSON.parse((await one!.whole).toString('utf8'))
  expect(items).toHaveLength(COUNT)
  expect(items.every((item: { data: { text: string } }) => item.data.text === TEXT)).toBe(true)
  expect((await call(api, `GET ${MAPS}`)).json.items).toHaveLength(COUNT - 1)
})

it('a large list is compressed on the way, no faster than it is taken', async () => {
  const { body, headers } = await list({ 'accept-encoding': 'gzip' })
  expect(headers['content-encoding']).toBe('gzip')
  const slow = reader(1)
  ;(body as (sink: ByteSink) => void)(slow.sink)
  slow.goOn()
  expect(JSON.parse(gunzipSync(await slow.whole).toString('utf8')).items).toHaveLength(COUNT)
})

it.each([
  ['Table', 'rows'],
  ['PartialObjectMetadataList', 'items'],
])('%s too comes piece by piece, and whole', async (as, field) => {
  const headers = { accept: `application/json;as=${as};v=v1;g=meta.k8s.io` }
  const slow = await call(api, `GET ${MAPS}?includeObject=Object`, { headers })
  expect(slow.json[field]).toHaveLength(COUNT)
  const none = await call(api, `GET ${MAPS}?labelSelector=none`, { headers })
  expect(none.json[field]).toEqual([])
  expect(none.json.kind).toBe(as)
})

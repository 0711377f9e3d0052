import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakeClock } from '../../host/clock/fake.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { memoryStore } from '../../store/memory/memory.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call, watch } from '../testing-call.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
let clock: FakeClock
let api: TestApi
beforeEach(async () => {
  clock = fakeClock()
  api = await testApi(clock, { store: memoryStore({ maxEvents: 20 }) })
})
afterEach(() => api.close())

const create = async (name: string, labels = {}, data = {}) =>
  (await call(api, `POST ${MAPS}`, { body: { metadata: { name, labels }, data } })).json
const relabel = async (name: string, labels: object) =>
  (
    await call(api, `PATCH ${MAPS}/${name}`, {
      body: { metadata: { labels } },
      headers: { 'content-type': 'application/merge-patch+json' },
    })
  ).json
const remove = (name: string) => call(api, `DELETE ${MAPS}/${name}`)

// biome-ignore lint/suspicious/noExplicitAny: events of every shape
const brief = ({ type, object }: any) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`

describe('watches', () => {
  it('tell exactly what came after a revision, from the past and live', async () => {
    const a = await create('a')
    const b = await create('b')
    const watched = await watch(api, `${MAPS}?watch=1&resourceVersion=${a.metadata.resourceVersion}`)
    expect(brief(await watched.next())).toBe(`ADDED b ${b.metadata.resourceVersion}`)
    const changed = await relabel('a', { x: 'y' })
    await remove('b')
    expect(brief(await watched.next())).toBe(`MODIFIED a ${changed.metadata.resourceVersion}`)
    const gone = await watched.next()
    expect(brief(gone)).toBe(`DELETED b ${api.store.revision}`)
    watched.stop()
  })

  it.each(['', '&resourceVersion=0'])('begin with what exists where no revision is given (%s)', async query => {
    await create('a')
    await create('b')
    const watched = await watch(api, `${MAPS}?watch=true${query}`)
    expect([(await watched.next()).object.metadata.name, (await watched.next()).object.metadata.name]).toEqual([
      'a',
      'b',
    ])
    await create('c')
    expect(await watched.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'c' } } })
    watched.stop()
  })

  it('lose and gain objects as they leave and enter the selection', async () => {
    const { metadata } = await create('a', { app: 'x' })
    const watched = await watch(
      api,
      `${MAPS}?watch=1&labelSelector=app%3Dx&resourceVersion=${metadata.resourceVersion}`,
    )
    const left = await relabel('a', { app: 'y' })
    const entered = await relabel('a', { app: 'x' })
    await relabel('a', { app: 'y' })
    await remove('a')
    await create('b', { app: 'x' })
    expect(await watched.next()).toMatchObject({
      type: 'DELETED',
      object: { metadata: { name: 'a', labels: { app: 'x' }, resourceVersion: left.metadata.resourceVersion } },
    })
    expect(brief(await watched.next())).toBe(`ADDED a ${entered.metadata.resourceVersion}`)
    expect((await watched.next()).type).toBe('DELETED')
    expect(await watched.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } })
    watched.stop()
  })

  it('of one name see that name alone', async () => {
    const { metadata } = await create('a')
    const from = `resourceVersion=${metadata.resourceVersion}`
    const bySelector = await watch(api, `${MAPS}?watch=1&fieldSelector=metadata.name%3Da&${from}`)
    const byPath = await watch(api, `${MAPS}/a?watch=1&${from}`)
    const everywhere = await watch(api, `/api/v1/configmaps?watch=1&fieldSelector=metadata.name%3Da&${from}`)
    await create('aa')
    await relabel('a', { x: 'y' })
    for (const watched of [bySelector, byPath, everywhere]) {
      expect(await watched.next()).toMatchObject({ type: 'MODIFIED', object: { metadata: { name: 'a' } } })
      watched.stop()
    }
  })

  it('of one namespace do not see another', async () => {
    const watched = await watch(api, `${MAPS}?watch=1&resourceVersion=${api.store.revision}`)
    await call(api, 'POST /api/v1/namespaces/kube-system/configmaps', { body: { metadata: { name: 'other' } } })
    await create('a')
    expect(await watched.next()).toMatchObject({ object: { metadata: { name: 'a' } } })
    watched.stop()
  })

  it('end with an error event when the past is gone', async () => {
    const { metadata } = await create('a')
    for (let i = 0; i < 25; i++) await create(`b${i}`)
    const watched = await watch(api, `${MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`)
    const { type, object } = await watched.next()
    expect(type).toBe('ERROR')
    expect(object).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' })
    expect(object.message).toBe(`too old resource version: ${metadata.resourceVersion} (${api.store.oldestRevision})`)
    await watched.ended()
    const present = await watch(api, `${MAPS}?watch=1&resourceVersion=${api.store.revision}`)
    await create('c')
    expect((await present.next()).type).toBe('ADDED')
    present.stop()
  })

  it('mark the end of the initial events (WatchList)', async () => {
    await create('a')
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watched = await watch(api, `${MAPS}?${query}`)
    expect(await watched.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } })
    expect(await watched.next()).toMatchObject({
      type: 'BOOKMARK',
      object: {
        kind: 'ConfigMap',
        metadata: { resourceVersion: String(api.store.revision), annotations: { 'k8s.io/initial-events-end': 'true' } },
      },
    })
    await create('b')
    expect(await watched.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } })
    watched.stop()
  })

  it.each([
    ['sendInitialEvents=true', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
    [
      'resourceVersionMatch=NotOlderThan',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    ['sendInitialEvents=true&resourceVersionMatch=Exact', 'Unsupported value'],
    ['resourceVersion=9999', 'Timeout: Too large resource version: 9999, current: '],
  ])('refuse %s', async (query, text) => {
    const answer = await call(api, `GET ${MAPS}?watch=1&${query}`)
    expect(answer.status).toBe(query.includes('9999') ? 504 : 422)
    expect(answer.json.message).toContain(text)
  })

  it('hear bookmarks every minute, on demand and before they end, if they want any', async () => {
    const wants = await watch(
      api,
      `${MAPS}?watch=1&resourceVersion=${api.store.revision}&allowWatchBookmarks=true&timeoutSeconds=90`,
    )
    const wantsNone = await watch(api, `${MAPS}?watch=1&resourceVersion=${api.store.revision}&timeoutSeconds=90`)
    await call(api, 'POST /api/v1/namespaces/kube-system/configmaps', { body: { metadata: { name: 'other' } } })
    const { json } = await call(api, 'POST /fairlead/bookmarks')
    expect(json).toEqual({ resourceVersion: String(api.store.revision) })
    const bookmark = {
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: json.resourceVersion } },
    }
    expect(await wants.next()).toMatchObject(bookmark)
    await clock.advance(61_000)
    expect(await wants.next()).toMatchObject(bookmark)
    await clock.advance(30_000)
    expect(await wants.next()).toMatchObject(bookmark)
    await expect(wants.next()).rejects.toThrow('ended')
    await expect(wantsNone.next()).rejects.toThrow('ended')
  })

  it('carry tables, and metadata alone, where these are asked for', async () => {
    const { metadata } = await create('a')
    const from = `${MAPS}?watch=1&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}`
    const table = await watch(api, from, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' })
    const partial = await watch(api, from, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })
    const plain = await watch(api, from)
    await create('b', {}, { k: 'v' })
    await call(api, 'POST /fairlead/bookmarks')
    const event = await table.next()
    expect(event).toMatchObject({
      type: 'ADDED',
      object: { kind: 'Table', rows: [{ object: { kind: 'PartialObjectMetadata' } }] },
    })
    expect(event.object.rows[0].cells[0]).toBe('b')
    expect(await table.next()).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Table', rows: [] } })
    const part = await partial.next()
    expect(part.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'b' } })
    expect(part.object.data).toBeUndefined()
    expect((await plain.next()).object.data).toEqual({ k: 'v' })
    for (const watched of [table, partial, plain]) watched.stop()
  })

  it('end when the server closes', async () => {
    const watched = await watch(api, `${MAPS}?watch=1`)
    api.server.close()
    await expect(watched.next()).rejects.toThrow('ended')
  })
})

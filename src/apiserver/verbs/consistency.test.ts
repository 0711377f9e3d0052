import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { memoryStore } from '../../store/memory/memory.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call, watch } from '../testing-call.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
let api: TestApi
beforeEach(async () => {
  api = await testApi(fakeClock(), { store: memoryStore({ maxEvents: 30 }) })
})
afterEach(() => api.close())

const create = async (name: string): Promise<number> =>
  Number((await call(api, `POST ${MAPS}`, { body: { metadata: { name } } })).json.metadata.resourceVersion)
const list = async (query: string) => (await call(api, `GET ${MAPS}?${query}`)).json
const names = (json: { items: { metadata: { name: string } }[] }) => json.items.map(item => item.metadata.name)

describe('which state a list shows (k8s.io docs, API concepts, "resource versions")', () => {
  it('is the newest, unless a revision is exact: by name, or by a limit with a revision and nothing else', async () => {
    await create('a')
    const old = await create('b')
    await create('c')
    const shown = async (query: string) => names(await list(query.replace('OLD', String(old))))
    expect(await shown('')).toEqual(['a', 'b', 'c'])
    expect(await shown('resourceVersion=OLD')).toEqual(['a', 'b', 'c'])
    expect(await shown('resourceVersion=OLD&resourceVersionMatch=NotOlderThan&limit=5')).toEqual(['a', 'b', 'c'])
    expect(await shown('resourceVersion=OLD&resourceVersionMatch=Exact')).toEqual(['a', 'b'])
    expect(await shown('resourceVersion=OLD&limit=5')).toEqual(['a', 'b'])
    expect(await shown('limit=2')).toEqual(['a', 'b'])
    expect(await shown('resourceVersion=0&limit=2')).toEqual(['a', 'b', 'c'])
  })

  it('is told with its revision, which a page keeps', async () => {
    await create('a')
    const old = await create('b')
    await create('c')
    const first = await list(`resourceVersion=${old}&limit=1`)
    expect([names(first), first.metadata.resourceVersion, first.metadata.remainingItemCount]).toEqual([
      ['a'],
      String(old),
      1,
    ])
    expect(names(await list(`limit=5&continue=${first.metadata.continue}`))).toEqual(['b'])
  })

  it('is refused when it is forgotten, with words of its own for pages; the token that comes along goes on from the present', async () => {
    const old = await create('a')
    await create('b')
    const { metadata } = await list('limit=1')
    for (let n = 0; n < 40; n++) await create(`x${n}`)
    expect(await list(`resourceVersion=${old}&resourceVersionMatch=Exact`)).toMatchObject({
      code: 410,
      reason: 'Expired',
      message: 'The resourceVersion for the provided list is too old.',
    })
    const refused = await list(`limit=10&continue=${metadata.continue}`)
    expect(refused).toMatchObject({ code: 410, reason: 'Expired' })
    const next = await list(`limit=10&continue=${refused.metadata.continue}`)
    expect(names(next)[0]).toBe('b')
    expect(next.metadata.resourceVersion).toBe(String(api.store.revision))
    // From here on its pages are of one state again.
    const gone = await call(api, `DELETE ${MAPS}/x9`)
    expect(gone.status).toBe(200)
    expect(names(await list(`limit=100&continue=${next.metadata.continue}`))).toContain('x9')
  })

  it('of one object is not older than what is asked for', async () => {
    const revision = await create('a')
    expect((await call(api, `GET ${MAPS}/a?resourceVersion=${revision}`)).status).toBe(200)
    expect((await call(api, `GET ${MAPS}/a?resourceVersion=0`)).status).toBe(200)
    expect((await call(api, `GET ${MAPS}/a?resourceVersion=${revision + 100}`)).json).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: `Timeout: Too large resource version: ${revision + 100}, current: ${api.store.revision}`,
    })
  })
})

describe('a large state that a watch begins with', () => {
  const count = 1200

  it('comes page by page and whole, and what happens meanwhile comes after it', async () => {
    await api.close()
    api = await testApi(fakeClock(), { store: memoryStore({ maxEvents: 5000 }) })
    const all = Array.from({ length: count }, (_, n) => `n${String(n).padStart(4, '0')}`)
    await Promise.all(all.map(create))
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watched = await watch(api, `${MAPS}?${query}`)
    const revision = api.store.revision
    await call(api, `DELETE ${MAPS}/n1100`)
    await create('later')
    const seen: string[] = []
    for (;;) {
      const { type, object } = await watched.next()
      if (type === 'BOOKMARK') {
        expect(object.metadata).toMatchObject({
          resourceVersion: String(revision),
          annotations: { 'k8s.io/initial-events-end': 'true' },
        })
        break
      }
      expect(type).toBe('ADDED')
      seen.push(object.metadata.name)
    }
    expect(seen).toEqual(all)
    expect((await watched.next()).type).toBe('DELETED')
    expect((await watched.next()).object.metadata.name).toBe('later')
    watched.stop()
  })
})

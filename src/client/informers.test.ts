import { afterEach, describe, expect, it } from 'vitest'
import { ConfigMap } from '../api/core/config-map.ts'
import { fakeClock } from '../host/clock/fake.ts'
import { fakeApi } from './fake.ts'
import type { Change, Informer } from './mod.ts'
import { eventually, type TestBench, testBench } from './testing.ts'
import { ConnectionError } from './transport.ts'

let bench: TestBench
afterEach(() => bench.close())

const put = (name: string, data: Record<string, string> = {}): ConfigMap =>
  bench.api.put(ConfigMap, { metadata: { namespace: 'shop', name }, data })
const names = (informer: Informer<ConfigMap>): string[] =>
  informer
    .list()
    .map(object => object.metadata.name)
    .sort()

async function started() {
  const informer = bench.informers.of(ConfigMap)
  const changes: string[] = []
  informer.onChange(({ type, object }: Change<ConfigMap>) =>
    changes.push(`${type} ${object.metadata.name} ${object.data?.v ?? ''}`.trim()),
  )
  await bench.informers.sync(bench.signal)
  return { informer, changes }
}
/** Every change told once and in order leads from nothing to what the API holds. */
function replayed(changes: readonly string[]): string[] {
  const held = new Set<string>()
  for (const change of changes) {
    const [type, name] = change.split(' ') as [string, string]
    if (type === 'added') expect(held.has(name), `${change}: a duplicate`).toBe(false)
    else expect(held.has(name), `${change}: a gap`).toBe(true)
    if (type === 'deleted') held.delete(name)
    else held.add(name)
  }
  return [...held].sort()
}
/** The resourceVersion of every watch there was. */
const watches = (): number[] =>
  bench.api.requests.flatMap(line => Number(/watch=1.*resourceVersion=(\d+)/.exec(line)?.[1] ?? Number.NaN) || [])
const stored = (): string[] =>
  bench.api
    .all(ConfigMap)
    .map(object => object.metadata.name)
    .sort()

describe('a cache that follows the API', () => {
  it('lists in pages, then watches', async () => {
    bench = testBench({ pageSize: 2 })
    for (const name of ['a', 'b', 'c', 'd', 'e']) put(name)
    const { informer, changes } = await started()
    expect(names(informer)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(bench.api.requests.filter(line => line.includes('limit=2'))).toHaveLength(3)
    put('f')
    put('a', { v: '2' })
    bench.api.drop(ConfigMap, { namespace: 'shop', name: 'b' })
    await eventually(() => changes.length === 8)
    expect(changes.slice(5)).toEqual(['added f', 'changed a 2', 'deleted b'])
    expect(informer.get({ namespace: 'shop', name: 'a' })?.data).toEqual({ v: '2' })
    expect(informer.list('other')).toEqual([])
  })

  it('starts slowly where the API does, and says nothing before', async () => {
    bench = testBench()
    put('a')
    let refusals = 3
    bench.api.intercept = () => {
      if (refusals-- > 0) throw new ConnectionError('nothing listens there', { code: 'ECONNREFUSED' })
      return undefined
    }
    const informer = bench.informers.of(ConfigMap)
    const syncing = bench.informers.sync(bench.signal)
    expect([informer.synced, bench.progress.progress().observed]).toEqual([false, 0])
    await syncing
    expect([informer.synced, names(informer)]).toEqual([true, ['a']])
  })

  it.each([
    ['a cut connection', () => bench.api.cutWatches()],
    ['a deadline', () => bench.api.endWatches()],
    ['a line that is not JSON', () => bench.api.cutWatches('{"type":"ADDED","object":{]\n')],
    ['half a line', () => bench.api.cutWatches('{"type":"ADDED","object":{"metadata":{"name":"gh')],
    [
      'an error event',
      () => bench.api.cutWatches('{"type":"ERROR","object":{"code":500,"reason":"InternalError","message":"no"}}\n'),
    ],
  ])('survives %s with no gap and no duplicate', async (_, fault) => {
    bench = testBench()
    put('a')
    const { informer, changes } = await started()
    for (let round = 0; round < 10; round++) {
      await eventually(() => watches().length > round)
      put(`r${round}`)
      if (round % 2 === 1) await eventually(() => informer.get({ namespace: 'shop', name: `r${round}` }) !== undefined)
      fault()
      put('a', { v: String(round) })
      if (round % 3 === 2) bench.api.drop(ConfigMap, { namespace: 'shop', name: `r${round - 1}` })
    }
    const lastOf = () => informer.get({ namespace: 'shop', name: 'a' })?.data?.v
    await eventually(() => lastOf() === '9' && names(informer).join() === stored().join())
    expect(replayed(changes)).toEqual(stored())
    expect(watches()).toHaveLength(11)
    expect(watches(), 'it goes on where it was').toEqual(watches().toSorted((a, b) => a - b))
    expect(watches().at(-1)).toBeGreaterThan(watches()[0]! + 10)
    expect(bench.api.requests.filter(line => line.includes('limit='))).toHaveLength(1)
  })

  it('lists again after 410 and reports what went while it was away', async () => {
    bench = testBench()
    for (const name of ['a', 'b', 'c']) put(name)
    const { informer, changes } = await started()
    let cut = true
    bench.api.intercept = () => {
      if (cut) throw new ConnectionError('away')
      return undefined
    }
    bench.api.cutWatches()
    bench.api.drop(ConfigMap, { namespace: 'shop', name: 'a' })
    put('b', { v: '2' })
    put('d')
    bench.api.compact()
    cut = false
    await eventually(() => names(informer).join() === 'b,c,d')
    expect(changes.slice(3).sort()).toEqual(['added d', 'changed b 2', 'deleted a'])
    await eventually(() => watches().length === 3)
    expect(new Set(watches()).size, 'what is too old is asked for once').toBe(2)
    expect(replayed(changes)).toEqual(['b', 'c', 'd'])
  })

  it('reports an object made anew under the same name as deleted and added', async () => {
    bench = testBench()
    put('a')
    const { changes } = await started()
    bench.api.cutWatches()
    bench.api.put(ConfigMap, { metadata: { namespace: 'shop', name: 'a', uid: 'another' } })
    bench.api.compact()
    await eventually(() => changes.length === 3)
    expect(changes).toEqual(['added a', 'deleted a', 'added a'])
  })

  it('takes a silent watch for dead', async () => {
    const clock = fakeClock()
    bench = testBench({ idleMs: 1000, backoff: { minMs: 10, maxMs: 10 } }, fakeApi(clock), clock)
    await started()
    const watches = (): number => bench.api.requests.filter(line => line.includes('watch=')).length
    await eventually(() => watches() === 1)
    await clock.advance(900)
    bench.api.bookmark()
    await clock.advance(900)
    expect(watches()).toBe(1)
    await clock.advance(600)
    expect(watches()).toBe(2)
  })

  it('counts bookmarks as progress', async () => {
    bench = testBench()
    put('a')
    await started()
    await eventually(() => bench.progress.progress().observed === bench.api.revision)
    await bench.api.client.create(ConfigMap, { metadata: { namespace: 'shop', name: 'b' } })
    const version = Number(bench.api.bookmark())
    await eventually(() => bench.progress.progress().observed >= version)
  })

  it('takes its first list from the watch where asked', async () => {
    bench = testBench({ watchList: true })
    put('a')
    const { informer } = await started()
    expect(names(informer)).toEqual(['a'])
    expect(bench.api.requests.some(line => line.includes('limit='))).toBe(false)
    put('b')
    await eventually(() => names(informer).join() === 'a,b')
  })

  it('shares one watch per kind and selection, with indexes from all', async () => {
    bench = testBench()
    put('a', { v: '1' })
    const plain = bench.informers.of(ConfigMap)
    await bench.informers.sync(bench.signal)
    const byValue = (object: ConfigMap): string[] => Object.values(object.data ?? {})
    const indexed = bench.informers.of(ConfigMap, { indexes: { value: byValue } })
    const other = bench.informers.of(ConfigMap, { namespace: 'shop' })
    await bench.informers.sync(bench.signal)
    expect(bench.api.requests.filter(line => line.includes('limit='))).toHaveLength(2)
    expect(other.list()).toHaveLength(1)
    expect(indexed.list()).toBe(plain.list())
    expect(indexed.by('value', '1').map(object => object.metadata.name)).toEqual(['a'])
    put('a', { v: '2' })
    await eventually(() => indexed.by('value', '2').length === 1)
    expect(indexed.by('value', '1')).toEqual([])
    const otherwise = bench.informers.of(ConfigMap, { indexes: { value: () => ['all'] } })
    expect([otherwise.by('value', 'all').length, indexed.by('value', 'all').length]).toEqual([1, 0])
    expect(() => plain.by('value', '2')).toThrow(/no such index/)
  })

  it('keeps only what trim keeps', async () => {
    bench = testBench()
    put('a', { large: 'x' })
    const trim = ({ data: _, ...rest }: ConfigMap): ConfigMap => rest
    const informer = bench.informers.of(ConfigMap, { trim })
    await bench.informers.sync(bench.signal)
    expect(informer.list()[0]).not.toHaveProperty('data')
  })
})

it('ends one that has a signal, and only that', async () => {
  bench = testBench()
  put('a')
  const ended = new AbortController()
  const lasting = bench.informers.of(ConfigMap)
  const passing = bench.informers.of(ConfigMap, { signal: ended.signal })
  await bench.informers.sync(bench.signal)
  await eventually(() => bench.progress.progress().observed === bench.api.revision)
  ended.abort(new Error('enough'))
  put('b')
  const version = Number(bench.api.bookmark())
  await eventually(() => bench.progress.progress().observed >= version)
  expect([names(lasting), names(passing)]).toEqual([['a', 'b'], ['a']])
})

describe('its own writes', () => {
  it('stand in the cache when the write returns, and are told once', async () => {
    bench = testBench()
    const { informer, changes } = await started()
    const { client } = bench.informers
    const key = { namespace: 'shop', name: 'a' }
    const made = await client.create(ConfigMap, { metadata: key })
    expect(informer.get(key)).toEqual(made)
    const updated = await client.update(ConfigMap, { ...made, data: { v: '2' } })
    expect(informer.get(key)).toEqual(updated)
    await client.delete(ConfigMap, key)
    expect(informer.get(key)).toBeUndefined()
    await client.create(ConfigMap, { metadata: key })
    expect(informer.get(key)).toBeDefined()
    const version = Number(bench.api.bookmark())
    await eventually(() => bench.progress.progress().observed >= version)
    expect(changes).toEqual(['added a', 'changed a 2', 'deleted a 2', 'added a'])
    expect(names(informer)).toEqual(['a'])
  })

  it('do not bring back what another has deleted since', async () => {
    bench = testBench()
    const { informer } = await started()
    const key = { namespace: 'shop', name: 'a' }
    const made = await bench.api.client.create(ConfigMap, { metadata: key })
    await eventually(() => informer.get(key) !== undefined)
    let answer = (): void => {}
    const held = new Promise<void>(resolve => {
      answer = resolve
    })
    const handle = bench.api.handle
    bench.api.intercept = async request => {
      if (request.method !== 'PUT') return undefined
      bench.api.intercept = undefined
      const response = await handle(request)
      await held
      return response
    }
    const updating = bench.informers.client.update(ConfigMap, { ...made, data: { v: '2' } })
    await eventually(() => informer.get(key)?.data?.v === '2')
    bench.api.drop(ConfigMap, key)
    await eventually(() => informer.get(key) === undefined)
    answer()
    await updating
    expect(informer.get(key)).toBeUndefined()
  })

  it('that delete are not undone by what the watch tells late', async () => {
    bench = testBench()
    const { informer, changes } = await started()
    const key = { namespace: 'shop', name: 'a' }
    const made = await bench.api.client.create(ConfigMap, { metadata: key })
    await eventually(() => informer.get(key) !== undefined)
    const release = bench.api.holdWatches()
    await bench.api.client.update(ConfigMap, { ...made, data: { v: '2' } })
    await bench.informers.client.delete(ConfigMap, key)
    expect(informer.get(key)).toBeUndefined()
    put('b')
    release()
    await eventually(() => changes.includes('added b'))
    expect(changes).toEqual(['added a', 'deleted a', 'added b'])
  })

  it('survive a list that was older', async () => {
    bench = testBench()
    const { informer, changes } = await started()
    const seen = await bench.api.client.list(ConfigMap)
    bench.api.compact()
    const key = { namespace: 'shop', name: 'mine' }
    let first = true
    bench.api.intercept = async request => {
      if (!first || !request.path.includes('limit=')) return undefined
      first = false
      await bench.informers.client.create(ConfigMap, { metadata: key })
      const body = { metadata: { resourceVersion: seen.resourceVersion }, items: seen.items }
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) }
    }
    bench.api.cutWatches()
    put('b')
    bench.api.compact()
    await eventually(
      () => !first && names(informer).join() === 'b,mine',
      () => [first, names(informer), bench.api.requests.slice(-10), bench.api.requests.length],
    )
    expect(changes.toSorted()).toEqual(['added b', 'added mine'])
  })
})

describe('speed', () => {
  it('holds 10,000 objects', async () => {
    bench = testBench()
    for (let i = 0; i < 10_000; i++) put(`cm-${i}`, { v: String(i) })
    const { informer, changes } = await started()
    expect(informer.list()).toHaveLength(10_000)
    expect(changes).toHaveLength(10_000)
    expect(informer.list()).toBe(informer.list())
  })
})

describe('a kind that the API may lack', () => {
  const missing = (path: string): boolean => path.includes('/configmaps')
  const absent = () => {
    bench.api.intercept = ({ path }) => {
      if (!missing(path)) return undefined
      const status = {
        kind: 'Status',
        code: 404,
        reason: 'NotFound',
        message: 'the server could not find the requested resource',
      }
      return { status: 404, headers: {}, body: Buffer.from(JSON.stringify(status)) }
    }
  }

  it('is empty, holds nobody up, and is there once the API has it', async () => {
    bench = testBench({ absentMs: 5 })
    absent()
    put('early')
    const informer = bench.informers.of(ConfigMap, { optional: true })
    await bench.informers.sync(bench.signal)
    expect(names(informer)).toEqual([])
    expect(informer.synced).toBe(true)
    expect(bench.progress.progress().observed).toBe(Number.MAX_SAFE_INTEGER)
    bench.api.intercept = undefined
    await eventually(() => names(informer).length === 1)
    expect(bench.progress.progress().observed).toBe(bench.api.revision)
    // It goes again: what was there is gone.
    absent()
    bench.api.compact()
    bench.api.cutWatches()
    await eventually(() => names(informer).length === 0)
  })

  it('is waited for where somebody cannot do without it', async () => {
    bench = testBench({ absentMs: 5, backoff: { minMs: 1, maxMs: 2 } })
    absent()
    put('early')
    const informer = bench.informers.of(ConfigMap)
    const synced = bench.informers.sync(bench.signal)
    await eventually(() => bench.api.requests.filter(missing).length > 3)
    expect(informer.synced).toBe(false)
    bench.api.intercept = undefined
    await synced
    expect(names(informer)).toEqual(['early'])
  })
})

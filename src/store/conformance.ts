import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store, StoreEvent, StoreOptions } from './mod.ts'
import { RevisionCompacted, RevisionInFuture, WriteConflict } from './mod.ts'

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
export const put = (value: string) => () => ({ bytes: Buffer.from(value), object: value })

const summary = (event: StoreEvent): string =>
  `${event.type} ${event.key}=${text(event.value)} was ${event.previous ? text(event.previous.value) : 'nothing'}`

/** What every driver of the store must do. open is called once a test; reopen, where state survives, opens it again. */
export function storeConformance(
  name: string,
  open: (options?: StoreOptions) => Store,
  reopen?: (options?: StoreOptions) => Store,
): void {
  describe(`${name}: store conformance`, () => {
    let store: Store
    beforeEach(() => {
      store = open()
    })
    afterEach(() => store.close())

    const create = (key: string, value = key) => store.write({ op: 'create', key, encode: put(value) })

    it('gives back what was written, with a revision that grows', async () => {
      const first = await create('a')
      const second = await create('b')
      expect(second.revision).toBeGreaterThan(first.revision)
      expect(text(store.get('a')!.value)).toBe('a')
      expect(store.get('b')).toMatchObject({ createRevision: second.revision, revision: second.revision })
      expect(store.revision).toBe(second.revision)
      expect(store.get('c')).toBeUndefined()
    })

    it('tells the revision to the encoder', async () => {
      const stored = await store.write({
        op: 'create',
        key: 'a',
        encode: revision => ({ bytes: Buffer.from(String(revision)) }),
      })
      expect(text(store.get('a')!.value)).toBe(String(stored.revision))
    })

    it('refuses to create twice, to update what is missing or changed, and allows what is right', async () => {
      await expect(store.write({ op: 'update', key: 'a', expect: 1, encode: put('x') })).rejects.toMatchObject({
        reason: 'missing',
      })
      const { revision } = await create('a')
      await expect(create('a')).rejects.toMatchObject({ reason: 'exists' })
      await expect(
        store.write({ op: 'update', key: 'a', expect: revision - 1, encode: put('x') }),
      ).rejects.toBeInstanceOf(WriteConflict)
      const updated = await store.write({ op: 'update', key: 'a', expect: revision, encode: put('x') })
      expect(updated.createRevision).toBe(revision)
      await expect(store.write({ op: 'delete', key: 'a', expect: revision, encode: put('x') })).rejects.toMatchObject({
        reason: 'changed',
      })
      await store.write({ op: 'delete', key: 'a', expect: updated.revision, encode: put('last') })
      expect(store.get('a')).toBeUndefined()
      expect((await create('a')).createRevision).toBe(store.revision)
    })

    it('compares with writes that are still on their way, and shows readers only what is durable', async () => {
      const both = Promise.all([create('a'), create('a').catch((error: WriteConflict) => error.reason)])
      expect(text(store.head('a')!.value)).toBe('a')
      expect(store.get('a')).toBeUndefined()
      expect((await both)[1]).toBe('exists')
      const { revision } = store.get('a')!
      const first = store.write({ op: 'update', key: 'a', expect: revision, encode: put('1') })
      const second = store.write({ op: 'update', key: 'a', expect: store.head('a')!.revision, encode: put('2') })
      await Promise.all([first, second])
      expect(text(store.get('a')!.value)).toBe('2')
    })

    it('lists a prefix in order, in pages, at one revision', async () => {
      for (const key of ['b/2', 'a/1', 'b/1', 'b/3', 'c']) await create(key)
      const first = store.range('b/', { limit: 2 })
      expect(first.items.map(item => item.key)).toEqual(['b/1', 'b/2'])
      expect(first.remaining).toBe(1)
      await create('b/25')
      await store.write({ op: 'delete', key: 'b/3', expect: store.get('b/3')!.revision, encode: put('') })
      const rest = store.range('b/', { startAfter: 'b/2', atRevision: first.revision })
      expect(rest.items.map(item => [item.key, text(item.value)])).toEqual([['b/3', 'b/3']])
      expect(store.range('b/').items.map(item => item.key)).toEqual(['b/1', 'b/2', 'b/25'])
    })

    it('keeps thousands of keys sorted whatever the order of writing', async () => {
      const keys = Array.from({ length: 3000 }, (_, i) => `k/${String((i * 7919) % 3000).padStart(4, '0')}`)
      await Promise.all(keys.map(key => create(key)))
      expect(store.range('k/').items.map(item => item.key)).toEqual([...keys].sort())
      await Promise.all(
        keys
          .slice(0, 2990)
          .map(key => store.write({ op: 'delete', key, expect: store.get(key)!.revision, encode: put('') })),
      )
      expect(store.range('k/').items.map(item => item.key)).toEqual(keys.slice(2990).sort())
    })

    it('makes a transaction wholly or not at all', async () => {
      await create('a')
      await expect(
        store.transaction([
          { op: 'create', key: 'b', encode: put('b') },
          { op: 'create', key: 'a', encode: put('a') },
        ]),
      ).rejects.toMatchObject({ reason: 'exists' })
      expect(store.head('b')).toBeUndefined()
      const seen: number[] = []
      store.watch('', store.revision, events => seen.push(events.length))
      await store.transaction([
        { op: 'create', key: 'b', encode: put('b') },
        { op: 'create', key: 'c', encode: put('c') },
      ])
      expect(store.range('').items).toHaveLength(3)
      expect(seen.filter(count => count > 0)).toEqual([2])
    })

    it('makes what is submitted in the very moment in which something else was made', async () => {
      for (const key of ['a', 'b', 'c']) await store.transaction([{ op: 'create', key, encode: put(key) }])
      expect(store.range('').items.map(item => item.key)).toEqual(['a', 'b', 'c'])
    })

    it('watches a prefix from a revision: the past, then the present, with the state before each', async () => {
      const { revision } = await create('a/1', 'one')
      await create('b/1')
      await store.write({ op: 'update', key: 'a/1', expect: revision, encode: put('two') })
      const events: StoreEvent[] = []
      const stop = store.watch('a/', revision, batch => events.push(...batch))
      expect(events.map(summary)).toEqual(['put a/1=two was one'])
      await store.write({ op: 'delete', key: 'a/1', expect: store.get('a/1')!.revision, encode: put('last') })
      await create('a/1', 'again')
      expect(events.map(summary).slice(1)).toEqual(['delete a/1=last was two', 'put a/1=again was nothing'])
      expect(events[1]!.object).toBe('last')
      expect(events.map(event => event.revision)).toEqual(
        [...events.map(event => event.revision)].sort((a, b) => a - b),
      )
      stop()
      await create('a/2')
      expect(events).toHaveLength(3)
    })

    it('hands each listener of a batch what is below its prefix, and those of one prefix the same array', async () => {
      const prefixes = ['', 'a/', 'a/x/', 'a/x/1', 'a/x/12', 'b/', 'b/y/1', 'c/']
      const handed = async (...keys: readonly string[]): Promise<Record<string, readonly string[]>> => {
        const seen: Record<string, readonly string[]> = {}
        const stops = prefixes.map(prefix =>
          store.watch(prefix, store.revision, batch => {
            expect(seen[prefix]).toBeUndefined()
            seen[prefix] = batch.map(({ key }) => key)
          }),
        )
        await store.transaction(keys.map(key => ({ op: 'create', key, encode: put(key) })))
        for (const stop of stops) stop()
        return seen
      }
      const below = (keys: readonly string[]) =>
        Object.fromEntries(
          prefixes
            .map(prefix => [prefix, keys.filter(key => key.startsWith(prefix))] as const)
            .filter(([, own]) => own.length > 0),
        )
      for (const keys of [['a/x/1'], ['a/x/12', 'a/x/13'], ['a/z', 'a/x/2'], ['b/y/1', 'a/x/121', 'b/z', 'd'], ['c']])
        expect(await handed(...keys)).toEqual(below(keys))
      const arrays: unknown[] = []
      const stops = [1, 2].map(() => store.watch('e/', store.revision, batch => arrays.push(batch)))
      await store.transaction(['e/1', 'f'].map(key => ({ op: 'create', key, encode: put(key) })))
      for (const stop of stops) stop()
      expect(arrays[0]).toBe(arrays[1])
      expect(arrays).toHaveLength(2)
    })

    it('bounds the past: what is gone is refused, what is kept is exact', async () => {
      await store.close()
      store = open({ maxEvents: 3 })
      await create('a')
      for (let i = 0; i < 5; i++)
        await store.write({ op: 'update', key: 'a', expect: store.get('a')!.revision, encode: put(String(i)) })
      const oldest = store.oldestRevision
      expect(store.revision - oldest).toBe(3)
      expect(() => store.watch('', oldest - 1, () => {})).toThrow(RevisionCompacted)
      expect(() => store.get('a', oldest - 1)).toThrow(RevisionCompacted)
      expect(text(store.get('a', oldest)!.value)).toBe('1')
      expect(() => store.range('', { atRevision: store.revision + 1 })).toThrow(RevisionInFuture)
      store.compact(store.revision)
      expect(store.oldestRevision).toBe(store.revision)
      expect(text(store.get('a')!.value)).toBe('4')
    })

    it('finds a key deleted and compacted nowhere, and one written since the compaction everywhere', async () => {
      await create('a')
      const { revision } = await create('b')
      await store.write({ op: 'delete', key: 'b', expect: revision, encode: put('') })
      expect(store.get('b', revision)).toBeDefined()
      store.compact(store.revision)
      expect(store.get('b')).toBeUndefined()
      expect(store.range('').items.map(item => item.key)).toEqual(['a'])
      await create('b')
      expect(store.range('').items.map(item => item.key)).toEqual(['a', 'b'])
    })

    it('updates a key whose value is outside the kept past', async () => {
      const { revision } = await create('a', 'old')
      store.compact(store.revision)
      const events: StoreEvent[] = []
      store.watch('', store.revision, batch => events.push(...batch))
      await store.write({ op: 'update', key: 'a', expect: revision, encode: put('new') })
      expect(events.map(summary)).toEqual(['put a=new was old'])
    })

    it.runIf(reopen)('finds everything again after it was closed', async () => {
      await Promise.all(Array.from({ length: 100 }, (_, i) => create(`k/${i}`)))
      await store.write({ op: 'delete', key: 'k/7', expect: store.get('k/7')!.revision, encode: put('') })
      const before = store.range('').items.map(item => [item.key, item.createRevision, item.revision, text(item.value)])
      const { revision } = store
      await store.close()
      store = reopen!()
      expect(store.revision).toBe(revision)
      expect(store.oldestRevision).toBe(revision)
      expect(
        store.range('').items.map(item => [item.key, item.createRevision, item.revision, text(item.value)]),
      ).toEqual(before)
      expect((await create('new')).revision).toBe(revision + 1)
    })

    it('refuses writes once closed', async () => {
      await create('a')
      await store.close()
      await expect(create('b')).rejects.toThrow('closed')
      store = open()
    })
  })
}

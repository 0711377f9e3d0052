import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { open } from 'lmdb'
import { afterAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../client/backoff.ts'
import { slowness } from '../../host/clock/testing.ts'
import { flockDriver } from '../../host/lock/real.ts'
import type { Thread, ThreadDriver } from '../../host/thread/mod.ts'
import { put, text } from '../conformance.ts'
import type { Store, StoreOptions } from '../mod.ts'
import type { LmdbStoreOptions } from './lmdb.ts'
import { openLmdbStore } from './lmdb.ts'
import { testThreads } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-thread-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
let path = ''
/** The store once its thread has taken over, and the thread. */
async function threaded(
  options: StoreOptions & Pick<LmdbStoreOptions, 'broken'> = {},
): Promise<{ store: Store; thread: Thread; posted: () => number }> {
  let started: Thread | undefined
  let posted = 0
  let ready = (): void => {}
  const taken = new Promise<void>(resolve => {
    ready = resolve
  })
  const threads: ThreadDriver = {
    start(name, data) {
      const thread = testThreads.start(name, data)
      thread.onMessage(ready)
      thread.hold(true)
      started = {
        ...thread,
        post(message) {
          posted++
          thread.post(message)
        },
      }
      return started
    },
  }
  path = join(folder, String(count++))
  const store = openLmdbStore(flockDriver, { ...options, path, threads })
  await taken
  await turn()
  return { store, thread: started!, posted: () => posted }
}

describe('the commit thread', { timeout: 60_000 }, () => {
  it('makes what it is given durable: the same as a model says, after many changes and a reopening', async () => {
    const { store, posted } = await threaded({ maxEvents: 40 })
    const random = seededRandom(7)
    const model = new Map<string, string>()
    for (let round = 0; round < 100; round++) {
      const writes = Array.from({ length: 1 + Math.floor(random() * 40) }, async () => {
        const key = `k${Math.floor(random() * 300)}`
        const value = `${key} ${round} `.padEnd(10 + Math.floor(random() * 9000), String(random()))
        const head = store.head(key)
        if (!head) {
          model.set(key, value)
          await store.write({ op: 'create', key, encode: put(value) })
        } else if (random() < 0.3) {
          model.delete(key)
          await store.write({ op: 'delete', key, expect: head.revision, encode: put('') })
        } else {
          model.set(key, value)
          await store.write({ op: 'update', key, expect: head.revision, encode: put(value) })
        }
      })
      // Read while the thread writes: only what is durable, and never another value than was written.
      for (const { key, value } of store.range('').items) expect(text(value).startsWith(`${key} `)).toBe(true)
      await Promise.all(writes)
    }
    expect(posted()).toBeGreaterThan(60)
    const all = (from: Store) => from.range('').items.map(({ key, value }) => [key, text(value)])
    const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1))
    expect(all(store)).toEqual(expected)
    const { revision } = store
    await store.close()
    const again = openLmdbStore(flockDriver, { path })
    expect(again.revision).toBe(revision)
    expect(all(again)).toEqual(expected)
    await again.close()
  })

  it('waits for the disk so that readers need not', async () => {
    const { store } = await threaded()
    await store.write({ op: 'create', key: 'a', encode: put('a') })
    // Whoever holds the lock of LMDB is as a disk that does not answer.
    const other = open({ path: join(path, 'state.mdb'), mapSize: 2 ** 34, maxDbs: 4 })
    let release = (): void => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let holding = (): void => {}
    const began = new Promise<void>(resolve => {
      holding = resolve
    })
    const stall = other.transaction(async () => {
      holding()
      await held
    })
    await began
    let acknowledged = false
    const write = store.write({ op: 'create', key: 'b', encode: put('b') }).then(() => {
      acknowledged = true
    })
    let slowestMs = 0
    for (let turns = 0; turns < 200; turns++) {
      const beforeMs = performance.now()
      await turn()
      expect(store.get('b')).toBeUndefined()
      expect(text(store.get('a')!.value)).toBe('a')
      slowestMs = Math.max(slowestMs, performance.now() - beforeMs)
    }
    expect(acknowledged).toBe(false)
    expect(slowestMs).toBeLessThan(500 * slowness())
    release()
    await stall
    await write
    expect(text(store.get('b')!.value)).toBe('b')
    await other.close()
    await store.close()
  })

  it('refuses writes once its thread is gone, and says so, also to whoever can start it again', async () => {
    const told: string[] = []
    const broken = ({ code }: { code: string }): void => void told.push(code)
    const calm = await threaded({ broken })
    await calm.store.close()
    expect(told).toEqual([])
    const { store, thread } = await threaded({ broken })
    await store.write({ op: 'create', key: 'a', encode: put('a') })
    const ended = new Promise(resolve => thread.onEnd(resolve))
    thread.post('close')
    await ended
    expect(told).toEqual(['StoreUnusable'])
    await expect(store.write({ op: 'create', key: 'b', encode: put('b') })).rejects.toMatchObject({
      code: 'StoreUnusable',
    })
    expect(text(store.get('a')!.value)).toBe('a')
    await store.close()
  })
})

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { flockDriver } from '../../host/lock/real.ts'
import type { ThreadDriver } from '../../host/thread/mod.ts'
import { put } from '../conformance.ts'
import { openLmdbStore } from './lmdb.ts'
import { testThreads } from './testing.ts'

/** The thread's driver, and when the thread has taken over. */
function readyThreads() {
  let ready = (): void => {}
  const taken = new Promise<void>(resolve => {
    ready = resolve
  })
  const threads: ThreadDriver = {
    start(name, data) {
      const thread = testThreads.start(name, data)
      thread.onMessage(ready)
      thread.hold(true)
      return thread
    },
  }
  return { threads, taken }
}

it.each(['this thread', 'a thread of its own'])(
  'committing on %s: says that the disk is full, keeps what it acknowledged, and goes on when there is room',
  async where => {
    const path = mkdtempSync(join(tmpdir(), 'fairlead-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path])
    const ballast = join(path, 'ballast')
    writeFileSync(ballast, Buffer.alloc(3_000_000))
    const { threads, taken } = readyThreads()
    const own = where === 'a thread of its own'
    const store = openLmdbStore(flockDriver, { path, ...(own ? { threads } : {}) })
    if (own) await taken
    const write = (key: string, bytes = 1900) => store.write({ op: 'create', key, encode: put(randomText(bytes)) })
    const acknowledged: string[] = []
    const fill = async (): Promise<void> => {
      for (let i = 0; ; i += 2) {
        await Promise.all([write(`k${i}`), write(`k${i + 1}`)])
        acknowledged.push(`k${i}`, `k${i + 1}`)
      }
    }
    await expect(fill()).rejects.toMatchObject({ code: 'StoreFull' })
    const { revision } = store
    for (const bytes of [60_000, 400_000, 400_000, 400_000])
      await expect(write('refused', bytes)).rejects.toMatchObject({ code: 'StoreFull' })
    expect(store.revision).toBe(revision)
    unlinkSync(ballast)
    await write('late')
    acknowledged.push('late')
    await store.close()
    writeFileSync(ballast, Buffer.alloc(statfsSync(path).bavail * 4096 - 500_000))
    expect(() => openLmdbStore(flockDriver, { path: join(path, 'new') })).toThrow(
      expect.objectContaining({ code: 'StoreFull' }),
    )
    const again = openLmdbStore(flockDriver, { path })
    expect(again.revision).toBe(revision + 1)
    expect(again.range('').items.map(({ key }) => key)).toEqual([...acknowledged].sort())
    await again.close()
    execFileSync('umount', [path])
  },
)

/** That no compression makes smaller. */
const randomText = (bytes: number): string => randomBytes(bytes).toString('base64')

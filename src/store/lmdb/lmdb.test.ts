import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { flockDriver } from '../../host/lock/real.ts'
import { UserError } from '../../lib/errors.ts'
import { put, storeConformance, text } from '../conformance.ts'
import type { Store, StoreOptions } from '../mod.ts'
import { openLmdbStore } from './lmdb.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let path = ''
let count = 0
const open = (options: StoreOptions = {}) => openLmdbStore(flockDriver, { ...options, path })
const fresh = (options: StoreOptions = {}) => {
  path = join(folder, String(count++))
  return open(options)
}
beforeEach(() => {
  path = join(folder, String(count++))
})

storeConformance('lmdb', fresh, open)

/** A page that is free may hold anything. */
async function outcome(open: () => Store): Promise<string> {
  try {
    const store = open()
    const { length } = store.range('').items
    await store.close()
    return `${length} objects`
  } catch (error) {
    return error instanceof UserError ? error.code : String(error)
  }
}

describe('lmdb', () => {
  it('locks its folder against a second opener, until it is closed', async () => {
    const store = open()
    expect(() => open()).toThrow(expect.objectContaining({ code: 'StoreLocked' }))
    await store.close()
    await open().close()
  })

  it('says that a file is damaged, and opens the same file undamaged', async () => {
    const store = open()
    await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        store.write({ op: 'create', key: `k${i}`, encode: put(`needle-${i}-${'x'.repeat(1500)}`) }),
      ),
    )
    await store.close()
    const file = join(path, 'state.mdb')
    const good = join(path, 'good')
    copyFileSync(file, good)
    const damagedWith = (change: () => void) => {
      copyFileSync(good, file)
      change()
      expect(() => open()).toThrow(expect.objectContaining({ code: 'StoreDamaged' }))
    }
    damagedWith(() => truncateSync(file, 40_000))
    damagedWith(() => truncateSync(file, 3))
    damagedWith(() => writeFileSync(file, Buffer.alloc(100_000, 7)))
    damagedWith(() => {
      const bytes = readFileSync(file)
      bytes[bytes.lastIndexOf('needle-77-') + 20] = 0
      writeFileSync(file, bytes)
    })
    const pages = readFileSync(good).length / 4096
    for (let page = 0; page < pages; page++) {
      copyFileSync(good, file)
      const bytes = readFileSync(file)
      bytes.fill(0xa5, page * 4096, page * 4096 + 4096)
      writeFileSync(file, bytes)
      expect(await outcome(open)).toMatch(/^StoreDamaged$|^200 objects$/)
    }
    copyFileSync(good, file)
    const again = open()
    expect(again.range('').items).toHaveLength(200)
    await again.close()
  })

  it('keeps every acknowledged write and no revision twice when its process is killed', {
    timeout: 60_000,
  }, async () => {
    const acknowledged = new Map<string, number>()
    let last = 0
    for (let round = 0; round < 5; round++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(import.meta.dirname, 'testdata/writer.ts'), path, `r${round}`],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      let lines = 0
      for await (const line of createInterface(child.stdout)) {
        const [key, revision] = line.split(' ')
        expect(Number(revision)).toBeGreaterThan(last)
        acknowledged.set(key!, Number(revision))
        if (++lines === 300 + round * 50) child.kill('SIGKILL')
      }
      last = Math.max(...acknowledged.values())
      const store = open()
      expect(store.revision).toBeGreaterThanOrEqual(last)
      for (const [key, revision] of acknowledged) expect(store.get(key)?.revision).toBe(revision)
      expect(text(store.get('r0-0')!.value)).toContain('r0-0')
      await store.close()
    }
  })
})

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { flockDriver } from '../../host/lock/real.ts'
import { put } from '../conformance.ts'
import { openLmdbStore } from './lmdb.ts'

it('says that the disk is full, keeps what it acknowledged, and goes on when there is room', async () => {
  const path = mkdtempSync(join(tmpdir(), 'fairlead-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path])
  const ballast = join(path, 'ballast')
  writeFileSync(ballast, Buffer.alloc(3_000_000))
  const store = openLmdbStore(flockDriver, { path })
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
})

/** That no compression makes smaller. */
const randomText = (bytes: number): string => randomBytes(bytes).toString('base64')

import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { flockDriver } from '../../host/lock/real.ts'
import { UserError } from '../../lib/errors.ts'
import { put, text } from '../conformance.ts'
import type { Store } from '../mod.ts'
import { RevisionCompacted } from '../mod.ts'
import { openLmdbStore } from './lmdb.ts'
import { restoreSnapshot, saveSnapshot } from './snapshot.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-snapshot-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let path = ''
let file = ''
let count = 0
beforeEach(() => {
  path = join(folder, String(count++))
  file = join(folder, `${count}.snapshot`)
})
const open = (at = path): Store => openLmdbStore(flockDriver, { path: at })
const all = (store: Store) =>
  store.range('').items.map(item => [item.key, item.createRevision, item.revision, text(item.value)])
const restore = (at = path, accept: (about: unknown) => () => void = () => () => {}) =>
  restoreSnapshot(flockDriver, at, file, accept)
const save = (at = path) => saveSnapshot(flockDriver, at, file, { of: 'test' })
const code = (value: string) => expect.objectContaining({ code: value })

async function filled(objects = 50): Promise<Store> {
  const store = open()
  await Promise.all(
    Array.from({ length: objects }, (_, i) =>
      store.write({ op: 'create', key: `k/${i}`, encode: put(`${i} é`.repeat(1 + (i % 200))) }),
    ),
  )
  await store.write({ op: 'delete', key: 'k/3', expect: store.get('k/3')!.revision, encode: put('') })
  return store
}

it('comes back whole, while the store is open and when it is not, and elsewhere', async () => {
  const store = await filled()
  const before = all(store)
  const { revision } = store
  expect(save()).toEqual({ revision, count: 49 })
  const whileOpen = readFileSync(file)
  await store.write({ op: 'create', key: 'later', encode: put('later') })
  await store.write({ op: 'update', key: 'k/1', expect: store.get('k/1')!.revision, encode: put('changed') })
  await store.close()
  const elsewhere = join(folder, 'elsewhere')
  expect(restore(elsewhere)).toEqual({ revision: revision + 1, count: 49 })
  const other = open(elsewhere)
  expect(all(other)).toEqual(before)
  await other.close()
  save(elsewhere)
  expect(readFileSync(file).length).toBe(whileOpen.length)
})

it('brings back what was, and lets no revision go back, so that watches are told to list again', async () => {
  const store = await filled()
  const before = all(store)
  save()
  const watched = store.revision
  for (let i = 0; i < 10; i++) await store.write({ op: 'create', key: `later/${i}`, encode: put('x') })
  const highest = store.revision
  await store.close()
  const restored = restore()
  expect(restored.revision).toBeGreaterThan(highest)
  const again = open()
  expect(all(again)).toEqual(before)
  for (const seen of [watched, highest]) expect(() => again.watch('', seen, () => {})).toThrow(RevisionCompacted)
  expect((await again.write({ op: 'create', key: 'new', encode: put('new') })).revision).toBe(restored.revision + 1)
  await again.close()
  // What was there is still somewhere.
  copyFileSync(restored.before!, join(path, 'state.mdb'))
  const undone = open()
  expect(undone.revision).toBe(highest)
  expect(undone.range('later/').items).toHaveLength(10)
  await undone.close()
})

it('refuses what is damaged, cut short, foreign, missing or not accepted, and changes nothing', async () => {
  const store = await filled()
  save()
  await store.write({ op: 'create', key: 'later', encode: put('later') })
  const present = all(store)
  await store.close()
  const good = readFileSync(file)
  const refused = async (expected: string, change: () => void, accept = () => () => {}) => {
    change()
    expect(() => restore(path, accept)).toThrow(code(expected))
    const unchanged = open()
    expect(all(unchanged)).toEqual(present)
    await unchanged.close()
    expect(readdirSync(path).sort()).toEqual(['lock', 'state.mdb', 'state.mdb-lock'])
  }
  for (const length of [0, 10, 60, good.length >> 1, good.length - 1])
    await refused('SnapshotDamaged', () => writeFileSync(file, good.subarray(0, length)))
  for (const at of [3, 30, good.length >> 1, good.length - 5]) {
    const flipped = Buffer.from(good)
    flipped[at]! ^= 1
    await refused('SnapshotDamaged', () => writeFileSync(file, flipped))
  }
  await refused('SnapshotDamaged', () => writeFileSync(file, Buffer.concat([good, Buffer.from('x')])))
  await refused('SnapshotDamaged', () => copyFileSync(join(path, 'state.mdb'), file))
  await refused('SnapshotFile', () => rmSync(file))
  const other = (): never => {
    throw new UserError('Other', 'of another twin')
  }
  await refused('Other', () => writeFileSync(file, good), other)
  expect(restore().count).toBe(49)
})

it('refuses while the store is in use, and a store that is damaged gives way', async () => {
  const store = await filled()
  const before = all(store)
  save()
  expect(() => restore()).toThrow(code('StoreLocked'))
  await store.close()
  const bytes = readFileSync(join(path, 'state.mdb'))
  writeFileSync(join(path, 'state.mdb'), bytes.fill(7, 0, 9000))
  expect(() => open()).toThrow(code('StoreDamaged'))
  expect(() => save()).toThrow(code('StoreDamaged'))
  expect(restore().revision).toBeGreaterThan(1_000_000_000)
  const again = open()
  expect(all(again)).toEqual(before)
  await again.close()
})

it('leaves what was there when the file cannot be written, and says that there is nothing to save', async () => {
  expect(() => save()).toThrow(code('SnapshotMissing'))
  const store = await filled()
  file = join(folder, 'missing', 'file')
  expect(() => save()).toThrow(code('SnapshotFile'))
  expect(existsSync(join(folder, 'missing'))).toBe(false)
  await store.close()
})

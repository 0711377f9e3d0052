import { writeSync } from 'node:fs'
import { flockDriver } from '../../../host/lock/real.ts'
import { openLmdbStore } from '../lmdb.ts'

/** Writes until it is killed and prints each write once it is acknowledged. */
const [path, prefix] = process.argv.slice(2)
const store = openLmdbStore(flockDriver, { path: path! })
let next = 0
async function writer(): Promise<never> {
  for (;;) {
    const key = `${prefix}-${next++}`
    const stored = await store.write({ op: 'create', key, encode: () => ({ bytes: Buffer.from(key.padEnd(1000, '.')) }) })
    writeSync(1, `${key} ${stored.revision}\n`)
  }
}
for (let i = 0; i < 16; i++) void writer()

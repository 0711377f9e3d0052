/** Writes docs/reference from the schema: `npm run docs`. With --check it only compares, which tidy does. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KINDS } from '../../src/api/registry.ts'
import { referencePages } from '../../src/schema/reference.ts'

const folder = join(import.meta.dirname, '../../docs/reference/api')
const check = process.argv.includes('--check')
const pages = referencePages(KINDS)
const stale = pages.filter(({ file, text }) => {
  const path = join(folder, file)
  return !existsSync(path) || readFileSync(path, 'utf8') !== text
})
if (check) {
  for (const { file } of stale) console.error(`docs/reference/api/${file}: older than the schema; run: npm run docs`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  mkdirSync(folder, { recursive: true })
  for (const { file, text } of stale) writeFileSync(join(folder, file), text)
  console.error(`docs: ${pages.length} pages, ${stale.length} written`)
}

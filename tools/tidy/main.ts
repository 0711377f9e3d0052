/** Checks that the tree is what ARCHITECTURE.md says: doors, cycles, sizes, dead files, documents. `npm run tidy`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkDocs } from './docs.ts'
import { checkDoors, checkEffects, parseDoors } from './doors.ts'
import { checkErrors } from './errors.ts'
import { checkCycles, checkDead } from './graph.ts'
import type { Limits } from './sizes.ts'
import { checkSizes } from './sizes.ts'
import { readTree } from './source.ts'

interface TidyList extends Limits {
  readonly effects: readonly string[]
  readonly lazyRings: readonly string[]
}

const root = join(import.meta.dirname, '../..')
const list = JSON.parse(readFileSync(join(import.meta.dirname, 'limits.json'), 'utf8')) as TidyList
const doors = parseDoors(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))
const files = readTree(root, ['src', 'tools', 'test', 'bench'])
const source = files.filter(file => file.path.startsWith('src/'))

/** Every process begins in one of these. */
const startsOf = (all: typeof files): readonly string[] =>
  all.map(file => file.path).filter(path => path.startsWith('src/main/start/'))

const problems = [
  ...checkDoors(source, doors),
  ...checkEffects(source, list.effects),
  ...checkCycles(source, list.lazyRings),
  ...checkDead(source, startsOf(source)),
  ...checkSizes(files, list),
  ...checkDocs(root, [...doors.rooms.keys()]),
  ...checkErrors(source, readFileSync(join(root, 'docs/reference/errors.md'), 'utf8')),
]
for (const problem of problems) console.error(problem)
console.error(problems.length === 0 ? `tidy: ${files.length} files` : `tidy: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/**
 * `npm run mutants [-- --unit] [-- NAME...]`: runs the tests of each scenario on sources with its fault; each of them must fail.
 * --unit leaves out those that need the kernel. Ends with 1 where a fault was not found.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { MUTANTS, SCENARIOS } from './all.ts'
import { ROOT } from './plugin.ts'

type Named = readonly [file: string, title: string]
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly title: string; readonly fullName: string; readonly status: string }[]
  }[]
}

const isKernel = (file: string): boolean => file.includes('.kernel.') || file.startsWith('test/')
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
/** As it stands in the source of a table; vitest puts a value in its place. */
const pattern = (title: string): string => escaped(title).replace(/%s/g, '.*')

async function report(mutant: string, tests: readonly Named[], folder: string): Promise<Report | undefined> {
  const kernel = isKernel(tests[0]![0])
  const output = join(folder, `${Object.keys(MUTANTS).indexOf(mutant)}-${kernel}.json`)
  const files = [...new Set(tests.map(([file]) => file))]
  const titles = tests.map(([, title]) => pattern(title)).join('|')
  const vitest = ['npx', 'vitest', 'run', '--project', kernel ? 'kernel' : 'unit', ...files, '-t', `(${titles})`]
  const all = [...(kernel ? ['tools/in-world.sh'] : []), ...vitest, '--reporter=json', `--outputFile=${output}`]
  const child = spawn(all[0]!, all.slice(1), { cwd: ROOT, env: { ...process.env, MUTANT: mutant }, stdio: 'ignore' })
  await once(child, 'close')
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as Report
  } catch {
    return undefined
  }
}

/** Those that no test, run on the sources with the fault, made fail. */
async function survivors(mutant: string, tests: readonly Named[], folder: string): Promise<readonly string[]> {
  const found = await report(mutant, tests, folder)
  if (!found) return [`no report of ${tests[0]![0]}`]
  return tests.flatMap(([file, title]) => {
    const matching = new RegExp(pattern(title))
    const own = found.testResults
      .filter(({ name }) => name.endsWith(file))
      .flatMap(({ assertionResults }) => assertionResults.filter(({ fullName }) => matching.test(fullName)))
    return own.some(({ status }) => status === 'failed') ? [] : [`${file}: ${title}`]
  })
}

const asked = process.argv.slice(2)
const isUnitOnly = asked.includes('--unit')
const names = asked.filter(each => !each.startsWith('--'))
const folder = mkdtempSync(join(tmpdir(), 'mutants-'))
const waiting = names.length > 0 ? names : Object.keys(MUTANTS)
let left = 0

async function work(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const all = SCENARIOS.filter(one => one.mutant === mutant).flatMap(({ tests }) => tests)
    const unique = [...new Map(all.map(one => [one.join(' '), one])).values()]
    const kernel = isUnitOnly ? [] : unique.filter(([file]) => isKernel(file))
    const groups = [unique.filter(([file]) => !isKernel(file)), kernel].filter(group => group.length > 0)
    if (groups.length === 0) continue
    const lost: string[] = []
    for (const group of groups) lost.push(...(await survivors(mutant, group, folder)))
    left += lost.length
    console.log(
      `${lost.length === 0 ? 'found   ' : 'SURVIVES'} ${mutant}${lost.map(one => `\n           ${one}`).join('')}`,
    )
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work))
rmSync(folder, { recursive: true })
process.exit(left === 0 ? 0 : 1)

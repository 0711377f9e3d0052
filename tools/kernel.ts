/**
 * Runs the kernel tests. They drive real processes and clocks, so a machine that is busy with something else can make one of
 * them late: files that failed run once more, with nothing beside them, and are named either way. What fails twice has failed,
 * and so has a run in which many did. Arguments are vitest's; a run of chosen files has no second chance.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** More files than this do not fail by being late. */
const MOST = 6

const scratch = mkdtempSync(join(tmpdir(), 'fairlead-kernel-'))

/** The files that failed; undefined when the run ended without saying. */
const run = (files: readonly string[]): readonly string[] | undefined => {
  const list = join(scratch, 'failed.json')
  rmSync(list, { force: true })
  const { status } = spawnSync('tools/in-world.sh', ['npx', 'vitest', 'run', '--project', 'kernel', ...files], {
    stdio: 'inherit',
    env: { ...process.env, FAIRLEAD_FAILED_FILES: list },
  })
  if (status === 0) return []
  try {
    const failed = JSON.parse(readFileSync(list, 'utf8'))
    return failed.length > 0 ? failed : undefined
  } catch {
    return undefined
  }
}

const chosen = process.argv.slice(2)
const first = run(chosen)
const again = first && first.length > 0 && first.length <= MOST && chosen.length === 0
if (again) console.error(`\nfailed, and run once more by themselves: ${first.join(', ')}\n`)
const second = again ? run(first) : first
if (again && second) {
  const late = first.filter(file => !second.includes(file))
  if (late.length > 0) console.error(`\nfailed once and passed by themselves, so look at them: ${late.join(', ')}`)
}
rmSync(scratch, { recursive: true, force: true })
process.exitCode = second?.length === 0 ? 0 : 1

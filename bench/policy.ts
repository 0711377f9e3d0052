import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { progress } from './measure.ts'

/** Figures of the same line that have benches of their own, one after the other. */
const ELSEWHERE: Readonly<Record<string, () => Promise<number>>> = {
  egressIPFailoverMs: async () => Number(await inside('egress.ts', [])),
  cniAddP99Ms: async () => Number(await inside('cni.ts', [])),
}

/** Policy of a large cluster in the kernels of three nodes: see docs/benchmarks.md. Runs in namespaces of its own. */
export async function policy(args: readonly string[]): Promise<object> {
  const own = JSON.parse(await inside('inside.ts', args)) as object
  const others: Record<string, number> = {}
  for (const [field, measure] of Object.entries(ELSEWHERE)) others[field] = await measure()
  return { ...own, ...others }
}

/** The last line of what a program beside `inside.ts` says. */
async function inside(program: string, args: readonly string[]): Promise<string> {
  const root = join(import.meta.dirname, '..')
  const command = ['npx', 'tsx', join(root, 'bench/policy', program), ...args]
  const { stdout, stderr } = await promisify(execFile)(join(root, 'tools/in-world.sh'), command, {
    cwd: root,
    maxBuffer: 64 << 20,
  })
  for (const line of stderr.split('\n').filter(text => text.startsWith('  '))) progress(line.trim())
  return stdout.trim().split('\n').at(-1)!
}

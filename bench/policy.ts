import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { progress } from './measure.ts'

/** Figures of the same line that have benches of their own, one after the other. */
const ELSEWHERE = ['cni.ts', 'egress.ts'] as const

/** Policy of a large cluster in the kernels of three nodes: see docs/benchmarks.md. Runs in namespaces of its own. */
export async function policy(args: readonly string[]): Promise<object> {
  const own = await measured('inside.ts', args)
  const others: object[] = []
  for (const program of ELSEWHERE) others.push(await measured(program, []))
  return Object.assign({}, own, ...others)
}

/** What a program finds; what of it cannot be measured is left out, and told. */
async function measured(program: string, args: readonly string[]): Promise<object> {
  try {
    return JSON.parse(await inside(program, args)) as object
  } catch (error) {
    progress(`${program} could not be measured: ${error instanceof Error ? error.message.slice(0, 2000) : error}`)
    return {}
  }
}

/** The last line of what a program says. */
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

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { progress } from './measure.ts'

/** Figures of the same line that have benches of their own; null: not measured. */
const ELSEWHERE: Readonly<Record<string, ((args: readonly string[]) => Promise<number>) | undefined>> = {
  egressIPFailoverMs: undefined,
  cniAddP99Ms: undefined,
}

/** Policy of a large cluster in the kernels of three nodes: see docs/benchmarks.md. Runs in namespaces of its own. */
export async function policy(args: readonly string[]): Promise<object> {
  const root = join(import.meta.dirname, '..')
  const inside = [join(root, 'bench/policy/inside.ts'), ...args]
  const run = promisify(execFile)
  const { stdout, stderr } = await run(join(root, 'tools/in-world.sh'), ['npx', 'tsx', ...inside], {
    cwd: root,
    maxBuffer: 64 << 20,
  })
  for (const line of stderr.split('\n').filter(text => text.startsWith('  '))) progress(line.trim())
  const own = JSON.parse(stdout.trim().split('\n').at(-1)!) as object
  const others = Object.entries(ELSEWHERE).map(async ([field, measure]) => [field, (await measure?.(args)) ?? null])
  return { ...own, ...Object.fromEntries(await Promise.all(others)) }
}

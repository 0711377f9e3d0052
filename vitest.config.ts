import { defineConfig } from 'vitest/config'
import { closingLine } from './tools/closing-line.ts'
import { kubectlProblem } from './tools/kubectl.ts'
import { MUTANTS } from './tools/mutants/all.ts'
import { mutating } from './tools/mutants/plugin.ts'

const problem = kubectlProblem()
if (problem)
  console.warn(
    `Tests that drive kubectl are left out: ${problem}. Install kubectl 1.27 or newer, or name one in FAIRLEAD_KUBECTL.`,
  )
/** What drives a twin does it with kubectl, but for what tests the setup itself. */
const withoutKubectl = problem ? ['test/!(setup).test.ts', 'test/*/*.test.ts', '**/kubectl*.kernel.test.ts'] : []

/** tools/mutants runs tests on sources with a fault in them. */
const fault = process.env.MUTANT === undefined ? undefined : MUTANTS[process.env.MUTANT]
const plugins = fault ? [mutating(fault)] : []

const DEEPER = ['model/policy/oracle', 'datapath/policy/compile', 'controllers/orders'].map(
  name => `src/${name}.test.ts`,
)

/** Unit tests live beside their files; `test/` holds what crosses rooms and needs the kernel. */
export default defineConfig({
  test: {
    reporters: ['default', closingLine()],
    projects: [
      {
        plugins,
        test: {
          name: 'unit',
          setupFiles: ['tools/property-seed.ts'],
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['**/*.kernel.test.ts', '**/*.upstream.test.ts', '**/*.deep.test.ts'],
          // Nothing works in module scope, so files can share a process: half the time of one each.
          isolate: false,
          // Vitest leaves a processor free, which is half of two.
          maxWorkers: '100%',
          // Of busy machines: what hangs is told all the same.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // What takes minutes, and the same questions as `unit` asks, many times as often.
        test: {
          name: 'deep',
          setupFiles: ['tools/property-seed.ts'],
          include: ['src/**/*.deep.test.ts', ...DEEPER],
          env: { DEEP: '1' },
          testTimeout: 1_800_000,
        },
      },
      {
        // What others publish is fetched, which a world of its own network could not.
        test: { name: 'upstream', include: ['src/**/*.upstream.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
      },
      {
        plugins,
        test: {
          name: 'kernel',
          setupFiles: ['tools/property-seed.ts'],
          include: ['src/**/*.kernel.test.ts', 'test/**/*.test.ts'],
          exclude: withoutKubectl,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})

import { writeFileSync } from 'node:fs'
import type { Reporter } from 'vitest/reporters'

/**
 * Ends a run with one plain line that any tool can read: `12 passed, 0 failed, 1 skipped`, and lists the files that failed as
 * JSON where FAIRLEAD_FAILED_FILES says.
 */
export const closingLine = (): Reporter => ({
  onTestRunEnd(modules) {
    const states = modules.flatMap(module => [...module.children.allTests()].map(test => test.result().state))
    const count = (state: string): number => states.filter(each => each === state).length
    const broken = modules.filter(
      module => module.state() === 'failed' && ![...module.children.allTests('failed')].length,
    ).length
    const list = process.env.FAIRLEAD_FAILED_FILES
    const failed = modules.filter(module => module.state() === 'failed').map(module => module.relativeModuleId)
    if (list) writeFileSync(list, JSON.stringify(failed))
    console.log(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`)
  },
})

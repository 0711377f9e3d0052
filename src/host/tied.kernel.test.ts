import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test, vi } from 'vitest'

const TIED = pathToFileURL(join(import.meta.dirname, 'tied.ts')).href

/** The process id of a command that a process started before it ended by SIGKILL. */
const orphan = (how: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const script = `
      const { spawn } = await import('node:child_process')
      const { tied } = await import(${JSON.stringify(TIED)})
      const child = spawn(...${how}, { stdio: 'ignore' })
      setTimeout(() => process.stdout.write(child.pid + '\\n', () => process.kill(process.pid, 'SIGKILL')), 200)`
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    execFile(process.execPath, args, (_, stdout, stderr) =>
      Number(stdout) > 0 ? resolve(Number(stdout)) : reject(new Error(stderr)),
    )
  })

test('a process that is tied ends with the one that started it; another one lives on', async () => {
  const gone = await orphan(`tied('sleep', ['1000'])`)
  await vi.waitFor(() => expect(existsSync(`/proc/${gone}`)).toBe(false), 30_000)
  const left = await orphan(`['sleep', ['1000']]`)
  expect(existsSync(`/proc/${left}`)).toBe(true)
  process.kill(left, 'SIGKILL')
})

import { describe, expect, it } from 'vitest'
import { processConformance } from './conformance.ts'
import { type FakeProgram, fakeProcesses } from './fake.ts'

const programs: Record<string, FakeProgram> = {
  echo: ({ spec, stdout }) => {
    stdout.write(`${spec.args.join(' ')}\n`)
    return 0
  },
  cat: async ({ stdin, stdout }) => {
    for await (const chunk of stdin) stdout.write(chunk)
    return 0
  },
  false: () => 1,
  sleep: () => new Promise(() => {}),
  env: ({ spec, stdout }) => {
    for (const [name, value] of Object.entries(spec.env)) stdout.write(`${name}=${value}\n`)
    return 0
  },
}

describe('fakeProcesses', () => {
  processConformance(() => fakeProcesses(programs))

  it('ends what was entered with the child', async () => {
    const processes = fakeProcesses(programs)
    const child = await processes.spawn({ command: 'sleep', args: [], env: {} })
    const entered = await processes.enter(child, { command: 'sleep', args: [], env: {} })
    child.kill('SIGTERM')
    expect(await entered.exited).toMatchObject({ signal: 'SIGKILL' })
    expect(processes.running).toEqual([])
  })
})

import { text } from 'node:stream/consumers'
import { beforeEach, expect, it } from 'vitest'
import type { Child, ProcessDriver, SpawnSpec } from './mod.ts'

/** What every ProcessDriver must do. It must know the programs echo, cat, false, sleep and env, as coreutils have them. */
export function processConformance(driver: () => ProcessDriver): void {
  let processes: ProcessDriver
  beforeEach(() => {
    processes = driver()
  })
  const spawn = (command: string, args: readonly string[] = [], more: Partial<SpawnSpec> = {}): Promise<Child> =>
    processes.spawn({ command, args, env: {}, ...more })

  it('runs a command and tells its output and exit code', async () => {
    const child = await spawn('echo', ['a  b', 'c'])
    expect(await text(child.stdout)).toBe('a  b c\n')
    expect(await child.exited).toEqual({ code: 0 })
    expect(await (await spawn('false')).exited).toEqual({ code: 1 })
  })

  it('passes input on, and its end', async () => {
    const child = await spawn('cat')
    child.stdin.end('through')
    expect(await text(child.stdout)).toBe('through')
    expect(await child.exited).toEqual({ code: 0 })
  })

  it('gives the environment and nothing else', async () => {
    const child = await spawn('env', [], { env: { PATH: '/usr/bin:/bin', COLOUR: 'red' } })
    expect((await text(child.stdout)).trim().split('\n').sort()).toEqual(['COLOUR=red', 'PATH=/usr/bin:/bin'])
  })

  it('tells the signal that ended a process', async () => {
    const child = await spawn('sleep', ['1000'])
    child.kill('SIGTERM')
    expect(await child.exited).toEqual({ code: 143, signal: 'SIGTERM' })
    child.kill('SIGTERM')
  })

  it('rejects a command that does not exist', async () => {
    await expect(spawn('no-such-command')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(spawn('/no/such/command')).rejects.toMatchObject({ code: 'ENOENT' })
    expect(processes.which('no-such-command')).toBeUndefined()
    expect(processes.which('echo')).toMatch(/^\/.*\/echo$/)
  })

  it('tells a live process from an ended one', async () => {
    const child = await spawn('sleep', ['1000'])
    const identity = processes.identity(child.pid)!
    expect(identity).toMatch(/./)
    processes.endOrphan(child.pid, 'another')
    expect(processes.identity(child.pid)).toBe(identity)
    processes.endOrphan(child.pid, identity)
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
    expect(processes.identity(child.pid)).toBeUndefined()
    expect(processes.identity(0)).toBeUndefined()
  })

  it('enters a child while it runs, and not after', async () => {
    const child = await spawn('sleep', ['1000'])
    const entered = await processes.enter(child, { command: 'echo', args: ['inside'], env: {} })
    expect(await text(entered.stdout)).toBe('inside\n')
    child.kill('SIGKILL')
    await child.exited
    await expect(processes.enter(child, { command: 'echo', args: [], env: {} })).rejects.toMatchObject({
      code: 'ESRCH',
    })
  })
}

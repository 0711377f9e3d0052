import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { fakeFs } from '../../host/fs/fake.ts'
import { type FakeProgram, fakeProcesses } from '../../host/process/fake.ts'
import { silent } from '../../lib/log.ts'
import { appendLog, readLog } from './log-file.ts'
import { createProcesses, type Service } from './processes.ts'

const service = (name: string, ...args: string[]): Service => ({
  name,
  command: ['node', ...args],
  env: {},
  inherit: [],
})
const settled = (): Promise<void> =>
  new Promise(resolve => setImmediate(() => setImmediate(() => setImmediate(resolve))))

function table(programs: Record<string, FakeProgram>) {
  const clock = fakeClock()
  const processes = fakeProcesses(programs)
  const printed: string[] = []
  const output = (name: string, chunk: Buffer): void => void printed.push(`${name}: ${chunk}`)
  const words: string[] = []
  const ended = (...[, how, times, said]: [string, string, number, string]): void =>
    void words.push(`${how}, ${times}: ${said}`)
  return {
    clock,
    processes,
    printed,
    words,
    services: createProcesses({ processes, clock, log: silent, output, ended }),
  }
}

describe('createProcesses', () => {
  test('starts again at once what was killed', async () => {
    const { services, processes } = table({ node: () => new Promise(() => {}) })
    services.start(service('api'))
    await settled()
    const [{ pid: first, state } = {}] = services.states()
    expect(state).toBe('running')
    processes.running[0]!.kill('SIGKILL')
    await settled()
    const [second] = services.states()
    expect(second).toMatchObject({ name: 'api', state: 'running', restarts: 1, ended: 'SIGKILL' })
    expect(second!.pid).not.toBe(first)
  })

  test('waits ever longer for what keeps ending, and forgets after a steady run', async () => {
    let starts = 0
    let steady = false
    const { services, clock, processes } = table({
      node: () => {
        starts++
        return steady ? new Promise(() => {}) : 1
      },
    })
    services.start(service('api'))
    await clock.advance(0)
    await clock.advance(0)
    expect(starts).toBe(2)
    expect(services.states()[0]).toMatchObject({ state: 'waiting', ended: 'exit code 1' })
    await clock.advance(100)
    expect(starts).toBe(3)
    await clock.advance(60_000)
    expect(starts).toBeLessThan(25)
    steady = true
    await clock.advance(20_000)
    const before = starts
    processes.running[0]!.kill('SIGKILL')
    await clock.advance(0)
    await clock.advance(0)
    expect(starts).toBe(before + 1)
  })

  test('tells with each end what that run said last', async () => {
    let run = 0
    const { services, clock, words } = table({
      node: ({ stdout }) => {
        stdout.write(`${'.'.repeat(3000)}run ${++run}`)
        return 1
      },
    })
    services.start(service('api'))
    await clock.advance(100)
    expect(words.slice(0, 2)).toEqual([
      expect.stringMatching(/^exit code 1, 1: \.{1995}run 1$/),
      expect.stringMatching(/^exit code 1, 2: \.{1995}run 2$/),
    ])
  })

  test('leaves down what was taken down, until it is started', async () => {
    const { services, clock } = table({ node: () => new Promise(() => {}) })
    services.start(service('node-2'))
    await clock.advance(0)
    await services.kill('node-2')
    await clock.advance(60_000)
    expect(services.states()[0]).toMatchObject({ state: 'stopped', pid: undefined })
    services.start(service('node-2'))
    await clock.advance(0)
    expect(services.states()[0]).toMatchObject({ state: 'running', restarts: 1 })
  })

  test('goes on when a program cannot be started, and keeps what roles print', async () => {
    const { services, clock, printed } = table({
      node: ({ stdout, spec }) => {
        stdout.write(String(spec.args))
        return new Promise(() => {})
      },
    })
    services.start({ ...service('broken'), command: ['missing'] })
    services.start(service('api', 'api', '--x'))
    await clock.advance(100)
    expect(services.states().map(each => [each.name, each.state])).toEqual([
      ['broken', 'waiting'],
      ['api', 'running'],
    ])
    expect(services.states()[0]!.ended).toContain('ENOENT')
    expect(printed).toEqual(['api: api,--x'])
  })
})

describe('logs', () => {
  const read = async (fs: ReturnType<typeof fakeFs>, options: { follow: boolean; tail?: number }): Promise<string> => {
    let text = ''
    for await (const chunk of readLog({ fs, clock: fakeClock() }, '/log', options, new AbortController().signal))
      text += chunk
    return text
  }

  test('are bounded, and read across the bound', async () => {
    const fs = fakeFs()
    for (let i = 0; i < 10; i++) appendLog(fs, '/log', Buffer.from(`line ${i}\n`), 28)
    expect(fs.size('/log')! + fs.size('/log.1')!).toBeLessThanOrEqual(56)
    expect(await read(fs, { follow: false })).toBe('line 4\nline 5\nline 6\nline 7\nline 8\nline 9\n')
  })

  test.each([
    [0, ''],
    [1, 'three\n'],
    [2, 'two\nthree\n'],
    [3, 'one\ntwo\nthree\n'],
    [9, 'one\ntwo\nthree\n'],
  ])('the last %i lines', async (tail, expected) => {
    expect(await read(fakeFs({ '/log': 'one\ntwo\nthree\n' }), { follow: false, tail })).toBe(expected)
  })

  test('lose what a full disk does not take, and go on when it takes some again', async () => {
    const fs = fakeFs({ '/log': 'before\n' })
    const full = (): never => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    }
    appendLog({ ...fs, append: full }, '/log', Buffer.from('lost\n'))
    appendLog(fs, '/log', Buffer.from('after\n'))
    expect(await read(fs, { follow: false })).toBe('before\nafter\n')
  })

  test('are followed, also past the bound', async () => {
    const fs = fakeFs({ '/log': 'old\n' })
    const clock = fakeClock()
    const abort = new AbortController()
    const seen: string[] = []
    const reading = (async () => {
      for await (const chunk of readLog({ fs, clock }, '/log', { follow: true }, abort.signal)) seen.push(String(chunk))
    })()
    await clock.advance(0)
    appendLog(fs, '/log', Buffer.from('new\n'))
    await clock.advance(200)
    fs.rename('/log', '/log.1')
    appendLog(fs, '/log', Buffer.from('x\n'))
    await clock.advance(200)
    abort.abort()
    await clock.advance(200)
    await reading
    expect(seen).toEqual(['old\n', 'new\n', 'x\n'])
  })
})

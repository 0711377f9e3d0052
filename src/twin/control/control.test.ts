import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { type FakeProgram, fakeProcesses } from '../../host/process/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import { UserError } from '../../lib/errors.ts'
import type { TwinControl, TwinStatus } from '../mod.ts'
import { connectControl } from './client.ts'
import { CHANNEL, encodeFrame, frameReader } from './frame.ts'
import { type ControlHandler, controlServer } from './server.ts'

const PATH = '/data/fairlead/x/control.sock'
const programs: Record<string, FakeProgram> = {
  cat: async ({ stdin, stdout, stderr }) => {
    for await (const chunk of stdin) stdout.write(chunk)
    stderr.write('done')
    return 7
  },
  size: ({ stdin, stdout, size }) =>
    new Promise(resolve => {
      stdin.on('data', () => {
        stdout.write(JSON.stringify(size()))
        resolve(0)
      })
    }),
  flood: ({ stdout }) => {
    for (let i = 0; i < 64; i++) stdout.write(Buffer.alloc(1 << 16))
    return 0
  },
  sleep: () => new Promise(() => {}),
}

async function connect(): Promise<{ control: TwinControl; processes: ReturnType<typeof fakeProcesses> }> {
  const sockets = fakeSockets()
  const processes = fakeProcesses(programs)
  const handler: ControlHandler = {
    status: async () => ({ name: 'x' }) as TwinStatus,
    exec: async (target, [command = '', ...args], tty) => {
      if (target !== 'node-1') throw new UserError('NoTarget', `there is no ${target}`, { hint: 'try node-1' })
      return processes.spawn({ command, args, env: {}, ...(tty ? { tty: { columns: 80, rows: 24 } } : {}) })
    },
    node: async (action, name) => `${action} ${name ?? 'node-4'}`,
    logs: async function* (role, { tail, follow }, signal) {
      if (role === 'nobody') throw new UserError('NoRole', 'there is no role nobody')
      yield Buffer.from(`${role} ${tail}\n`)
      if (follow) await new Promise(resolve => signal.addEventListener('abort', resolve))
    },
  }
  await sockets.listenUnix(controlServer(sockets, handler), PATH)
  return { control: await connectControl(sockets, PATH), processes }
}

describe('the control socket', () => {
  test('answers, and passes errors on with their hints', async () => {
    const { control } = await connect()
    expect(await control.status()).toEqual({ name: 'x' })
    expect(await control.node('add')).toBe('add node-4')
    expect(await control.node('cut', 'node-2')).toBe('cut node-2')
    await expect(control.exec('node-9', ['cat'], { tty: false })).rejects.toMatchObject({
      name: 'UserError',
      code: 'NoTarget',
      hint: 'try node-1',
    })
  })

  test('carries a process: input, its end, both outputs, the exit code', async () => {
    const { control } = await connect()
    const remote = await control.exec('node-1', ['cat'], { tty: false })
    remote.stdin?.write('in ')
    remote.stdin?.end('and out')
    expect(await Promise.all([text(remote.stdout), text(remote.stderr!)])).toEqual(['in and out', 'done'])
    expect(await remote.exit).toBe(7)
  })

  test('carries a terminal and its size', async () => {
    const { control } = await connect()
    const remote = await control.exec('node-1', ['size'], { tty: true })
    expect(remote.stderr).toBeNull()
    remote.resize(120, 50)
    remote.stdin?.write('x')
    expect(await text(remote.stdout)).toBe('{"columns":120,"rows":50}')
  })

  test('carries more than fits in any buffer', async () => {
    const { control } = await connect()
    const remote = await control.exec('node-1', ['flood'], { tty: false })
    let bytes = 0
    for await (const chunk of remote.stdout) bytes += (chunk as Buffer).length
    expect(bytes).toBe(64 << 16)
  })

  test('ends a process whose client leaves', async () => {
    const { control, processes } = await connect()
    await control.exec('node-1', ['sleep'], { tty: false })
    const [child] = processes.running
    control.close()
    expect(await child!.exited).toMatchObject({ signal: 'SIGTERM' })
  })

  test('streams logs to their end, or for as long as one listens', async () => {
    const { control } = await connect()
    const read = async (follow: boolean, signal: AbortSignal, stop?: () => void): Promise<string> => {
      let seen = ''
      for await (const chunk of control.logs('api', { follow, tail: 5 }, signal)) {
        seen += String(chunk)
        stop?.()
      }
      return seen
    }
    expect(await read(false, new AbortController().signal)).toBe('api 5\n')
    const abort = new AbortController()
    expect(await read(true, abort.signal, () => abort.abort())).toBe('api 5\n')
    await expect(
      control.logs('nobody', { follow: false }, abort.signal)[Symbol.asyncIterator]().next(),
    ).rejects.toThrow('no role')
  })

  test('says when nobody answers', async () => {
    await expect(connectControl(fakeSockets(), PATH)).rejects.toMatchObject({ code: 'TwinSilent' })
  })
})

describe('frames', () => {
  test('are found however the bytes are cut', () => {
    const bytes = Buffer.concat([
      encodeFrame(CHANNEL.data, Buffer.from('one')),
      encodeFrame(CHANNEL.error, Buffer.from('two')),
    ])
    const read = frameReader()
    const frames = [...bytes].flatMap(byte => read(Buffer.of(byte)))
    expect(frames.map(frame => [frame.channel, frame.payload.toString()])).toEqual([
      [CHANNEL.data, 'one'],
      [CHANNEL.error, 'two'],
    ])
  })
  test('beyond all bounds are refused', () => {
    expect(() => frameReader()(Buffer.of(0xff, 0, 0, 0, 0))).toThrow('not a frame')
    expect(() => frameReader()(Buffer.from('GET / HTTP/1.1'))).toThrow('not a frame')
  })
})

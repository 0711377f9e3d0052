import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { Duplex, PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Pod } from '../../api/core/pod.ts'
import type { FakeClock } from '../../host/clock/fake.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { silent } from '../../lib/log.ts'
import { dataHeader, FrameReader, synStream } from '../../wire/spdy/frame.ts'
import { HeaderWriter } from '../../wire/spdy/headers.ts'
import type { UpgradeSubresource } from './mod.ts'
import { podUpgrade, refuseUpgrade } from './mod.ts'
import type { ExecSpec, ProcessStreams, StreamRuntime } from './runtime.ts'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u' },
  spec: { nodeName: 'node-1', containers: [{ name: 'c', image: 'i' }] },
} as unknown as Pod

/** A process that does what the test says. */
interface Scripted {
  readonly stdin: PassThrough
  readonly stdout: PassThrough
  readonly stderr: PassThrough
  readonly sizes: string[]
  exit(code: number): void
  readonly closed: Promise<void>
  readonly streams: ProcessStreams
}

function scripted(): Scripted {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const sizes: string[] = []
  let exit = (_: { code: number }): void => {}
  let close = (): void => {}
  const exited = new Promise<{ code: number }>(resolve => (exit = resolve))
  const closed = new Promise<void>(resolve => (close = resolve))
  const resize = (columns: number, rows: number): void => void sizes.push(`${columns}x${rows}`)
  return {
    stdin,
    stdout,
    stderr,
    sizes,
    exit(code) {
      stdout.end()
      stderr.end()
      exit({ code })
    },
    closed,
    streams: { stdin, stdout, stderr, resize, exit: exited, close },
  }
}

let server: Server
let clock: FakeClock
let process: Scripted
let asked: ExecSpec[]
let runtime: StreamRuntime
let finished: Promise<void>[]

beforeEach(async () => {
  clock = fakeClock()
  process = scripted()
  asked = []
  finished = []
  runtime = {
    logs: () => Readable.from([]) as AsyncIterable<Buffer>,
    async exec(spec) {
      asked.push(spec)
      if (spec.command[0] === 'missing') throw new Error('not found')
      return process.streams
    },
    attach: async () => process.streams,
    portForward: async (_, port) => {
      if (port === 1) throw new Error('connection refused')
      const echo = new PassThrough()
      return Duplex.from({ readable: echo, writable: echo })
    },
  }
  server = createServer()
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const url = new URL(request.url!, 'http://x')
    const subresource = url.pathname.slice(1) as UpgradeSubresource
    const done = podUpgrade({ runtime, clock, log: silent }, subresource, pod, {
      request,
      socket,
      head,
      query: url.searchParams,
    })
    finished.push(done.catch(error => refuseUpgrade(socket, error)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const address = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`

interface Client {
  readonly webSocket: WebSocket
  /** Messages so far, as `<channel> <text>`. */
  readonly messages: string[]
  sees(message: string): Promise<void>
  readonly closed: Promise<number>
}

async function websocket(path: string, protocols: readonly string[]): Promise<Client> {
  const webSocket = new WebSocket(`ws://${address()}${path}`, [...protocols])
  const messages: string[] = []
  let check = (): void => {}
  webSocket.on('message', (data: Buffer, isBinary) => {
    messages.push(isBinary ? `${data[0]} ${data.subarray(1)}` : `text ${data}`)
    check()
  })
  const closed = new Promise<number>(resolve => webSocket.once('close', resolve))
  await once(webSocket, 'open')
  return {
    webSocket,
    messages,
    closed,
    sees: message =>
      new Promise(resolve => {
        check = () => messages.includes(message) && resolve()
        check()
      }),
  }
}

const bytes = (...parts: readonly (number | string)[]): Buffer =>
  Buffer.concat(parts.map(part => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))))
const EXEC = '/exec?command=x&container=c'
const SUCCESS = '3 {"metadata":{},"status":"Success"}'

describe('exec over WebSocket', () => {
  it('v5: streams, sizes, half-close and exit', async () => {
    const client = await websocket(`${EXEC}&stdin=true&stdout=true&stderr=true`, [
      'v5.channel.k8s.io',
      'v4.channel.k8s.io',
    ])
    expect(client.webSocket.protocol).toBe('v5.channel.k8s.io')
    await client.sees('1 ')
    client.webSocket.send(bytes(4, '{"Width":80,"Height":24}'))
    client.webSocket.send(bytes(0, 'hello'))
    client.webSocket.send(bytes(255, 0))
    const input: Buffer[] = []
    for await (const chunk of process.stdin) input.push(chunk)
    expect(Buffer.concat(input).toString()).toBe('hello')
    expect(process.sizes).toEqual(['80x24'])
    process.stdout.write('out')
    await client.sees('1 out')
    process.stderr.write('err')
    await client.sees('2 err')
    process.exit(3)
    expect(await client.closed).toBe(1000)
    expect(JSON.parse(client.messages.at(-1)!.slice(2))).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    })
    expect(asked).toEqual([{ podUid: 'u', container: 'c', command: ['x'], stdin: true, tty: false }])
  })

  it('v4 in base64', async () => {
    const client = await websocket(`${EXEC}&stdin=1&stdout=1`, ['v4.base64.channel.k8s.io'])
    await client.sees('text 1')
    client.webSocket.send(`0${Buffer.from('in').toString('base64')}`)
    expect(String((await once(process.stdin, 'data'))[0])).toBe('in')
    process.stdout.write('out')
    await client.sees(`text 1${Buffer.from('out').toString('base64')}`)
    process.exit(0)
    await client.closed
    expect(client.messages.at(-1)).toBe(`text 3${Buffer.from(SUCCESS.slice(2)).toString('base64')}`)
  })

  it('v1: a failure in words, a success without', async () => {
    const failing = await websocket('/exec?command=missing&stdout=1', ['channel.k8s.io'])
    await failing.closed
    expect(failing.messages).toEqual([
      '1 ',
      '3 Internal error occurred: error executing command in container: not found',
    ])
    const client = await websocket(`${EXEC}&stdout=1`, [])
    await client.sees('1 ')
    process.exit(0)
    await client.closed
    expect(client.messages).toEqual(['1 '])
  })

  it('with a terminal there is no stderr', async () => {
    const client = await websocket(`${EXEC}&stdout=1&stderr=1&tty=1`, ['v4.channel.k8s.io'])
    await client.sees('1 ')
    process.stderr.write('err')
    process.exit(0)
    await client.closed
    expect(client.messages).toEqual(['1 ', SUCCESS])
  })

  it('a client that goes takes its process with it, also before the process has begun', async () => {
    const client = await websocket(`${EXEC}&stdout=1`, ['v4.channel.k8s.io'])
    await client.sees('1 ')
    client.webSocket.terminate()
    await process.closed
    await finished[0]
    let begin = (_: ProcessStreams): void => {}
    process = scripted()
    runtime = { ...runtime, exec: () => new Promise(resolve => (begin = resolve)) }
    const early = await websocket(`${EXEC}&stdout=1`, ['v4.channel.k8s.io'])
    await early.sees('1 ')
    early.webSocket.terminate()
    await early.closed
    begin(process.streams)
    await process.closed
    await finished[1]
  })

  it('a client that does not read stops its process, and no other', async () => {
    const slow = await websocket(`${EXEC}&stdout=1`, ['v4.channel.k8s.io'])
    await slow.sees('1 ')
    slow.webSocket.pause()
    let produced = 0
    const flood = process
    const source = new Readable({
      read() {
        setImmediate(() => {
          produced += 65536
          this.push(Buffer.alloc(65536))
        })
      },
    })
    source.pipe(flood.stdout)
    for (let still = 0, before = -1; still < 5000; still = before === produced ? still + 1 : 0) {
      before = produced
      await new Promise(resolve => setImmediate(resolve))
    }
    // What fits in the kernel's buffers and ours.
    expect(produced).toBeLessThan(32 * 1024 * 1024)
    process = scripted()
    const other = await websocket(`${EXEC}&stdout=1`, ['v4.channel.k8s.io'])
    await other.sees('1 ')
    process.stdout.write('out')
    await other.sees('1 out')
    slow.webSocket.terminate()
    await flood.closed
    source.destroy()
  })

  it('stops reading from a client whose process does not', async () => {
    const client = await websocket(`${EXEC}&stdin=1&stdout=1`, ['v5.channel.k8s.io'])
    await client.sees('1 ')
    const message = Buffer.alloc(100_000)
    for (let i = 0; i < 200; i++) client.webSocket.send(message)
    await once(process.stdin, 'readable')
    expect(process.stdin.readableLength).toBeLessThan(200_000)
    let read = 0
    process.stdin.on('data', chunk => {
      read += chunk.length
    })
    client.webSocket.send(bytes(255, 0))
    await once(process.stdin, 'end')
    expect(read).toBe(200 * 99_999)
    process.exit(0)
    await client.closed
  })

  it('output that never ends after the process has does not hold the client for ever', async () => {
    const client = await websocket(`${EXEC}&stdout=1`, ['v4.channel.k8s.io'])
    await client.sees('1 ')
    const held = process
    const exit = held.streams.exit
    held.stdout.end = () => held.stdout
    held.exit(0)
    await exit
    await clock.advance(5000)
    await client.closed
    expect(client.messages.at(-1)).toBe(SUCCESS)
  })

  it('survives what no client should send', async () => {
    const client = await websocket(`${EXEC}&stdin=1&stdout=1`, ['v5.channel.k8s.io'])
    await client.sees('1 ')
    for (const message of [
      bytes(),
      bytes(0),
      bytes(9, 'x'),
      bytes(255),
      bytes(255, 9),
      bytes(4, '}{'),
      bytes(4, '{"Width":"x"}'),
      bytes(1, 'x'),
    ])
      client.webSocket.send(message)
    client.webSocket.send(bytes(4, '{"Width":99999,"Hei'))
    client.webSocket.send(bytes(4, 'ght":1}{"Width":2,"Height":2}'))
    client.webSocket.send(bytes(0, 'in'))
    expect(String((await once(process.stdin, 'data'))[0])).toBe('in')
    expect(process.sizes).toEqual(['65535x1', '2x2'])
    process.exit(0)
    await client.closed
  })
})

describe('what is refused before anything is upgraded', () => {
  const refused = async (
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<readonly [number, string]> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const lines = Object.entries({ Host: 'x', Connection: 'Upgrade', ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const { code, message } = JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as { code: number; message: string }
    expect(text).toMatch(`HTTP/1.1 ${code} `)
    return [code, message]
  }
  const spdy = { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' }

  it.each([
    ['/exec?command=x&stdout=1', { Upgrade: 'h2c' }, 400, /^Upgrade request required$/],
    ['/exec?command=x', spdy, 400, /at least 1 of stdin, stdout, stderr/],
    ['/exec?stdout=1', spdy, 400, /at least one command/],
    ['/exec?command=x&stdout=1&container=y', spdy, 400, /container y is not valid for pod p/],
    ['/exec?command=x&stdout=1', { Upgrade: 'SPDY/3.1' }, 400, /X-Stream-Protocol-Version is required/],
    [
      '/exec?command=x&stdout=1',
      { ...spdy, 'X-Stream-Protocol-Version': 'v9' },
      403,
      /client supports \[v9\], server accepts \[v4/,
    ],
    [
      '/exec?command=x&stdout=1',
      { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'v9' },
      403,
      /unable to negotiate protocol/,
    ],
    [
      '/exec?command=x&stdout=1',
      { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' },
      400,
      /Invalid HTTP method|Sec-WebSocket/i,
    ],
    [
      '/portforward',
      { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' },
      400,
      /"ports" is required/,
    ],
    [
      '/portforward?ports=0',
      { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' },
      400,
      /invalid port "0"/,
    ],
  ])('%s %j', async (path, headers, code, message) => {
    const [gotCode, gotMessage] = await refused(path, headers as Readonly<Record<string, string>>)
    expect([gotCode, gotMessage]).toEqual([code, expect.stringMatching(message)])
    expect(asked).toEqual([])
  })
})

const closeOf = (socket: Socket): Promise<void> => new Promise(resolve => socket.once('close', () => resolve()))

describe('exec over SPDY', () => {
  /** Upgrades, and returns the socket behind the answer's headers. */
  async function spdy(path: string, protocol: string): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    )
    await once(socket, 'readable')
    const head = String(socket.read())
    expect(head).toMatch(
      `101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    )
    return socket
  }

  it('v4 and older: status or words, and a proper end', async () => {
    for (const [protocol, expected] of [
      ['v4.channel.k8s.io', /"reason":"NonZeroExitCode"/],
      ['v3.channel.k8s.io', /^command terminated with non-zero exit code: exit status 3$/],
    ] as const) {
      process = scripted()
      const socket = await spdy(`${EXEC}&stdout=1`, protocol)
      const headers = new HeaderWriter()
      socket.write(synStream(1, headers.write({ streamtype: 'error' })))
      socket.write(synStream(3, headers.write({ streamtype: 'nonsense' })))
      socket.write(synStream(5, headers.write({ streamtype: 'stdout' })))
      socket.write(dataHeader(5, 0, true))
      process.stdout.write('out')
      process.exit(3)
      const reader = new FrameReader()
      const texts = new Map<number, string>()
      const resets: number[] = []
      for await (const chunk of socket)
        for (const frame of reader.read(chunk as Buffer)) {
          if (frame.is === 'data') texts.set(frame.stream, (texts.get(frame.stream) ?? '') + frame.chunk)
          if (frame.is === 'reset') resets.push(frame.stream)
        }
      expect(texts.get(5)).toBe('out')
      expect(texts.get(1)).toMatch(expected)
      expect(resets).toEqual([3])
    }
  })

  it('a client that does not open its streams is dropped', async () => {
    const socket = await spdy(`${EXEC}&stdout=1`, 'v4.channel.k8s.io')
    const closed = closeOf(socket.resume())
    socket.write(synStream(1, new HeaderWriter().write({ streamtype: 'error' })))
    await clock.advance(30_000)
    await closed
    await finished[0]
    expect(asked).toEqual([])
  })

  it('a client that goes takes its process with it', async () => {
    const socket = await spdy(`${EXEC}&stdout=1`, 'v4.channel.k8s.io')
    const headers = new HeaderWriter()
    socket.write(synStream(1, headers.write({ streamtype: 'error' })))
    socket.write(synStream(3, headers.write({ streamtype: 'stdout' })))
    process.stdout.write('out')
    let sent = Buffer.alloc(0)
    while (!sent.includes('out')) sent = Buffer.concat([sent, ...(await once(socket, 'data'))])
    socket.destroy()
    await process.closed
    await finished[0]
  })

  it('garbage ends the connection and nothing else', async () => {
    const socket = await spdy(`${EXEC}&stdout=1`, 'v4.channel.k8s.io')
    const closed = closeOf(socket.resume())
    socket.write(Buffer.from([0x80, 3, 0, 1, 0xff, 0xff, 0xff, 0xff]))
    await closed
    await finished[0]
  })
})

describe('port forwarding over WebSocket channels', () => {
  it('two channels a port, each begun with the number of the port', async () => {
    const client = await websocket('/portforward?ports=8080&ports=1', ['v4.channel.k8s.io'])
    const port = (number: number): string => Buffer.from([number & 255, number >> 8]).toString()
    await client.sees(`3 error forwarding port 1 to pod p, uid u: connection refused`)
    expect(client.messages.slice(0, 4)).toEqual([`0 ${port(8080)}`, `1 ${port(8080)}`, `2 ${port(1)}`, `3 ${port(1)}`])
    client.webSocket.send(bytes(0, 'hello'))
    await client.sees('0 hello')
    client.webSocket.close()
    await client.closed
    await finished[0]
  })

  it('a client that goes takes its connections with it, also those still being made', async () => {
    let connected = (_: Duplex): void => {}
    runtime = { ...runtime, portForward: () => new Promise(resolve => (connected = resolve)) }
    const early = await websocket('/portforward?ports=8080', ['v4.channel.k8s.io'])
    early.webSocket.terminate()
    await early.closed
    await new Promise(resolve => setImmediate(resolve))
    const connection = new PassThrough()
    connected(connection)
    await finished[0]
    expect(connection.destroyed).toBe(true)
    const late = await websocket('/portforward?ports=8080', ['v4.channel.k8s.io'])
    const open = new PassThrough()
    connected(open)
    late.webSocket.send(bytes(0, 'x'))
    await late.sees('0 x')
    late.webSocket.terminate()
    await finished[1]
    expect(open.destroyed).toBe(true)
  })
})

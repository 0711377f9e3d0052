import type { Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import type { ContainerStatus, LogOptions, PodRuntime, ProcessStreams, RuntimeEvent, SandboxStatus } from '../mod.ts'
import { RuntimeError } from '../mod.ts'
import { Channel } from './frame.ts'
import type { Call, FromServer, Open } from './messages.ts'
import { fromWire } from './messages.ts'
import type { Peer } from './peer.ts'
import { peerOn } from './peer.ts'

const unavailable = (path: string): RuntimeError =>
  new RuntimeError('Unavailable', `the pod runtime does not answer at ${path}`)

/** The runtime behind a Unix socket. Calls share a connection that is made when needed; each stream has its own. */
export function connectRuntime(socket: Pick<SocketDriver, 'connectUnix'>, path: string): PodRuntime {
  const calls = callConnection(socket, path)
  const call = <T>(request: Call): Promise<T> => calls.call(request) as Promise<T>
  const stream = (open: Open): Promise<Stream> => openStream(socket, path, open)
  return {
    runSandbox: spec => call({ op: 'runSandbox', spec }),
    stopSandbox: (podUid, graceSeconds) => call({ op: 'stopSandbox', podUid, graceSeconds }),
    removeSandbox: (podUid, graceSeconds) => call({ op: 'removeSandbox', podUid, graceSeconds }),
    startContainer: spec => call<ContainerStatus>({ op: 'startContainer', spec }),
    stopContainer: (podUid, name, graceSeconds) => call({ op: 'stopContainer', podUid, name, graceSeconds }),
    list: node => call<readonly SandboxStatus[]>(node === undefined ? { op: 'list' } : { op: 'list', node }),
    events: (node, signal) => events(socket, path, node, signal),
    logs: (options, signal) => logs(stream, options, signal),
    exec: async spec => processOf(await stream({ op: 'exec', spec })),
    attach: async (podUid, container) => processOf(await stream({ op: 'attach', podUid, container })),
    portForward: async (podUid, port) => tunnelOf(await stream({ op: 'portForward', podUid, port })),
    close: () => calls.close(),
  }
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

function callConnection(socket: Pick<SocketDriver, 'connectUnix'>, path: string) {
  const pending = new Map<number, Pending>()
  let peer: Peer | undefined
  let last = 0
  const fail = (): void => {
    peer = undefined
    for (const { reject } of pending.values()) reject(unavailable(path))
    pending.clear()
  }
  const connect = (): Peer =>
    peerOn(
      socket.connectUnix(path),
      ({ payload }) => {
        const message = JSON.parse(payload.toString('utf8')) as FromServer
        if (!('id' in message)) return
        const waiting = pending.get(message.id)
        pending.delete(message.id)
        if ('error' in message) waiting?.reject(fromWire(message.error))
        else waiting?.resolve(message.result)
      },
      fail,
    )
  return {
    call: (request: Call): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const id = ++last
        pending.set(id, { resolve, reject })
        peer ??= connect()
        peer.control({ id, ...request })
      }),
    close: () => peer?.destroy(),
  }
}

/** An open stream: what came is in the streams, what is to go goes by the peer. */
interface Stream {
  readonly peer: Peer
  readonly stdin: boolean
  readonly stdout: PassThrough
  readonly stderr: PassThrough | null
  /** Rejects when the connection ends without an exit status. */
  readonly exit: Promise<{ code: number; signal?: string }>
}

function openStream(socket: Pick<SocketDriver, 'connectUnix'>, path: string, open: Open): Promise<Stream> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  return new Promise((resolve, reject) => {
    let exited = (_exit: { code: number; signal?: string }): void => {}
    let lost = (_error: Error): void => {}
    const exit = new Promise<{ code: number; signal?: string }>((done, fail) => {
      exited = done
      lost = fail
    })
    exit.catch(() => {})
    const onMessage = (message: FromServer, peer: Peer): void => {
      if ('opened' in message)
        resolve({ peer, stdin: message.opened.stdin, stdout, stderr: message.opened.stderr ? stderr : null, exit })
      else if ('exit' in message) exited(message.exit)
      else if ('error' in message) {
        reject(fromWire(message.error))
        lost(fromWire(message.error))
      }
    }
    const peer = peerOn(
      socket.connectUnix(path),
      ({ channel, payload }, from) => {
        if (channel === Channel.control) return onMessage(JSON.parse(payload.toString('utf8')) as FromServer, from)
        from.feed(channel === Channel.stderr ? stderr : stdout, payload)
      },
      () => {
        stdout.end()
        stderr.end()
        reject(unavailable(path))
        lost(new RuntimeError('Unavailable', 'the connection to the pod runtime ended'))
      },
    )
    peer.control(open)
  })
}

function processOf(stream: Stream): ProcessStreams {
  const stdin = stream.stdin ? new PassThrough() : null
  if (stdin) void stream.peer.pump(stdin, Channel.stdin)
  return {
    stdin,
    stdout: stream.stdout,
    stderr: stream.stderr,
    resize: (columns, rows) => stream.peer.control({ resize: [columns, rows] }),
    exit: stream.exit,
    close: () => stream.peer.destroy(),
  }
}

function tunnelOf(stream: Stream): Duplex {
  const into = new PassThrough()
  void stream.peer.pump(into, Channel.stdin)
  const tunnel = Duplex.from({ readable: stream.stdout, writable: into })
  tunnel.once('close', () => stream.peer.destroy())
  return tunnel
}

async function* logs(
  stream: (open: Open) => Promise<Stream>,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { peer, stdout } = await stream({ op: 'logs', options })
  const stop = (): void => {
    peer.destroy()
    stdout.end()
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of stdout) yield chunk as Buffer
  } finally {
    signal.removeEventListener('abort', stop)
    peer.destroy()
  }
}

async function* events(
  socket: Pick<SocketDriver, 'connectUnix'>,
  path: string,
  node: string,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  const queue: RuntimeEvent[] = []
  let closed = false
  let wake = (): void => {}
  const connection: Socket = socket.connectUnix(path)
  const peer = peerOn(
    connection,
    ({ payload }) => {
      const message = JSON.parse(payload.toString('utf8')) as FromServer
      if ('event' in message) queue.push(message.event)
      wake()
    },
    () => {
      closed = true
      wake()
    },
  )
  const stop = (): void => peer.destroy()
  if (signal.aborted) return stop()
  signal.addEventListener('abort', stop, { once: true })
  peer.control({ op: 'events', node } satisfies Open)
  try {
    for (;;) {
      const event = queue.shift()
      if (event) yield event
      else if (signal.aborted) return
      else if (closed) throw unavailable(path)
      else await new Promise<void>(resolve => (wake = resolve))
    }
  } finally {
    signal.removeEventListener('abort', stop)
    peer.destroy()
  }
}

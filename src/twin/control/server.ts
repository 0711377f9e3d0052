import type { Server, Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { Child } from '../../host/process/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { TwinStatus } from '../mod.ts'
import { CHANNEL, type Channel, encodeFrame, encodeMessage, type Frame, frameReader } from './frame.ts'
import { errorReply, type NodeAction, type Reply, type Request, type Resize } from './protocol.ts'

/** A command with its streams; `exited` resolves when it and its output have ended. */
export type RunningCommand = Pick<Child, 'stdout' | 'stderr' | 'exited' | 'kill' | 'resize'> & {
  readonly stdin: Writable | null
}

/** What the supervisor does for the command line. Errors for the user are UserErrors. */
export interface ControlHandler {
  status(): Promise<TwinStatus>
  exec(target: string, command: readonly string[], tty: boolean): Promise<RunningCommand>
  node(action: NodeAction, name: string | undefined): Promise<string>
  logs(role: string, options: { follow: boolean; tail?: number }, signal: AbortSignal): AsyncIterable<Buffer>
}

/** Serves the twin's control socket; hand it to `listenUnix`. */
export const controlServer = (sockets: SocketDriver, handler: ControlHandler): Server =>
  sockets.server(socket => serve(socket, handler))

function serve(socket: Socket, handler: ControlHandler): void {
  const read = frameReader()
  const gone = new AbortController()
  let take: (frame: Frame) => void = frame => {
    take = () => {}
    const inputs = (next: (frame: Frame) => void): void => {
      take = next
    }
    const request = JSON.parse(frame.payload.toString()) as Request
    answer({ socket, handler, inputs, gone: gone.signal }, request).then(
      result => void socket.end(encodeMessage({ result } satisfies Reply)),
      error => void socket.end(encodeMessage(errorReply(error))),
    )
  }
  socket.on('data', chunk => {
    try {
      for (const frame of read(chunk as Buffer)) take(frame)
    } catch {
      socket.destroy()
    }
  })
  socket.on('error', () => {})
  // The client has nothing more to say only when it is gone: it ends input with an empty frame.
  socket.on('end', () => socket.destroy())
  socket.once('close', () => gone.abort())
}

interface Connection {
  readonly socket: Socket
  readonly handler: ControlHandler
  /** Where further frames of the client go. */
  inputs(next: (frame: Frame) => void): void
  /** Aborts when the client has left. */
  readonly gone: AbortSignal
}

function answer(connection: Connection, request: Request): Promise<unknown> {
  switch (request.verb) {
    case 'status':
      return connection.handler.status()
    case 'node':
      return connection.handler.node(request.action, request.name)
    case 'exec':
      return exec(connection, request)
    case 'logs':
      return logs(connection, request)
  }
}

const begin = (socket: Socket): void => void socket.write(encodeMessage({ started: true } satisfies Reply))

async function exec(connection: Connection, request: Extract<Request, { verb: 'exec' }>): Promise<number> {
  const { socket, gone } = connection
  const early: Frame[] = []
  connection.inputs(frame => void early.push(frame))
  const child = await connection.handler.exec(request.target, request.command, request.tty)
  const feed = (frame: Frame): void => takeInput(child, frame, socket)
  for (const frame of early) feed(frame)
  connection.inputs(feed)
  const leave = (): void => child.kill(request.tty ? 'SIGHUP' : 'SIGTERM')
  if (gone.aborted) leave()
  else gone.addEventListener('abort', leave, { once: true })
  begin(socket)
  pump(child.stdout, socket, CHANNEL.data)
  if (child.stderr) pump(child.stderr, socket, CHANNEL.error)
  const [{ code }] = await Promise.all([child.exited, ended(child.stdout), ended(child.stderr)])
  gone.removeEventListener('abort', leave)
  return code
}

/** Its last words may come after its exit code. */
const ended = (stream: Readable | null): Promise<void> =>
  !stream || stream.readableEnded || stream.destroyed
    ? Promise.resolve()
    : new Promise(resolve => {
        stream.once('close', resolve)
        stream.once('end', resolve)
      })

function takeInput(child: RunningCommand, { channel, payload }: Frame, socket: Socket): void {
  if (channel === CHANNEL.message) {
    const { columns, rows } = JSON.parse(payload.toString()) as Resize
    child.resize(columns, rows)
  } else if (payload.length === 0) child.stdin?.end()
  else if (child.stdin?.write(payload) === false) {
    socket.pause()
    void drained(child.stdin).then(() => socket.resume())
  }
}

/** Output in frames, held back while the client does not read. */
function pump(from: Readable, socket: Socket, channel: Channel): void {
  from.on('data', (chunk: Buffer) => {
    if (socket.destroyed || socket.write(encodeFrame(channel, chunk))) return
    from.pause()
    void drained(socket).then(() => from.resume())
  })
}

async function logs({ socket, handler, gone }: Connection, request: Extract<Request, { verb: 'logs' }>): Promise<void> {
  const { role, follow, tail } = request
  const lines = handler.logs(role, { follow, ...(tail === undefined ? {} : { tail }) }, gone)
  let begun = false
  for await (const chunk of lines) {
    if (!begun) begin(socket)
    begun = true
    if (!socket.write(encodeFrame(CHANNEL.data, chunk)) && !gone.aborted) await drained(socket)
  }
  if (!begun) begin(socket)
}

const drained = (socket: Writable): Promise<void> =>
  new Promise(resolve => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.once('drain', done)
    socket.once('close', done)
  })

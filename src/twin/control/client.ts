import type { Socket } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import type { SocketDriver } from '../../host/socket/mod.ts'
import { messageOf, UserError } from '../../lib/errors.ts'
import type { RemoteProcess, TwinControl, TwinStatus } from '../mod.ts'
import { CHANNEL, encodeFrame, encodeMessage, type Frame, frameReader } from './frame.ts'
import { errorOf, type Reply, type Request, type Resize } from './protocol.ts'

/** A running twin's supervisor, by its Unix socket. Throws UserError when nobody answers there. */
export async function connectControl(sockets: SocketDriver, path: string): Promise<TwinControl> {
  const open = new Set<Call>()
  const call = async (request: Request): Promise<Call> => {
    const started = await startCall(sockets, path, request)
    open.add(started)
    started.ended.catch(() => {}).finally(() => open.delete(started))
    return started
  }
  const ask = async <T>(request: Request): Promise<T> => (await (await call(request)).ended) as T
  ;(await connected(sockets, path)).destroy()
  return {
    status: () => ask<TwinStatus>({ verb: 'status' }),
    node: (action, name) => ask<string>({ verb: 'node', action, ...(name === undefined ? {} : { name }) }),
    exec: async (target, command, { tty }) => {
      const started = await call({ verb: 'exec', target, command, tty })
      await started.begun
      return remoteProcess(started, tty)
    },
    async *logs(role, options, signal) {
      const started = await call({ verb: 'logs', role, ...options })
      const stop = (): void => started.close()
      signal.addEventListener('abort', stop, { once: true })
      try {
        await started.begun
        yield* started.output as AsyncIterable<Buffer>
        if (!signal.aborted) await started.ended
      } finally {
        signal.removeEventListener('abort', stop)
        started.close()
      }
    },
    close: () => {
      for (const each of open) each.close()
    },
  }
}

/** One request and what comes back of it. */
interface Call {
  readonly output: PassThrough
  readonly errors: PassThrough
  /** Resolves when data may follow; rejects with the server's error. */
  readonly begun: Promise<void>
  /** Resolves with the result; rejects with the server's error, or when the connection breaks. */
  readonly ended: Promise<unknown>
  send(bytes: Buffer): Promise<void>
  close(): void
}

function connected(sockets: SocketDriver, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = sockets.connectUnix(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', cause =>
      reject(
        new UserError('TwinSilent', `the twin does not answer on ${path}: ${messageOf(cause)}`, {
          hint: 'look at ./fairlead logs supervisor, or start anew: ./fairlead down, ./fairlead up',
          cause,
        }),
      ),
    )
  })
}

async function startCall(sockets: SocketDriver, path: string, request: Request): Promise<Call> {
  const socket = await connected(sockets, path)
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const begun = deferred<void>()
  const ended = deferred<unknown>()
  const fail = (error: Error): void => {
    begun.reject(error)
    ended.reject(error)
  }
  const read = frameReader()
  const fill = (stream: PassThrough, payload: Buffer): void => {
    if (stream.write(payload)) return
    socket.pause()
    stream.once('drain', () => {
      if (!output.writableNeedDrain && !errors.writableNeedDrain) socket.resume()
    })
  }
  const hear = (reply: Reply): void => {
    if ('started' in reply) begun.resolve()
    else if ('error' in reply) fail(errorOf(reply.error))
    else ended.resolve(reply.result)
  }
  const take = ({ channel, payload }: Frame): void => {
    if (channel === CHANNEL.data) fill(output, payload)
    else if (channel === CHANNEL.error) fill(errors, payload)
    else hear(JSON.parse(payload.toString()) as Reply)
  }
  socket.on('data', chunk => {
    for (const frame of read(chunk as Buffer)) take(frame)
  })
  const finish = (): void => {
    output.end()
    errors.end()
    fail(new UserError('TwinSilent', 'the twin ended the connection', { hint: 'look at ./fairlead status' }))
  }
  socket.once('end', () => socket.destroy())
  socket.once('close', finish)
  socket.on('error', () => {})
  const send = (bytes: Buffer): Promise<void> => new Promise(resolve => socket.write(bytes, () => resolve()))
  void send(encodeMessage(request))
  return { output, errors, begun: begun.promise, ended: ended.promise, send, close: () => socket.destroy() }
}

interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

/** Settles once; a rejection that nobody waits for is no fault. */
function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  promise.catch(() => {})
  return { promise, resolve: value => settle!.resolve(value), reject: error => settle!.reject(error) }
}

function remoteProcess(call: Call, tty: boolean): RemoteProcess {
  const stdin = new Writable({
    write: (chunk: Buffer, _, done) => void call.send(encodeFrame(CHANNEL.data, chunk)).then(() => done()),
    final: done => void call.send(encodeFrame(CHANNEL.data, Buffer.alloc(0))).then(() => done()),
  })
  const exit = call.ended.then(code => Number(code))
  exit.catch(() => {})
  const resize = (size: Resize): void => void call.send(encodeMessage(size))
  return {
    stdin,
    stdout: call.output,
    stderr: tty ? null : call.errors,
    resize: (columns, rows) => resize({ columns, rows }),
    exit,
  }
}

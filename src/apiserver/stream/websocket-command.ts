/** exec and attach over WebSocket: one channel a stream, its number before each message. */
import { Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { CommandChannels, CommandStatus, Wanted } from './channels.ts'
import { ended, resizeParser, sizes } from './channels.ts'

export interface CommandProtocol {
  readonly name: string
  /** 5: streams may be half-closed. Since 4 the error channel carries a Status; before, the message of a failure. */
  readonly version: 1 | 4 | 5
  readonly base64: boolean
}

export const COMMAND_PROTOCOLS: readonly CommandProtocol[] = [
  { name: 'v5.channel.k8s.io', version: 5, base64: false },
  { name: 'v4.channel.k8s.io', version: 4, base64: false },
  { name: 'v4.base64.channel.k8s.io', version: 4, base64: true },
  { name: 'channel.k8s.io', version: 1, base64: false },
  { name: 'base64.channel.k8s.io', version: 1, base64: true },
  { name: '', version: 1, base64: false },
]

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

export function webSocketCommand(webSocket: WebSocket, wanted: Wanted, protocol: CommandProtocol): CommandChannels {
  const gone = new AbortController()
  const size = sizes()
  const resize = resizeParser(size.set)
  const stdin = wanted.stdin ? stdinOf(webSocket) : null
  const out = (channel: number): Writable => writable(webSocket, channel, protocol)
  let finishing = false
  webSocket.on('message', (data, isBinary) => {
    const [channel, body] = unwrap(data as Buffer, isBinary, protocol)
    if (channel === CHANNEL.stdin) receive(webSocket, stdin, body)
    else if (channel === CHANNEL.resize) resize(body)
    else if (channel === CHANNEL.close && protocol.version >= 5 && body[0] === CHANNEL.stdin)
      receive(webSocket, stdin, null)
  })
  webSocket.on('error', () => webSocket.terminate())
  webSocket.on('close', () => {
    stdin?.destroy()
    if (!finishing) gone.abort()
  })
  const stdout = wanted.stdout ? out(CHANNEL.stdout) : null
  const stderr = wanted.stderr ? out(CHANNEL.stderr) : null
  // An empty message on the first channel tells the client that it may begin.
  webSocket.send(wrap(wanted.stdout ? CHANNEL.stdout : CHANNEL.error, Buffer.alloc(0), protocol))
  return {
    stdin,
    stdout,
    stderr,
    onResize: size.on,
    gone: gone.signal,
    async finish(status) {
      await Promise.all([ended(stdout), ended(stderr)])
      finishing = true
      const text = statusText(status, protocol)
      if (text !== '') webSocket.send(wrap(CHANNEL.error, Buffer.from(text), protocol))
      webSocket.close(1000)
    },
  }
}

const statusText = (status: CommandStatus, protocol: CommandProtocol): string => {
  if (protocol.version >= 4) return JSON.stringify(status)
  return status.status === 'Success' ? '' : (status.message ?? '')
}

const stdinOf = (webSocket: WebSocket): Readable => {
  const stdin = new Readable({ read: () => webSocket.resume(), highWaterMark: 256 * 1024 })
  stdin.on('error', () => {})
  return stdin
}

function receive(webSocket: WebSocket, stdin: Readable | null, body: Buffer | null): void {
  if (!stdin || stdin.destroyed || stdin.readableEnded) return
  if (body === null || body.length > 0) {
    if (!stdin.push(body) && body !== null) webSocket.pause()
  }
}

/** `done` is called when the kernel has the message, so that a slow client slows the process and fills no memory. */
function writable(webSocket: WebSocket, channel: number, protocol: CommandProtocol): Writable {
  const stream = new Writable({
    highWaterMark: 64 * 1024,
    write(chunk: Buffer, _, done) {
      if (webSocket.readyState !== webSocket.OPEN) return done(new Error('the client has gone'))
      webSocket.send(wrap(channel, chunk, protocol), error => done(error))
    },
  })
  stream.on('error', () => {})
  return stream
}

const wrap = (channel: number, body: Buffer, { base64 }: CommandProtocol): Buffer | string =>
  base64 ? `${channel}${body.toString('base64')}` : Buffer.concat([Buffer.from([channel]), body])

function unwrap(
  data: Buffer,
  isBinary: boolean,
  { base64 }: CommandProtocol,
): readonly [channel: number, body: Buffer] {
  if (data.length === 0) return [-1, data]
  if (base64) return [data[0]! - 48, Buffer.from(data.toString('latin1', 1), 'base64')]
  // Clients that send text number their channels with a byte all the same.
  return [data[0]!, isBinary ? data.subarray(1) : Buffer.from(data.subarray(1))]
}

import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { messageOf, unreachable } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/log.ts'
import type { PodRuntime, ProcessStreams } from '../mod.ts'
import type { Frame } from './frame.ts'
import { Channel } from './frame.ts'
import type { Call, FromClient, Open } from './messages.ts'
import { isCall, isOpen, wireError } from './messages.ts'
import type { Peer } from './peer.ts'
import { peerOn } from './peer.ts'

/** A listener that does not read is cut off when so much waits for it. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024
/** Beyond so many calls under way, a connection is not read further. */
const MAX_CALLS = 256

/** What frames from the client mean once a stream is open. */
interface StreamHandlers {
  frame(frame: Frame, peer: Peer): void
  message(message: FromClient): void
}
const NO_STREAM: StreamHandlers = { frame: () => {}, message: () => {} }

/** Serves one connection of a client. */
export function serveConnection(runtime: PodRuntime, socket: Socket, log: Logger): void {
  const gone = new AbortController()
  let stream: StreamHandlers | undefined
  let calls = 0
  const onMessage = (message: FromClient, peer: Peer): void => {
    if (isCall(message)) {
      if (++calls >= MAX_CALLS) peer.pause()
      answer(runtime, message)
        .then(
          result => peer.control({ id: message.id, result }),
          error => peer.control({ id: message.id, error: wireError(error) }),
        )
        .finally(() => {
          if (--calls < MAX_CALLS) peer.resume()
        })
    } else if (!isOpen(message)) stream?.message(message)
    else if (!stream) {
      stream = NO_STREAM
      open(runtime, message, peer, gone.signal, handlers => (stream = handlers)).catch(error => {
        if (!gone.signal.aborted) peer.control({ error: wireError(error) })
        log.debug({ op: message.op, error: messageOf(error) }, 'a stream ended')
        peer.end()
      })
    }
  }
  peerOn(
    socket,
    (frame, peer) => {
      if (frame.channel === Channel.control) onMessage(JSON.parse(frame.payload.toString('utf8')) as FromClient, peer)
      else stream?.frame(frame, peer)
    },
    () => gone.abort(),
  )
}

function answer(runtime: PodRuntime, call: Call): Promise<unknown> {
  switch (call.op) {
    case 'runSandbox':
      return runtime.runSandbox(call.spec)
    case 'stopSandbox':
      return runtime.stopSandbox(call.podUid, call.graceSeconds)
    case 'removeSandbox':
      return runtime.removeSandbox(call.podUid, call.graceSeconds)
    case 'startContainer':
      return runtime.startContainer(call.spec)
    case 'stopContainer':
      return runtime.stopContainer(call.podUid, call.name, call.graceSeconds)
    case 'list':
      return runtime.list(call.node)
    default:
      return unreachable(call)
  }
}

type Ready = (handlers: StreamHandlers) => void

async function open(runtime: PodRuntime, message: Open, peer: Peer, signal: AbortSignal, ready: Ready): Promise<void> {
  switch (message.op) {
    case 'events':
      for await (const event of runtime.events(message.node, signal)) {
        peer.control({ event })
        if (peer.bufferedBytes > MAX_UNREAD_BYTES) peer.destroy()
      }
      return peer.end()
    case 'logs':
      return sendLogs(runtime, message.options, peer, signal)
    case 'exec':
      return serveProcess(await runtime.exec(message.spec), peer, signal, ready)
    case 'attach':
      return serveProcess(await runtime.attach(message.podUid, message.container), peer, signal, ready)
    case 'portForward':
      return serveTunnel(await runtime.portForward(message.podUid, message.port), peer, signal, ready)
    default:
      return unreachable(message)
  }
}

async function sendLogs(
  runtime: PodRuntime,
  options: Parameters<PodRuntime['logs']>[0],
  peer: Peer,
  signal: AbortSignal,
): Promise<void> {
  const { Readable } = await import('node:stream')
  // The iterator is asked for its first piece before anything is said, so that a refusal is still a refusal.
  const pieces = runtime.logs(options, signal)[Symbol.asyncIterator]()
  const first = await pieces.next()
  peer.control({ opened: { stdin: false, stderr: false } })
  const rest = async function* (): AsyncGenerator<Buffer> {
    if (!first.done) yield first.value
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value
  }
  if (!first.done) await peer.pump(Readable.from(rest(), { objectMode: false }), Channel.stdout)
  peer.end()
}

async function serveProcess(streams: ProcessStreams, peer: Peer, signal: AbortSignal, ready: Ready): Promise<void> {
  const close = (): void => streams.close()
  if (signal.aborted) return close()
  signal.addEventListener('abort', close, { once: true })
  const { stdin } = streams
  stdin?.on('error', () => {})
  ready({
    frame: ({ channel, payload }) => {
      if (channel === Channel.stdin && stdin) peer.feed(stdin, payload)
    },
    message: message => {
      if ('resize' in message) streams.resize(message.resize[0], message.resize[1])
    },
  })
  peer.control({ opened: { stdin: stdin !== null, stderr: streams.stderr !== null } })
  const pumps = [peer.pump(streams.stdout, Channel.stdout)]
  if (streams.stderr) pumps.push(peer.pump(streams.stderr, Channel.stderr))
  const exit = await streams.exit
  await Promise.all(pumps)
  signal.removeEventListener('abort', close)
  peer.control({ exit })
  peer.end()
}

async function serveTunnel(tunnel: Duplex, peer: Peer, signal: AbortSignal, ready: Ready): Promise<void> {
  signal.addEventListener('abort', () => tunnel.destroy(), { once: true })
  tunnel.on('error', () => tunnel.destroy())
  ready({
    frame: ({ channel, payload }) => {
      if (channel === Channel.stdin) peer.feed(tunnel, payload)
    },
    message: () => {},
  })
  peer.control({ opened: { stdin: true, stderr: false } })
  await peer.pump(tunnel, Channel.stdout)
  if (!tunnel.writableFinished) await new Promise(resolve => tunnel.once('close', resolve))
  peer.end()
}

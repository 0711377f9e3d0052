/** Port forwarding over SPDY: for each connection of the client a pair of streams, `data` and `error`. */
import type { Duplex } from 'node:stream'
import { messageOf } from '../../lib/errors.ts'
import type { SpdyStream } from '../../wire/spdy/session.ts'
import type { Carrier } from './carrier.ts'
import type { StreamDeps } from './mod.ts'
import { duplexOf, spdyLink } from './spdy-link.ts'

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'
/** The same, in the messages of a WebSocket. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io'

/** How long the second stream of a pair may take. */
const PAIR_MS = 30_000

export interface ForwardedPod {
  readonly uid: string
  readonly name: string
}

/** Resolves when the client has gone. */
export function servePortForward(deps: StreamDeps, pod: ForwardedPod, carrier: Carrier): Promise<void> {
  const pairs = new Map<string, Pair>()
  return new Promise(resolve => {
    spdyLink(
      carrier,
      stream => {
        const type = stream.headers.streamtype
        const port = portOf(stream)
        if ((type !== 'data' && type !== 'error') || port === undefined) return stream.reset()
        const id = requestId(stream)
        const pair = pairs.get(id) ?? newPair(deps, pairs, id)
        if (pair[type]) return stream.reset()
        pair[type] = duplexOf(stream)
        if (!pair.data || !pair.error) return
        pairs.delete(id)
        pair.cancel()
        void forward(deps, pod, port, pair.data, pair.error)
      },
      () => {
        for (const pair of pairs.values()) pair.cancel()
        resolve()
      },
    )
  })
}

interface Pair {
  data?: Duplex
  error?: Duplex
  readonly cancel: () => void
}

function newPair(deps: StreamDeps, pairs: Map<string, Pair>, id: string): Pair {
  const pair: Pair = {
    cancel: deps.clock.after(PAIR_MS, () => {
      pairs.delete(id)
      pair.data?.destroy()
      pair.error?.destroy()
    }),
  }
  pairs.set(id, pair)
  return pair
}

function portOf(stream: SpdyStream): number | undefined {
  const text = stream.headers.port ?? ''
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : undefined
}

/** Clients that name no request open the error stream first and the data stream next. */
const requestId = (stream: SpdyStream): string =>
  stream.headers.requestid ?? `stream ${stream.headers.streamtype === 'error' ? stream.id : stream.id - 2}`

/** One connection. A failure is told on the error stream; the others go on. */
export async function forward(
  deps: StreamDeps,
  pod: ForwardedPod,
  port: number,
  data: Duplex,
  error: Duplex,
): Promise<void> {
  error.resume()
  try {
    const connection = await deps.runtime.portForward(pod.uid, port)
    // The client may have gone while we were connecting.
    if (data.destroyed) connection.destroy()
    else await join(data, connection)
  } catch (cause) {
    error.write(`error forwarding port ${port} to pod ${pod.name}, uid ${pod.uid}: ${messageOf(cause)}`)
  }
  error.end()
  data.end()
  data.resume()
}

/** Passes bytes both ways, and each side's end on to the other. Rejects when the pod's side breaks. */
function join(client: Duplex, connection: Duplex): Promise<void> {
  client.pipe(connection)
  connection.pipe(client)
  client.once('close', () => connection.destroy())
  return new Promise((resolve, reject) => {
    connection.once('error', error => (client.destroyed ? resolve() : reject(error)))
    connection.once('close', () => resolve())
  })
}

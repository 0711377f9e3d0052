/** exec and attach over SPDY: one SPDY stream for each of theirs, named by the header `streamtype`. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import type { Carrier } from './carrier.ts'
import type { CommandChannels, CommandStatus, Wanted } from './channels.ts'
import { ended, resizeParser, sizes } from './channels.ts'
import type { SpdyLink } from './spdy-link.ts'
import { duplexOf, spdyLink } from './spdy-link.ts'

/** Best first. Since 4 the error stream carries a Status; since 3 there are sizes. */
export const SPDY_COMMAND_PROTOCOLS: readonly string[] = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
]

/** How long a client may take to open its streams. */
const STREAMS_MS = 30_000

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize'

/** Resolves once the client has opened every stream it asked for; rejects when it does not, or goes. */
export function spdyCommand(
  carrier: Carrier,
  wanted: Wanted,
  protocol: string,
  clock: Clock,
): Promise<CommandChannels> {
  const version = Number(/^v(\d)/.exec(protocol)?.[1] ?? 1)
  const missing = new Set<string>(expected(wanted, version))
  const streams = new Map<string, Duplex>()
  const gone = new AbortController()
  return new Promise((resolve, reject) => {
    const cancel = clock.after(STREAMS_MS, () => {
      carrier.destroy()
      reject(new Error('timed out waiting for client to create streams'))
    })
    const link = spdyLink(
      carrier,
      stream => {
        const type = stream.headers.streamtype ?? ''
        if (!missing.delete(type)) return stream.reset()
        streams.set(type, duplexOf(stream))
        if (missing.size > 0) return
        cancel()
        resolve(channelsOf(streams, link, version, gone))
      },
      () => {
        cancel()
        gone.abort()
        reject(new Error('the client has gone'))
      },
    )
  })
}

const expected = (wanted: Wanted, version: number): readonly StreamType[] => [
  'error',
  ...(wanted.stdin ? (['stdin'] as const) : []),
  ...(wanted.stdout ? (['stdout'] as const) : []),
  ...(wanted.stderr ? (['stderr'] as const) : []),
  ...(wanted.tty && version >= 3 ? (['resize'] as const) : []),
]

function channelsOf(
  streams: ReadonlyMap<string, Duplex>,
  link: SpdyLink,
  version: number,
  gone: AbortController,
): CommandChannels {
  const size = sizes()
  streams.get('resize')?.on('data', resizeParser(size.set))
  const output = (type: StreamType): Duplex | null => streams.get(type)?.resume() ?? null
  const [stdout, stderr, error] = [output('stdout'), output('stderr'), output('error')]
  return {
    stdin: streams.get('stdin') ?? null,
    stdout,
    stderr,
    onResize: size.on,
    gone: gone.signal,
    async finish(status) {
      await Promise.all([ended(stdout), ended(stderr)])
      error?.write(statusText(status, version))
      await ended(error)
      link.end()
    },
  }
}

function statusText(status: CommandStatus, version: number): string {
  if (version >= 4) return JSON.stringify(status)
  return status.status === 'Success' ? '' : (status.message ?? '')
}

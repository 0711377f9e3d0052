import type { Clock } from '../lib/clock.ts'
import type { Handled, HandlerDeps, Transport } from './handle.ts'
import { handle } from './handle.ts'
import type { Client } from './listen/client.ts'
import { clientText } from './listen/client.ts'
import type { Answering } from './listen/tcp.ts'
import type { UdpAnswers } from './listen/udp.ts'
import type { Memo } from './memo.ts'
import type { Metrics } from './metrics.ts'
import type { LogClass } from './querylog.ts'
import { isLogged, logLine } from './querylog.ts'
import type { Sites } from './sites.ts'

export interface AnsweringDeps {
  readonly handler: HandlerDeps
  readonly sites: Sites
  readonly memo: Memo
  readonly metrics: Metrics
  readonly clock: Clock
  readonly isSynced: () => boolean
  readonly out: (line: string) => void
}

/** Queries as they come in, with all that is said and counted of them. */
export function createAnswering(deps: AnsweringDeps): { readonly udp: UdpAnswers; readonly tcp: Answering } {
  const { sites, memo, metrics, clock } = deps
  const logClassOf = (name = '.'): LogClass => sites.siteOf(name.toLowerCase())?.logClass ?? 'error'
  const isToBeLogged = ({ reply }: Handled): boolean => {
    const isPlain = reply.rcode === 0 && reply.answers.length > 0 && !sites.isVerbose
    return !isPlain && isLogged(logClassOf(reply.questions[0]?.name), reply)
  }
  const answering = (transport: Transport) => (packet: Buffer, client: Client) => {
    const startMs = clock.monotonic()
    const finish = (handled: Handled | undefined): Buffer | undefined => {
      if (!handled) return undefined
      const ms = clock.monotonic() - startMs
      const counter = metrics.note(handled, transport, ms)
      if (isToBeLogged(handled)) deps.out(logLine(handled, clientText(client), transport, packet.length, ms))
      // While a cache fills up "unknown" is not worth keeping.
      else if (transport === 'udp' && deps.isSynced()) memo.keep(packet, handled, counter)
      return handled.bytes
    }
    const handled = handle(deps.handler, packet, transport)
    return handled instanceof Promise ? handled.then(finish) : finish(handled)
  }
  let hits = 0
  let firstMs = 0
  return {
    tcp: answering('tcp'),
    udp: {
      quick(packet, length, reply) {
        const known = memo.find(packet, length)
        if (!known) return 0
        if (hits++ === 0) firstMs = clock.monotonic()
        known.counter.count++
        reply.set(known.bytes)
        reply[0] = packet[0]!
        reply[1] = packet[1]!
        return known.bytes.length
      },
      answered() {
        if (hits > 0) metrics.took(hits, clock.monotonic() - firstMs)
        hits = 0
      },
      answer: answering('udp'),
    },
  }
}

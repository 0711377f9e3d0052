import type { Clock } from '../lib/clock.ts'
import { encode } from '../wire/dns/encode.ts'
import { RCODE } from '../wire/dns/message.ts'
import type { Handled, HandlerDeps, Transport } from './handle.ts'
import { handle } from './handle.ts'
import type { Client } from './listen/client.ts'
import { clientText } from './listen/client.ts'
import type { Answering } from './listen/tcp.ts'
import type { UdpAnswers } from './listen/udp.ts'
import type { Memo } from './memo.ts'
import type { Metrics } from './metrics.ts'
import type { NameGate } from './names/gate.ts'
import type { LogClass } from './querylog.ts'
import { isLogged, logLine } from './querylog.ts'
import type { Sites } from './sites.ts'
import { replyTo } from './zone/respond.ts'

export interface AnsweringDeps {
  readonly handler: HandlerDeps
  readonly sites: Sites
  readonly memo: Memo
  readonly metrics: Metrics
  readonly clock: Clock
  readonly isSynced: () => boolean
  readonly out: (line: string) => void
  /** Whoever must know of an answer before it is given. */
  readonly gate?: NameGate
}

/** Queries as they come in, with all that is said and counted of them. */
export function createAnswering(deps: AnsweringDeps): { readonly udp: UdpAnswers; readonly tcp: Answering } {
  const { sites, memo, metrics, clock } = deps
  const logClassOf = (name = '.'): LogClass => sites.siteOf(name.toLowerCase())?.logClass ?? 'error'
  const isToBeLogged = ({ reply }: Handled): boolean => {
    const isPlain = reply.rcode === 0 && reply.answers.length > 0 && !sites.isVerbose
    return !isPlain && isLogged(logClassOf(reply.questions[0]?.name), reply)
  }
  const isConcerned = ({ reply }: Handled): boolean => deps.gate?.concerns(reply.questions[0]?.name ?? '.') ?? false
  const answering = (transport: Transport) => (packet: Buffer, client: Client) => {
    const startMs = clock.monotonic()
    const finish = (handled: Handled | undefined, isOwn: boolean): Buffer | undefined => {
      if (!handled) return undefined
      const ms = clock.monotonic() - startMs
      const counter = metrics.note(handled, transport, ms)
      if (isToBeLogged(handled)) deps.out(logLine(handled, clientText(client), transport, packet.length, ms))
      // What others said lives as long as they say; and while a cache fills up "unknown" is not worth keeping.
      else if (isOwn && transport === 'udp' && deps.isSynced() && !isConcerned(handled))
        memo.keep(packet, handled, counter)
      return handled.bytes
    }
    const released = (handled: Handled | undefined, isOwn: boolean) => {
      const release = handled && deps.gate?.release(client.address, handled.reply)
      if (!release) return finish(handled, isOwn)
      return release.then(isAdmitted => finish(isAdmitted ? handled : withheld(handled), false))
    }
    const handled = handle(deps.handler, packet, transport)
    return handled instanceof Promise ? handled.then(made => released(made, false)) : released(handled, true)
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

function withheld({ query, reply }: Handled): Handled {
  const failure = { ...replyTo(query ?? reply, RCODE.SERVFAIL), isRecursionAvailable: reply.isRecursionAvailable }
  return { query, reply: failure, bytes: encode(failure) }
}

import { randomInt } from 'node:crypto'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { decode } from '../../wire/dns/decode.ts'
import { encode } from '../../wire/dns/encode.ts'
import type { Message, Question } from '../../wire/dns/message.ts'
import { DnsFormatError } from '../../wire/dns/message.ts'
import { UDP_SIZE } from '../zone/respond.ts'
import type { Connections } from './connections.ts'

/** A server that is asked what the zone does not know. */
export interface Upstream {
  readonly address: Ip
  readonly port: number
  /** Over TLS (RFC 7858). */
  readonly tls?: { readonly serverName?: string; readonly authority?: string }
  /** Never over UDP. */
  readonly isTcpForced?: boolean
}

export interface UpstreamDeps {
  readonly sockets: SocketDriver
  /** Whence questions are sent. */
  readonly netns: Netns
  readonly clock: Clock
}

export interface ExchangeDeps extends UpstreamDeps {
  readonly connections: Connections
}

/**
 * Asks one server, over TCP when its answer does not fit over UDP. Every question has an identifier and a source port that
 * cannot be guessed, and an answer must come from whom was asked and repeat the question. Rejects when none comes in time.
 */
export async function exchange(
  deps: ExchangeDeps,
  upstream: Upstream,
  question: Question,
  timeoutMs: number,
): Promise<Message> {
  const query = queryFor(question)
  if (upstream.tls || upstream.isTcpForced) return deps.connections.exchange(upstream, query, timeoutMs)
  const answer = await overUdp(deps, upstream, query, timeoutMs)
  return answer.isTruncated ? deps.connections.exchange(upstream, query, timeoutMs) : answer
}

const queryFor = (question: Question): Message => ({
  id: randomInt(0x10000),
  isResponse: false,
  opcode: 0,
  isAuthoritative: false,
  isTruncated: false,
  isRecursionDesired: true,
  isRecursionAvailable: false,
  isAuthenticData: false,
  isCheckingDisabled: false,
  rcode: 0,
  questions: [question],
  answers: [],
  authorities: [],
  additionals: [],
  edns: { udpSize: UDP_SIZE, version: 0, isDnssecOk: false, options: [] },
})

/** Undefined for what is no answer to the query: it may be forged, and the real one still to come. */
export function answerTo(query: Message, bytes: Uint8Array): Message | undefined {
  try {
    const answer = decode(bytes)
    const [asked] = query.questions
    const [repeated] = answer.questions
    const isSame =
      answer.isResponse &&
      answer.id === query.id &&
      repeated?.name.toLowerCase() === asked?.name.toLowerCase() &&
      repeated?.type === asked?.type &&
      repeated?.class === asked?.class
    return isSame ? answer : undefined
  } catch (error) {
    if (error instanceof DnsFormatError) return undefined
    throw error
  }
}

async function overUdp(
  { sockets, netns, clock }: UpstreamDeps,
  { address, port }: Upstream,
  query: Message,
  timeoutMs: number,
): Promise<Message> {
  const socket = await sockets.udp({ netns, port: 0, family: familyOf(address) })
  let cancel = (): void => {}
  try {
    return await new Promise<Message>((resolve, reject) => {
      cancel = clock.after(timeoutMs, () => reject(new Error(`${address}:${port} does not answer`)))
      socket.on('error', reject)
      socket.on('message', (bytes, from) => {
        const answer = from.address === address && from.port === port ? answerTo(query, bytes) : undefined
        if (answer) resolve(answer)
      })
      socket.send(encode(query), port, address, error => error && reject(error))
    })
  } finally {
    cancel()
    socket.close()
  }
}

/** Over TCP each message has its length before it (RFC 1035 4.2.2). */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(message.length + 2)
  frame.writeUInt16BE(message.length, 0)
  frame.set(message, 2)
  return frame
}

/** Cuts a stream into messages; keeps at most one message that has not ended. */
export function createFrames(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0)
      const message = rest.subarray(2, end)
      rest = rest.subarray(end)
      onMessage(message)
    }
  }
}

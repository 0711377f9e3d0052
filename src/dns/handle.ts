import { answer } from '../model/names/answer.ts'
import type { NameSource, ZoneOptions } from '../model/names/types.ts'
import { decode, HEADER_BYTES } from '../wire/dns/decode.ts'
import { encode, MAX_MESSAGE } from '../wire/dns/encode.ts'
import type { Message, Question, ResourceRecord } from '../wire/dns/message.ts'
import { CLASS, DnsFormatError, RCODE, TYPE } from '../wire/dns/message.ts'
import { rewritten } from './corefile/rewrite.ts'
import type { HostsRule, RewriteRule } from './corefile/types.ts'
import { isBelow } from './corefile/values.ts'
import type { Learned } from './forward/cache.ts'
import type { Forwarder } from './forward/forward.ts'
import { shuffled } from './order.ts'
import { hostsReply } from './zone/hosts.ts'
import { questionType, replyTo, udpLimit, zoneReply } from './zone/respond.ts'

export type Transport = 'udp' | 'tcp'

/** What one server of names needs to answer a query. */
export interface HandlerDeps {
  readonly source: NameSource & { readonly isSynced: boolean; readonly arePodsSynced?: boolean }
  /** The cluster's zone; absent where others answer for everything. */
  readonly zone?: ZoneOptions
  readonly serial: () => number
  readonly forwarder: Pick<Forwarder, 'ask'>
  /** Names that are looked up under another name. */
  readonly rewrites?: readonly RewriteRule[]
  /** Names that come before the zone's. */
  readonly hosts?: HostsRule
  /** Zones of ours of which unknown names are asked of others. */
  readonly fallthrough?: readonly string[]
  /** Addresses come in another order each time. */
  readonly loadbalance?: boolean
  /** Who answers for a name, where that differs by name: undefined is nobody. The name is absolute, in lower case. */
  readonly siteOf?: (name: string) => HandlerDeps | undefined
  /** Answers `hostname.bind CH TXT`. */
  readonly hostname: string
  /** Told of what must not happen; the client gets SERVFAIL. */
  readonly failed: (error: unknown) => void
}

/** A query with its reply, for logs and counters. `reply` is what was meant; the bytes may be truncated. */
export interface Handled {
  readonly query: Message | undefined
  readonly reply: Message
  readonly bytes: Buffer
  /** Another answer to the same question may be due next time, though nothing changed. */
  readonly isVolatile?: true
}

/** How many aliases are followed for one question. */
const MAX_CHASE = 8

/** The reply to a packet, at once where the zone knows it; undefined for what no reply is due. Never throws. */
export function handle(
  deps: HandlerDeps,
  packet: Uint8Array,
  transport: Transport,
): Handled | undefined | Promise<Handled> {
  let query: Message
  try {
    query = decode(packet)
  } catch (error) {
    return error instanceof DnsFormatError ? malformed(packet) : undefined
  }
  // Replying to replies is how two servers talk for ever.
  if (query.isResponse) return undefined
  const finish = (reply: Message): Handled => ({ query, reply, bytes: write(query, reply, transport) })
  const refusal = refusalOf(query)
  if (refusal !== undefined) return finish(replyTo(query, refusal))
  const question = query.questions[0]!
  if (question.class === CLASS.CH) return finish(chaosReply(deps, query, question))
  const failed = (error: unknown): Handled => {
    deps.failed(error)
    return finish(replyTo(query, RCODE.SERVFAIL))
  }
  try {
    const site = deps.siteOf ? deps.siteOf(question.name.toLowerCase()) : deps
    if (!site) return finish(replyTo(query, RCODE.REFUSED))
    const reply = siteReply(site, query, question)
    const arranged = (made: Message): Handled =>
      // What a rewritten name leads to changes with another name.
      site.loadbalance || site.rewrites?.length
        ? { ...finish(site.loadbalance ? shuffled(made) : made), isVolatile: true }
        : finish(made)
    return reply instanceof Promise ? reply.then(arranged).catch(failed) : arranged(reply)
  } catch (error) {
    return failed(error)
  }
}

/** Enough of it was read to say so, or it is left without a word. */
function malformed(packet: Uint8Array): Handled | undefined {
  const bytes = Buffer.from(packet)
  if (bytes.length < HEADER_BYTES || (bytes[2]! & 0x80) !== 0) return undefined
  const header = Buffer.alloc(HEADER_BYTES)
  bytes.copy(header, 0, 0, 4)
  for (let at = 4; at < HEADER_BYTES; at++) header[at] = 0
  const reply = replyTo(decode(header), RCODE.FORMERR)
  return { query: undefined, reply, bytes: encode(reply) }
}

function refusalOf(query: Message): number | undefined {
  if (query.opcode !== 0) return RCODE.NOTIMP
  if (query.questions.length !== 1) return RCODE.FORMERR
  if (query.edns && query.edns.version > 0) return RCODE.BADVERS
  const [question] = query.questions
  if (question!.type === TYPE.AXFR || question!.type === TYPE.IXFR) return RCODE.REFUSED
  return [CLASS.IN, CLASS.CH, CLASS.ANY].some(known => known === question!.class) ? undefined : RCODE.REFUSED
}

function write(query: Message, reply: Message, transport: Transport): Buffer {
  const limit = transport === 'udp' ? udpLimit(query) : MAX_MESSAGE
  try {
    return encode(reply, limit)
  } catch (error) {
    if (error instanceof DnsFormatError) return encode(replyTo(query, RCODE.SERVFAIL), limit)
    throw error
  }
}

/** Which of several servers this is: the names that BIND made customary. */
function chaosReply({ hostname }: HandlerDeps, query: Message, question: Question): Message {
  const name = question.name.toLowerCase()
  if (question.type !== TYPE.TXT || (name !== 'hostname.bind.' && name !== 'id.server.'))
    return replyTo(query, RCODE.REFUSED)
  const record: ResourceRecord = {
    name: question.name,
    class: CLASS.CH,
    ttl: 0,
    data: { type: 'TXT', texts: [hostname] },
  }
  return { ...replyTo(query, RCODE.NOERROR), isAuthoritative: true, answers: [record] }
}

/** Under the name that the rules make of the one that was asked for. */
function siteReply(site: HandlerDeps, query: Message, question: Question): Message | Promise<Message> {
  const other = site.rewrites && rewritten(site.rewrites, question.name.toLowerCase())
  if (!other) return inetReply(site, query, question)
  const restore = (reply: Message): Message => ({
    ...reply,
    questions: query.questions,
    answers: other.isAnswerRestored
      ? reply.answers.map(record =>
          record.name.toLowerCase() === other.name ? { ...record, name: question.name } : record,
        )
      : reply.answers,
  })
  const reply = inetReply(site, query, { ...question, name: other.name })
  return reply instanceof Promise ? reply.then(restore) : restore(reply)
}

function inetReply(deps: HandlerDeps, query: Message, question: Question): Message | Promise<Message> {
  const name = question.name.toLowerCase()
  const known = deps.hosts && hostsReply(deps.hosts, query, question)
  if (known) return known
  const { zone } = deps
  return zone ? zoneOrBeyond({ ...deps, zone }, query, question, name) : forwarded(deps, query, question)
}

type ZoneDeps = HandlerDeps & { readonly zone: ZoneOptions }

function zoneOrBeyond(deps: ZoneDeps, query: Message, question: Question, name: string): Message | Promise<Message> {
  const { source, zone } = deps
  const isOwn = name === `${zone.domain}.` || name.endsWith(`.${zone.domain}.`)
  // Before all is known, "no such name" would be a lie that clients remember.
  if (!source.isSynced && (isOwn || name.endsWith('.arpa.'))) return replyTo(query, RCODE.SERVFAIL)
  const isOfPod = zone.pods === 'verified' && name.endsWith(`.pod.${zone.domain}.`)
  if (isOfPod && !source.arePodsSynced) return replyTo(query, RCODE.SERVFAIL)
  const found = answer(source, zone, name, questionType(question.type))
  const isOther = found.is === 'nxdomain' && isOwn && (deps.fallthrough ?? []).some(one => isBelow(name, one))
  const reply = isOther
    ? undefined
    : zoneReply(query, question, found, { domain: zone.domain, serial: deps.serial(), ttl: zone.ttl })
  if (!reply) return forwarded(deps, query, question)
  return found.is === 'records' && found.chase !== undefined ? chased(deps, reply, question, found.chase) : reply
}

async function forwarded({ forwarder }: HandlerDeps, query: Message, question: Question): Promise<Message> {
  const learned = await forwarder.ask(question)
  if (!learned) return { ...replyTo(query, RCODE.SERVFAIL), isRecursionAvailable: true }
  return { ...replyTo(query, learned.rcode), ...learned, isRecursionAvailable: true }
}

/** Adds what an alias leads to, through the zone and beyond. An alias that leads nowhere is still an answer. */
async function chased(deps: ZoneDeps, reply: Message, question: Question, target: string): Promise<Message> {
  const answers = [...reply.answers]
  let next: string | undefined = target
  for (let hops = 0; next !== undefined && hops < MAX_CHASE; hops++) {
    const asked: Question = { ...question, name: next }
    const found = answer(deps.source, deps.zone, next.toLowerCase(), questionType(question.type))
    next = undefined
    if (found.is === 'elsewhere') answers.push(...((await beyond(deps, asked))?.answers ?? []))
    else if (found.is === 'records') {
      for (const record of found.records) answers.push({ class: CLASS.IN, ttl: deps.zone.ttl, ...record })
      next = found.chase
    }
  }
  return { ...reply, answers }
}

async function beyond({ forwarder }: HandlerDeps, question: Question): Promise<Learned | undefined> {
  const learned = await forwarder.ask(question)
  return learned?.rcode === RCODE.NOERROR ? learned : undefined
}

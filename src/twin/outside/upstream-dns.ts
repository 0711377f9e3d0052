import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { decode } from '../../wire/dns/decode.ts'
import { encode } from '../../wire/dns/encode.ts'
import type { Message, Question, ResourceRecord } from '../../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../../wire/dns/message.ts'
import type { WorldPlan } from '../plan.ts'

/** Names of the world outside, in lower case with the final dot; one that begins with "*." stands for all below it. */
export type HostsTable = ReadonlyMap<string, readonly Ip[]>

/** Addresses, or the name that it is another name of, in lower case with the final dot. */
export type Held = readonly Ip[] | { readonly alias: string }

/** What the outside DNS answers from: names of its own, and those that others put into its zone. */
export interface OutsideZone {
  readonly names: HostsTable
  /** In lower case with the final dot. */
  readonly zone: string
  readonly updated: Map<string, Held>
}

export const outsideZone = (plan: WorldPlan): OutsideZone => ({
  names: outsideNames(plan),
  zone: `${plan.config.appsDomain.replace(/^apps\./, '')}.`,
  updated: new Map(),
})

const TTL_S = 30

/** What the outside DNS knows: the wildcards of both domains, the API, and a few servers of the internet. */
export function outsideNames(plan: WorldPlan): HostsTable {
  const { address, second } = plan.outside.find(host => host.name === 'internet')!
  const internet = [address, ...(second ? [second.address] : [])]
  const [first] = plan.nodes
  const base = plan.config.appsDomain.replace(/^apps\./, '')
  return new Map<string, readonly Ip[]>([
    // Not .localhost: nobody asks DNS for it.
    ...plan.doors.map(({ domain, address: vip }) => [`*.${domain}.`, [vip]] as const),
    [`api.${base}.`, [first!.address, ...(first!.address6 ? [first!.address6] : [])]],
    ['whoami.internet.test.', internet],
    ['example.com.', internet],
    ['www.example.com.', internet],
    ['example.org.', internet],
  ])
}

/**
 * Answers one query packet: what the tables have, other names followed to their addresses, NXDOMAIN else; carries out one update. Undefined for what is neither: nothing is
 * sent back.
 */
export function answerOutside(zone: OutsideZone, packet: Buffer, limitBytes: number): Buffer | undefined {
  let query: Message
  try {
    query = decode(packet)
  } catch {
    return undefined
  }
  const [question] = query.questions
  if (query.isResponse || !question) return undefined
  const reply: Message = {
    ...query,
    isResponse: true,
    isAuthoritative: true,
    isRecursionAvailable: true,
    rcode: RCODE.NOTIMP,
    answers: [],
    authorities: [],
    additionals: [],
    ...(query.edns ? { edns: { udpSize: 1232, version: 0, isDnssecOk: false, options: [] } } : {}),
  }
  if (query.opcode === UPDATE) return encode({ ...reply, rcode: update(zone, question, query.authorities) }, limitBytes)
  if (query.opcode !== 0) return encode(reply, limitBytes)
  const answers = answersTo(zone, question)
  const rcode = answers === undefined ? RCODE.NXDOMAIN : RCODE.NOERROR
  return encode({ ...reply, rcode, answers: answers ?? [] }, limitBytes)
}

const UPDATE = 5
const NOTZONE = 10

/** Addresses and other names, as they come; the last of a name counts. What the twin itself has there stays. Source: RFC 2136. */
function update({ zone, updated }: OutsideZone, asked: Question, changes: readonly ResourceRecord[]): number {
  const isInside = (name: string): boolean => name.toLowerCase().endsWith(`.${zone}`)
  if (asked.name.toLowerCase() !== zone || !changes.every(({ name }) => isInside(name))) return NOTZONE
  for (const { name, class: klass, data } of changes)
    if (klass === CLASS.ANY) updated.delete(name.toLowerCase())
    else if (klass === CLASS.IN && data.type === 'A') updated.set(name.toLowerCase(), [data.address])
    else if (klass === CLASS.IN && data.type === 'CNAME')
      updated.set(name.toLowerCase(), { alias: data.target.toLowerCase() })
    else return RCODE.REFUSED
  return RCODE.NOERROR
}

const LONGEST_CHAIN = 8

/** Undefined where there is no such name. */
function answersTo(zone: OutsideZone, question: Question, left = LONGEST_CHAIN): readonly ResourceRecord[] | undefined {
  const name = question.name.toLowerCase()
  const held = find(zone.names, name) ?? find(zone.updated, name)
  if (!held || !('alias' in held)) return held && records(question, held)
  const target = held.alias
  const alias: ResourceRecord = { name: question.name, class: CLASS.IN, ttl: TTL_S, data: { type: 'CNAME', target } }
  const isFollowed = question.type !== TYPE.CNAME && left > 0
  return [alias, ...((isFollowed && answersTo(zone, { ...question, name: target }, left - 1)) || [])]
}

function find<H extends Held>(names: ReadonlyMap<string, H>, name: string): H | undefined {
  const exact = names.get(name)
  if (exact) return exact
  for (let dot = name.indexOf('.'); dot >= 0 && dot < name.length - 1; dot = name.indexOf('.', dot + 1)) {
    const wild = names.get(`*${name.slice(dot)}`)
    if (wild) return wild
  }
  return undefined
}

const records = ({ name, type: wanted }: Question, addresses: readonly Ip[]): readonly ResourceRecord[] =>
  addresses.flatMap(address => {
    const type = familyOf(address) === 4 ? 'A' : 'AAAA'
    const isWanted = wanted === TYPE[type] || wanted === TYPE.ANY
    return isWanted ? [{ name, class: CLASS.IN, ttl: TTL_S, data: { type, address } }] : []
  })

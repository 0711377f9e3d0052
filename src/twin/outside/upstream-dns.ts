import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { decode } from '../../wire/dns/decode.ts'
import { encode } from '../../wire/dns/encode.ts'
import type { Message, Question, ResourceRecord } from '../../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../../wire/dns/message.ts'
import type { WorldPlan } from '../plan.ts'

/** Names of the world outside, in lower case with the final dot; one that begins with "*." stands for all below it. */
export type HostsTable = ReadonlyMap<string, Ip>

const TTL_S = 30

/** What the outside DNS knows: the wildcards of both domains, the API, and a few servers of the internet. */
export function outsideNames(plan: WorldPlan): HostsTable {
  const internet = plan.outside.find(host => host.name === 'internet')!.address
  const base = plan.config.appsDomain.replace(/^apps\./, '')
  return new Map<string, Ip>([
    // Not .localhost: nobody asks DNS for it.
    ...plan.doors.map(({ domain, address }) => [`*.${domain}.`, address] as const),
    [`api.${base}.`, plan.nodes[0]!.address],
    ['whoami.internet.test.', internet],
    ['example.com.', internet],
    ['www.example.com.', internet],
    ['example.org.', internet],
  ])
}

/** Answers one query packet: A records of the table, NXDOMAIN else. Undefined for what is no query: nothing is sent back. */
export function answerOutside(names: HostsTable, packet: Buffer, limitBytes: number): Buffer | undefined {
  let query: Message
  try {
    query = decode(packet)
  } catch {
    return undefined
  }
  const [question] = query.questions
  if (query.isResponse || !question) return undefined
  const address = find(names, question.name.toLowerCase())
  const known = address !== undefined
  const reply: Message = {
    ...query,
    isResponse: true,
    isAuthoritative: true,
    isRecursionAvailable: true,
    rcode: query.opcode !== 0 ? RCODE.NOTIMP : known ? RCODE.NOERROR : RCODE.NXDOMAIN,
    answers: known && query.opcode === 0 ? records(question, address) : [],
    authorities: [],
    additionals: [],
    ...(query.edns ? { edns: { udpSize: 1232, version: 0, isDnssecOk: false, options: [] } } : {}),
  }
  return encode(reply, limitBytes)
}

function find(names: HostsTable, name: string): Ip | undefined {
  const exact = names.get(name)
  if (exact) return exact
  for (let dot = name.indexOf('.'); dot >= 0 && dot < name.length - 1; dot = name.indexOf('.', dot + 1)) {
    const wild = names.get(`*${name.slice(dot)}`)
    if (wild) return wild
  }
  return undefined
}

function records(question: Question, address: Ip): readonly ResourceRecord[] {
  const type = familyOf(address) === 4 ? 'A' : 'AAAA'
  const wanted = question.type === TYPE[type] || question.type === TYPE.ANY
  return wanted ? [{ name: question.name, class: CLASS.IN, ttl: TTL_S, data: { type, address } }] : []
}

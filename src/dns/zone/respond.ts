import { unreachable } from '../../lib/errors.ts'
import type { Answer, NameRecord, QuestionType } from '../../model/names/types.ts'
import type { Edns, Message, Question, ResourceRecord } from '../../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../../wire/dns/message.ts'

/** What replies promise to take over UDP: more would be cut into fragments on the way. */
export const UDP_SIZE = 1232
const LEAST_UDP_SIZE = 512

/** How many bytes a client takes over UDP: what it says, within what is wise. */
export const udpLimit = ({ edns }: Pick<Message, 'edns'>): number =>
  edns ? Math.min(Math.max(edns.udpSize, LEAST_UDP_SIZE), UDP_SIZE) : LEAST_UDP_SIZE

/** A reply to the query, with nothing in it yet. */
export function replyTo(query: Message, rcode: number): Message {
  const edns: Edns = { udpSize: UDP_SIZE, version: 0, isDnssecOk: query.edns?.isDnssecOk ?? false, options: [] }
  return {
    id: query.id,
    isResponse: true,
    opcode: query.opcode,
    isAuthoritative: false,
    isTruncated: false,
    isRecursionDesired: query.isRecursionDesired,
    isRecursionAvailable: false,
    isAuthenticData: false,
    isCheckingDisabled: query.isCheckingDisabled,
    rcode,
    questions: query.questions,
    answers: [],
    authorities: [],
    additionals: [],
    ...(query.edns ? { edns } : {}),
  }
}

/** What a zone says about itself. */
export interface ZoneState {
  readonly domain: string
  /** Seconds; never goes back while names change. */
  readonly serial: number
  readonly ttl: number
}

const MAX_SOA_TTL = 300

function soa(zone: string, { domain, serial, ttl }: ZoneState): ResourceRecord {
  return {
    name: zone,
    class: CLASS.IN,
    ttl: Math.min(ttl, MAX_SOA_TTL),
    data: {
      type: 'SOA',
      primary: `ns.dns.${domain}.`,
      mailbox: `hostmaster.${domain}.`,
      serial,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttl,
    },
  }
}

/** The zone's answer as a reply, and nothing for what is not the zone's to answer. */
export function zoneReply(query: Message, question: Question, answer: Answer, state: ZoneState): Message | undefined {
  const reply = { ...replyTo(query, RCODE.NOERROR), isAuthoritative: true }
  switch (answer.is) {
    case 'elsewhere':
      return undefined
    case 'nodata':
      return { ...reply, authorities: [soa(answer.zone, state)] }
    case 'nxdomain':
      return { ...reply, rcode: RCODE.NXDOMAIN, authorities: [soa(answer.zone, state)] }
    case 'records': {
      const isSoa = question.type === TYPE.SOA
      const toRecord = (record: NameRecord): ResourceRecord => ({ class: CLASS.IN, ttl: state.ttl, ...record })
      return {
        ...reply,
        answers: isSoa ? [soa(`${state.domain}.`, state)] : answer.records.map(toRecord),
        additionals: answer.additional.map(toRecord),
      }
    }
    default:
      return unreachable(answer)
  }
}

const QUESTION_TYPES: Readonly<Record<number, QuestionType>> = {
  [TYPE.A]: 'A',
  [TYPE.AAAA]: 'AAAA',
  [TYPE.CNAME]: 'CNAME',
  [TYPE.SRV]: 'SRV',
  [TYPE.PTR]: 'PTR',
  [TYPE.NS]: 'NS',
  [TYPE.SOA]: 'SOA',
  [TYPE.TXT]: 'TXT',
}
export const questionType = (type: number): QuestionType => QUESTION_TYPES[type] ?? 'other'

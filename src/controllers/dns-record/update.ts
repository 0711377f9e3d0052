import { parseIp } from '../../lib/ip.ts'
import type { Message, ResourceRecord } from '../../wire/dns/message.ts'
import { CLASS, TYPE } from '../../wire/dns/message.ts'

/** What a name should be in a zone; without targets it should not be. */
export interface WantedRecord {
  readonly zone: string
  /** With its final dot. */
  readonly name: string
  readonly type: 'A' | 'CNAME'
  readonly ttl: number
  readonly targets: readonly string[]
}

const UPDATE = 5

/** An update that takes away what is there of the type and puts the targets in its place, at once. Source: RFC 2136. */
export function updateMessage(id: number, { zone, name, type, ttl, targets }: WantedRecord): Message {
  const none: ResourceRecord = {
    name,
    class: CLASS.ANY,
    ttl: 0,
    data: { type: 'other', number: TYPE[type], bytes: new Uint8Array() },
  }
  const records = targets.flatMap((target): ResourceRecord[] => {
    const address = parseIp(target)
    if (type === 'CNAME') return [{ name, class: CLASS.IN, ttl, data: { type, target } }]
    return address && !address.includes(':') ? [{ name, class: CLASS.IN, ttl, data: { type, address } }] : []
  })
  return {
    id,
    isResponse: false,
    opcode: UPDATE,
    isAuthoritative: false,
    isTruncated: false,
    isRecursionDesired: false,
    isRecursionAvailable: false,
    isAuthenticData: false,
    isCheckingDisabled: false,
    rcode: 0,
    questions: [{ name: zone, type: TYPE.SOA, class: CLASS.IN }],
    answers: [],
    authorities: [none, ...records],
    additionals: [],
  }
}

import { familyOf } from '../../lib/ip.ts'
import { reverseAddress } from '../../model/names/reverse.ts'
import type { Message, Question, ResourceRecord } from '../../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../../wire/dns/message.ts'
import type { HostsRule } from '../corefile/types.ts'
import { isBelow } from '../corefile/values.ts'
import { replyTo } from './respond.ts'

/** What the hosts' lines say; undefined where others are to be asked. */
export function hostsReply(hosts: HostsRule, query: Message, question: Question): Message | undefined {
  const name = question.name.toLowerCase()
  const reply: Message = { ...replyTo(query, RCODE.NOERROR), isAuthoritative: true }
  const answer = (data: readonly ResourceRecord['data'][]): Message => ({
    ...reply,
    answers: data.map(one => ({ name: question.name, class: CLASS.IN, ttl: hosts.ttl, data: one })),
  })
  const addresses = hosts.addresses.get(name)
  if (addresses) {
    const wanted = question.type === TYPE.A ? 4 : question.type === TYPE.AAAA ? 6 : 0
    const found = addresses.filter(address => familyOf(address) === wanted)
    return answer(found.map(address => ({ type: wanted === 4 ? 'A' : 'AAAA', address })))
  }
  const reversed = question.type === TYPE.PTR ? reverseAddress(name) : undefined
  const names = reversed === undefined ? undefined : hosts.names.get(reversed)
  if (names) return answer(names.map(target => ({ type: 'PTR', target })))
  return hosts.fallthrough.some(zone => isBelow(name, zone)) ? undefined : { ...reply, rcode: RCODE.NXDOMAIN }
}

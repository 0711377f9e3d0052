import { randomInt } from 'node:crypto'
import type { Message, ResourceRecord } from '../wire/dns/message.ts'

const isAddress = ({ data }: ResourceRecord): boolean => data.type === 'A' || data.type === 'AAAA'

/** The same reply with its addresses in another order; what leads to them stays before them. */
export function shuffled(reply: Message): Message {
  const addresses = reply.answers.filter(isAddress)
  if (addresses.length < 2) return reply
  for (let i = addresses.length - 1; i > 0; i--) {
    const j = randomInt(i + 1)
    const other = addresses[i]!
    addresses[i] = addresses[j]!
    addresses[j] = other
  }
  return { ...reply, answers: [...reply.answers.filter(record => !isAddress(record)), ...addresses] }
}

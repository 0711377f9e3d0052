import type { Message } from '../../wire/dns/message.ts'
import type { NamedAddress } from '../../wire/names/messages.ts'

/**
 * The addresses that the question's name leads to by the aliases of this very reply: what else is in it says nothing about the
 * name. An address lives as long as the shortest link that leads to it.
 */
export function addressesIn({ questions, answers }: Message): readonly NamedAddress[] {
  const found: NamedAddress[] = []
  const seen = new Set<string>()
  let name = questions[0]?.name.toLowerCase()
  let ttlSeconds = Number.POSITIVE_INFINITY
  while (name !== undefined && !seen.has(name)) {
    seen.add(name)
    const own = answers.filter(record => record.name.toLowerCase() === name)
    name = undefined
    for (const { data, ttl } of own) {
      if (data.type === 'A' || data.type === 'AAAA')
        found.push({ address: data.address, ttlSeconds: Math.min(ttl, ttlSeconds) })
      else if (data.type === 'CNAME') {
        name = data.target.toLowerCase()
        ttlSeconds = Math.min(ttl, ttlSeconds)
      }
    }
  }
  return found
}

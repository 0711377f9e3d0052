import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Question } from '../../wire/dns/message.ts'
import { RCODE } from '../../wire/dns/message.ts'
import type { Learned } from './cache.ts'
import { createCache } from './cache.ts'
import type { Upstream, UpstreamDeps } from './upstream.ts'
import { exchange } from './upstream.ts'

/** Questions that are under way at once; more are refused until some have ended. */
const MAX_IN_FLIGHT = 1000
const TIMEOUT_MS = 2000

/** Asks others, and remembers what they said. */
export interface Forwarder {
  /** Undefined when nobody could be asked or nobody answered. */
  ask(question: Question): Promise<Learned | undefined>
}

export interface ForwarderDeps extends UpstreamDeps {
  readonly log: Logger
}

/** Servers are asked in their order, the next when one does not answer; equal questions at the same time are one. */
export function createForwarder(deps: ForwarderDeps, upstreams: readonly Upstream[]): Forwarder {
  const cache = createCache(deps.clock)
  const asking = new Map<string, Promise<Learned | undefined>>()
  const askAll = async (question: Question): Promise<Learned | undefined> => {
    let refusal: Learned | undefined
    for (const upstream of upstreams) {
      try {
        const answer = await exchange(deps, upstream, question, TIMEOUT_MS)
        const { rcode, answers, authorities, additionals } = answer
        const learned = { rcode, answers, authorities, additionals }
        if (rcode === RCODE.SERVFAIL || rcode === RCODE.REFUSED) {
          refusal = learned
          continue
        }
        cache.put(question, learned)
        return learned
      } catch (error) {
        deps.log.debug({ upstream: upstream.address, name: question.name, error: messageOf(error) }, 'no answer')
      }
    }
    return refusal
  }
  return {
    async ask(question) {
      const known = cache.get(question)
      if (known) return known
      const key = `${question.type} ${question.class} ${question.name.toLowerCase()}`
      const same = asking.get(key)
      if (same) return same
      if (asking.size >= MAX_IN_FLIGHT || upstreams.length === 0) return undefined
      const asked = askAll(question).finally(() => asking.delete(key))
      asking.set(key, asked)
      return asked
    },
  }
}

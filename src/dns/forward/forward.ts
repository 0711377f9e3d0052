import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Question } from '../../wire/dns/message.ts'
import { RCODE } from '../../wire/dns/message.ts'
import type { CacheRule, Policy } from '../corefile/types.ts'
import type { Cache, Learned } from './cache.ts'
import { CACHE_LIMITS, createCache } from './cache.ts'
import { createConnections } from './connections.ts'
import type { ForwardCounts } from './counts.ts'
import { createCounts } from './counts.ts'
import type { Pool } from './pool.ts'
import { createPool } from './pool.ts'
import type { ExchangeDeps, Upstream, UpstreamDeps } from './upstream.ts'
import { exchange } from './upstream.ts'

/** Questions that are under way at once; more are refused until some have ended. */
const MAX_IN_FLIGHT = 1000
const TIMEOUT_MS = 2000
/** For all servers together: clients have given up by then. */
const DEADLINE_MS = 5000
const FAILURE_SECONDS = 5
const LEAST_SECONDS = 5

/** Asks others, and remembers what they said. */
export interface Forwarder {
  /** Undefined when nobody could be asked or nobody answered. */
  ask(question: Question): Promise<Learned | undefined>
  close(): void
}

export interface ForwarderDeps extends UpstreamDeps {
  readonly log: Logger
  readonly counts?: ForwardCounts
}

export interface ForwarderOptions {
  readonly upstreams: readonly Upstream[]
  readonly policy: Policy
  readonly maxFails: number
  readonly healthCheckMs: number
  /** Absent: nothing is remembered. */
  readonly cache?: CacheRule
}

/** Servers in their order, everything as OKD's Corefile has it. */
export const sequential = (upstreams: readonly Upstream[]): ForwarderOptions => ({
  upstreams,
  policy: 'sequential',
  maxFails: 2,
  healthCheckMs: 500,
  cache: {
    positiveSeconds: CACHE_LIMITS.positiveSeconds,
    positiveEntries: CACHE_LIMITS.entries,
    negativeSeconds: CACHE_LIMITS.negativeSeconds,
    negativeEntries: CACHE_LIMITS.entries,
    staleSeconds: 0,
    isStaleVerified: false,
  },
})

/** The next server is asked when one does not answer; equal questions at the same time are one. */
export function createForwarder(deps: ForwarderDeps, options: ForwarderOptions): Forwarder {
  const counts = deps.counts ?? createCounts()
  const cache = options.cache && cacheOf(deps, options.cache)
  const connections = createConnections(deps)
  const exchanging = { ...deps, connections }
  const pool = createPool({ ...exchanging, counts }, options)
  const asking = new Map<string, Promise<Learned | undefined>>()
  const asked = (question: Question): Promise<Learned | undefined> | undefined => {
    const key = `${question.type} ${question.class} ${question.name.toLowerCase()}`
    const same = asking.get(key)
    if (same) return same
    if (asking.size >= MAX_IN_FLIGHT || options.upstreams.length === 0) return undefined
    const answer = askAll(exchanging, pool, counts, question).finally(() => asking.delete(key))
    asking.set(key, answer)
    return answer.then(learned => {
      if (learned) cache?.put(question, learned)
      return learned
    })
  }
  return {
    async ask(question) {
      if (!cache) return asked(question)
      counts.cacheRequests++
      const known = cache.get(question)
      counts.cacheEntries = cache.size
      if (known) {
        counts.cacheHits++
        return known
      }
      return withStale(question, cache, options.cache!.isStaleVerified)
    },
    close() {
      pool.close()
      connections.close()
    },
  }

  /** An old answer at once while a new one is fetched, or only when there is no new one. */
  async function withStale(question: Question, known: Cache, isVerified: boolean): Promise<Learned | undefined> {
    const stale = known.stale(question)
    const fresh = asked(question)
    if (stale && !isVerified) {
      fresh?.catch(() => {})
      counts.staleServed++
      return stale
    }
    const learned = await fresh
    if (learned && learned.rcode !== RCODE.SERVFAIL) return learned
    if (stale) counts.staleServed++
    return stale ?? learned
  }
}

const cacheOf = ({ clock }: ForwarderDeps, rule: CacheRule): Cache =>
  createCache(clock, {
    entries: rule.positiveEntries,
    negativeEntries: rule.negativeEntries,
    positiveSeconds: rule.positiveSeconds,
    negativeSeconds: rule.negativeSeconds,
    failureSeconds: FAILURE_SECONDS,
    leastSeconds: LEAST_SECONDS,
    staleSeconds: rule.staleSeconds,
  })

async function askAll(
  deps: ForwarderDeps & ExchangeDeps,
  pool: Pool,
  counts: ForwardCounts,
  question: Question,
): Promise<Learned | undefined> {
  let refusal: Learned | undefined
  const endMs = deps.clock.monotonic() + DEADLINE_MS
  for (const upstream of pool.order()) {
    const leftMs = endMs - deps.clock.monotonic()
    if (leftMs <= 0) break
    counts.requested(upstream)
    try {
      const answer = await exchange(deps, upstream, question, Math.min(TIMEOUT_MS, leftMs))
      const { rcode, answers, authorities, additionals } = answer
      const learned = { rcode, answers, authorities, additionals }
      if (rcode !== RCODE.SERVFAIL && rcode !== RCODE.REFUSED) return learned
      refusal = learned
    } catch (error) {
      pool.failed(upstream)
      deps.log.debug({ upstream: upstream.address, name: question.name, error: messageOf(error) }, 'no answer')
    }
  }
  return refusal
}

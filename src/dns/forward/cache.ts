import type { Clock } from '../../lib/clock.ts'
import type { Message, Question, ResourceRecord } from '../../wire/dns/message.ts'
import { RCODE } from '../../wire/dns/message.ts'

/** What an upstream said, without what belongs to one exchange. */
export type Learned = Pick<Message, 'rcode' | 'answers' | 'authorities' | 'additionals'>

export interface CacheLimits {
  readonly entries: number
  readonly positiveSeconds: number
  readonly negativeSeconds: number
  /** Denials have an allowance of their own; `entries` where absent. */
  readonly negativeEntries?: number
  /** Failures of upstreams: long enough not to ask again for each of a crowd. */
  readonly failureSeconds?: number
  /** Records that live shorter are kept for this long all the same. */
  readonly leastSeconds?: number
  /** What has expired is kept for so long, for when nobody else answers. */
  readonly staleSeconds?: number
}

/** As OKD's Corefile has it: `cache 900 { denial 9984 30 }`, in both directions. */
export const CACHE_LIMITS: CacheLimits = { entries: 9984, positiveSeconds: 900, negativeSeconds: 30 }

/** Answers of upstreams, for as long as their records live. The ones used longest ago go first. */
export interface Cache {
  /** With the time to live that is left. */
  get(question: Question): Learned | undefined
  /** What has expired, with no time to live. */
  stale(question: Question): Learned | undefined
  put(question: Question, answer: Learned): void
  readonly size: number
}

interface Entry {
  readonly answer: Learned
  readonly storedMs: number
  readonly endsMs: number
}

export function createCache(clock: Clock, limits = CACHE_LIMITS): Cache {
  const positive = new Map<string, Entry>()
  const negative = new Map<string, Entry>()
  const staleMs = (limits.staleSeconds ?? 0) * 1000
  const find = (key: string): Map<string, Entry> => (positive.has(key) ? positive : negative)
  return {
    get size() {
      return positive.size + negative.size
    },
    stale(question) {
      const entry = find(keyOf(question)).get(keyOf(question))
      if (!entry || clock.monotonic() >= entry.endsMs + staleMs) return undefined
      return aged(entry.answer, Number.POSITIVE_INFINITY)
    },
    get(question) {
      const key = keyOf(question)
      const entries = find(key)
      const entry = entries.get(key)
      if (!entry) return undefined
      const nowMs = clock.monotonic()
      if (nowMs >= entry.endsMs) {
        if (nowMs >= entry.endsMs + staleMs) entries.delete(key)
        return undefined
      }
      entries.delete(key)
      entries.set(key, entry)
      return aged(entry.answer, Math.floor((nowMs - entry.storedMs) / 1000))
    },
    put(question, answer) {
      const seconds = lifetime(answer, limits)
      if (seconds <= 0) return
      const key = keyOf(question)
      const isPositive = answer.rcode === RCODE.NOERROR && answer.answers.length > 0
      const entries = isPositive ? positive : negative
      find(key).delete(key)
      const storedMs = clock.monotonic()
      entries.set(key, { answer, storedMs, endsMs: storedMs + seconds * 1000 })
      const most = isPositive ? limits.entries : (limits.negativeEntries ?? limits.entries)
      if (entries.size > most) entries.delete(entries.keys().next().value!)
    },
  }
}

const keyOf = ({ name, type, class: qclass }: Question): string => `${type} ${qclass} ${name.toLowerCase()}`

/** Denials live as long as the SOA record beside them says (RFC 2308 5); without one they are not kept, nor are failures. */
function lifetime({ rcode, answers, authorities }: Learned, limits: CacheLimits): number {
  const within = (most: number, seconds: number): number =>
    seconds <= 0 ? 0 : Math.min(most, Math.max(limits.leastSeconds ?? 0, seconds))
  if (rcode === RCODE.NOERROR && answers.length > 0)
    return within(limits.positiveSeconds, Math.min(...answers.map(({ ttl }) => ttl)))
  if (rcode === RCODE.SERVFAIL) return limits.failureSeconds ?? 0
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return 0
  const soa = authorities.find(({ data }) => data.type === 'SOA')
  return soa?.data.type === 'SOA' ? within(limits.negativeSeconds, Math.min(soa.ttl, soa.data.minimum)) : 0
}

function aged(answer: Learned, seconds: number): Learned {
  const older = (record: ResourceRecord): ResourceRecord => ({ ...record, ttl: Math.max(0, record.ttl - seconds) })
  return {
    rcode: answer.rcode,
    answers: answer.answers.map(older),
    authorities: answer.authorities.map(older),
    additionals: answer.additionals.map(older),
  }
}

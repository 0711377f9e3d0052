import type { Clock } from '../../lib/clock.ts'
import type { Message, Question, ResourceRecord } from '../../wire/dns/message.ts'
import { RCODE } from '../../wire/dns/message.ts'

/** What an upstream said, without what belongs to one exchange. */
export type Learned = Pick<Message, 'rcode' | 'answers' | 'authorities' | 'additionals'>

export interface CacheLimits {
  readonly entries: number
  readonly positiveSeconds: number
  readonly negativeSeconds: number
}

/** As OKD's Corefile has it: `cache 900 { denial 9984 30 }`, in both directions. */
export const CACHE_LIMITS: CacheLimits = { entries: 9984, positiveSeconds: 900, negativeSeconds: 30 }

/** Answers of upstreams, for as long as their records live. The ones used longest ago go first. */
export interface Cache {
  /** With the time to live that is left. */
  get(question: Question): Learned | undefined
  put(question: Question, answer: Learned): void
  readonly size: number
}

interface Entry {
  readonly answer: Learned
  readonly storedMs: number
  readonly endsMs: number
}

export function createCache(clock: Clock, limits = CACHE_LIMITS): Cache {
  const entries = new Map<string, Entry>()
  return {
    get size() {
      return entries.size
    },
    get(question) {
      const key = keyOf(question)
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      const nowMs = clock.monotonic()
      if (nowMs >= entry.endsMs) return undefined
      entries.set(key, entry)
      return aged(entry.answer, Math.floor((nowMs - entry.storedMs) / 1000))
    },
    put(question, answer) {
      const seconds = lifetime(answer, limits)
      if (seconds <= 0) return
      const key = keyOf(question)
      entries.delete(key)
      const storedMs = clock.monotonic()
      entries.set(key, { answer, storedMs, endsMs: storedMs + seconds * 1000 })
      if (entries.size > limits.entries) entries.delete(entries.keys().next().value!)
    },
  }
}

const keyOf = ({ name, type, class: qclass }: Question): string => `${type} ${qclass} ${name.toLowerCase()}`

/** Denials live as long as the SOA record beside them says (RFC 2308 5); without one they are not kept, nor are failures. */
function lifetime({ rcode, answers, authorities }: Learned, limits: CacheLimits): number {
  if (rcode === RCODE.NOERROR && answers.length > 0)
    return Math.min(limits.positiveSeconds, ...answers.map(({ ttl }) => ttl))
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return 0
  const soa = authorities.find(({ data }) => data.type === 'SOA')
  return soa?.data.type === 'SOA' ? Math.min(limits.negativeSeconds, soa.ttl, soa.data.minimum) : 0
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

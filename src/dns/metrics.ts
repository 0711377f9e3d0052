import { rcodeName, typeName } from '../wire/dns/message.ts'
import type { Handled, Transport } from './handle.ts'

/** What one server counts, under CoreDNS' names. */
export interface Metrics {
  /** Returns where such replies are counted. */
  note(handled: Handled, transport: Transport, ms: number): Counter
  /** How long some took that were counted one by one. */
  took(count: number, ms: number): void
  /** Prometheus' text format. */
  text(): string
}

const BUCKETS_S = [
  0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096,
]
const COUNTED_TYPES = new Set(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'ANY'])

export interface Counter {
  readonly requests: string
  readonly responses: string
  count: number
}

export function createMetrics(port: number, zone: string): Metrics {
  const server = `dns://:${port}`
  const counters = new Map<number, Counter>()
  const slower = new Array<number>(BUCKETS_S.length + 1).fill(0)
  const total = { count: 0, seconds: 0 }
  const took = (count: number, ms: number): void => {
    total.count += count
    total.seconds += (count * ms) / 1000
    let bucket = 0
    while (bucket < BUCKETS_S.length && ms / 1000 > BUCKETS_S[bucket]!) bucket++
    slower[bucket]! += count
  }
  const counterFor = ({ reply }: Handled, transport: Transport): Counter => {
    const [question] = reply.questions
    const isOwn = question?.name.toLowerCase().endsWith(`${zone}.`) ?? false
    const key = (question?.type ?? 0) * 256 + reply.rcode * 4 + (transport === 'tcp' ? 2 : 0) + (isOwn ? 1 : 0)
    const known = counters.get(key)
    if (known) return known
    const name = question ? typeName(question.type) : 'other'
    const type = COUNTED_TYPES.has(name) ? name : 'other'
    const where = `server="${server}",zone="${isOwn ? `${zone}.` : '.'}",view=""`
    const made = {
      requests: `${where},proto="${transport}",family="1",type="${type}"`,
      responses: `${where},rcode="${rcodeName(reply.rcode)}"`,
      count: 0,
    }
    counters.set(key, made)
    return made
  }
  const summed = (of: 'requests' | 'responses'): ReadonlyMap<string, number> => {
    const sums = new Map<string, number>()
    for (const counter of counters.values()) sums.set(counter[of], (sums.get(counter[of]) ?? 0) + counter.count)
    return sums
  }
  return {
    note(handled, transport, ms) {
      const counter = counterFor(handled, transport)
      counter.count++
      took(1, ms)
      return counter
    },
    took,
    text() {
      let below = 0
      const buckets = BUCKETS_S.map((_, i) => {
        below += slower[i]!
        return below
      })
      const labels = `server="${server}",zone="."`
      return [
        '# TYPE coredns_dns_requests_total counter',
        ...[...summed('requests')].map(([of, value]) => `coredns_dns_requests_total{${of}} ${value}`),
        '# TYPE coredns_dns_responses_total counter',
        ...[...summed('responses')].map(([of, value]) => `coredns_dns_responses_total{${of}} ${value}`),
        '# TYPE coredns_dns_request_duration_seconds histogram',
        ...BUCKETS_S.map((le, i) => `coredns_dns_request_duration_seconds_bucket{${labels},le="${le}"} ${buckets[i]}`),
        `coredns_dns_request_duration_seconds_bucket{${labels},le="+Inf"} ${total.count}`,
        `coredns_dns_request_duration_seconds_sum{${labels}} ${total.seconds}`,
        `coredns_dns_request_duration_seconds_count{${labels}} ${total.count}`,
        '',
      ].join('\n')
    },
  }
}

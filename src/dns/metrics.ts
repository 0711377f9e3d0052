import { rcodeName, typeName } from '../wire/dns/message.ts'
import type { Handled, Transport } from './handle.ts'

/** What one server counts, under CoreDNS' names. */
export interface Metrics {
  note(handled: Handled, transport: Transport, ms: number): void
  /** Prometheus' text format. */
  text(): string
}

const BUCKETS_S = [
  0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096,
]
const COUNTED_TYPES = new Set(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'ANY'])

export function createMetrics(port: number, zone: string): Metrics {
  const server = `dns://:${port}`
  const requests = new Map<string, number>()
  const responses = new Map<string, number>()
  const buckets = BUCKETS_S.map(() => 0)
  const total = { count: 0, seconds: 0 }
  const add = (counter: Map<string, number>, labels: string): void =>
    void counter.set(labels, (counter.get(labels) ?? 0) + 1)
  return {
    note({ reply }, transport, ms) {
      const [question] = reply.questions
      const name = question ? typeName(question.type) : 'other'
      const type = COUNTED_TYPES.has(name) ? name : 'other'
      const where = question?.name.toLowerCase().endsWith(`${zone}.`) ? `${zone}.` : '.'
      add(requests, `server="${server}",zone="${where}",view="",proto="${transport}",family="1",type="${type}"`)
      add(responses, `server="${server}",zone="${where}",view="",rcode="${rcodeName(reply.rcode)}"`)
      total.count++
      total.seconds += ms / 1000
      for (const [i, bound] of BUCKETS_S.entries()) if (ms / 1000 <= bound) buckets[i]!++
    },
    text() {
      const labels = `server="${server}",zone="."`
      return [
        '# TYPE coredns_dns_requests_total counter',
        ...[...requests].map(([of, value]) => `coredns_dns_requests_total{${of}} ${value}`),
        '# TYPE coredns_dns_responses_total counter',
        ...[...responses].map(([of, value]) => `coredns_dns_responses_total{${of}} ${value}`),
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

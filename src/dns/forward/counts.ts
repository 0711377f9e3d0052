import type { Upstream } from './upstream.ts'

/** What forwarding counts, for CoreDNS' metrics. */
export interface ForwardCounts {
  requested(upstream: Upstream): void
  checkFailed(upstream: Upstream): void
  /** No server was healthy: one was asked all the same. */
  broken: number
  cacheRequests: number
  cacheHits: number
  cacheEntries: number
  staleServed: number
  /** Prometheus' text format. */
  text(server: string): string
}

export const targetText = ({ address, port }: Upstream): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

export function createCounts(): ForwardCounts {
  const requests = new Map<string, number>()
  const failures = new Map<string, number>()
  const add = (counter: Map<string, number>, upstream: Upstream): void =>
    void counter.set(targetText(upstream), (counter.get(targetText(upstream)) ?? 0) + 1)
  return {
    broken: 0,
    cacheRequests: 0,
    cacheHits: 0,
    cacheEntries: 0,
    staleServed: 0,
    requested: upstream => add(requests, upstream),
    checkFailed: upstream => add(failures, upstream),
    text(server) {
      const one = (name: string, type: string, value: number): readonly string[] => [
        `# TYPE ${name} ${type}`,
        `${name}{server="${server}"} ${value}`,
      ]
      const each = (name: string, values: ReadonlyMap<string, number>): readonly string[] => [
        `# TYPE ${name} counter`,
        ...[...values].map(([to, value]) => `${name}{to="${to}"} ${value}`),
      ]
      return [
        ...each('coredns_forward_requests_total', requests),
        ...each('coredns_forward_healthcheck_failures_total', failures),
        ...one('coredns_forward_healthcheck_broken_total', 'counter', this.broken),
        ...one('coredns_cache_entries', 'gauge', this.cacheEntries),
        ...one('coredns_cache_requests_total', 'counter', this.cacheRequests),
        ...one('coredns_cache_hits_total', 'counter', this.cacheHits),
        ...one('coredns_cache_served_stale_total', 'counter', this.staleServed),
        '',
      ].join('\n')
    },
  }
}

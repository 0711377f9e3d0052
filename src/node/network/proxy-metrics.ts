import type { Room } from '../../host/conntrack/mod.ts'

/** Upper bounds, in seconds. */
const SYNC_BUCKETS = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192]
const PROGRAMMING_BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60]

/** What the proxy counts, under kube-proxy's names. */
export interface ProxyMetrics {
  /** A sync ended: of everything, or of what had changed. */
  synced(
    kind: 'full' | 'partial',
    seconds: number,
    changes: { readonly services: number; readonly slices: number },
  ): void
  syncFailed(): void
  /** Something changed, and waits for a sync. */
  queued(): void
  /** From what made an endpoint change to the rules that follow it. */
  programmed(seconds: number): void
  conntrackCleaned(seconds: number, deleted: number): void
  /** How many ports of the Service have endpoints, but none here, under a Local policy. */
  noLocalEndpoints(service: string, ports: NoLocal): void
  /** The kernel's table of connections. */
  connections(room: Room): void
  text(family: 'IPv4' | 'IPv6'): string
}

export interface NoLocal {
  readonly internal: number
  readonly external: number
}

/** Changes that no sync has carried out. */
export interface Pending {
  readonly services: number
  readonly slices: number
}

/** `nowMs`: the wall clock. */
export function createProxyMetrics(nowMs: () => number, pending: () => Pending): ProxyMetrics {
  const full = histogram(SYNC_BUCKETS)
  const partial = histogram(SYNC_BUCKETS)
  const all = histogram(SYNC_BUCKETS)
  const programming = histogram(PROGRAMMING_BUCKETS)
  const conntrack = histogram(SYNC_BUCKETS)
  const totals = { services: 0, slices: 0, failures: 0, deleted: 0, lastS: 0, queuedS: 0 }
  let room: Room | undefined
  const withoutLocal = new Map<string, NoLocal>()
  return {
    synced(kind, seconds, changes) {
      ;(kind === 'full' ? full : partial).add(seconds)
      all.add(seconds)
      totals.services += changes.services
      totals.slices += changes.slices
      totals.lastS = nowMs() / 1000
    },
    syncFailed: () => void totals.failures++,
    queued() {
      totals.queuedS = nowMs() / 1000
    },
    programmed: seconds => programming.add(Math.max(0, seconds)),
    conntrackCleaned(seconds, deleted) {
      conntrack.add(seconds)
      totals.deleted += deleted
    },
    noLocalEndpoints(service, ports) {
      if (ports.internal + ports.external > 0) withoutLocal.set(service, ports)
      else withoutLocal.delete(service)
    },
    connections(seen) {
      room = seen
    },
    text(family) {
      const label = `ip_family="${family}"`
      const counter = (name: string, help: string, value: number, type = 'counter', more = ''): string =>
        `# HELP kubeproxy_${name} ${help}\n# TYPE kubeproxy_${name} ${type}\nkubeproxy_${name}{${label}${more}} ${value}\n`
      const sumOf = (policy: 'internal' | 'external'): number =>
        [...withoutLocal.values()].reduce((sum, ports) => sum + ports[policy], 0)
      const policies = `# HELP kubeproxy_sync_proxy_rules_no_local_endpoints_total Ports of Services with a Local policy that have endpoints, but none here.\n# TYPE kubeproxy_sync_proxy_rules_no_local_endpoints_total gauge\n${(['internal', 'external'] as const).map(policy => `kubeproxy_sync_proxy_rules_no_local_endpoints_total{${label},traffic_policy="${policy}"} ${sumOf(policy)}\n`).join('')}`
      return [
        all.text('sync_proxy_rules_duration_seconds', 'How long a sync takes.', label),
        full.text('sync_full_proxy_rules_duration_seconds', 'How long a sync of everything takes.', label),
        partial.text('sync_partial_proxy_rules_duration_seconds', 'How long a sync of what changed takes.', label),
        programming.text(
          'network_programming_duration_seconds',
          'From what made an endpoint change to the rules that follow it.',
          label,
        ),
        conntrack.text(
          'conntrack_reconciler_sync_duration_seconds',
          'How long it takes to forget stale connections.',
          label,
        ),
        counter('conntrack_reconciler_deleted_entries_total', 'Connections that were forgotten.', totals.deleted),
        counter('sync_proxy_rules_service_changes_total', 'Services that changed.', totals.services),
        counter('sync_proxy_rules_endpoint_changes_total', 'EndpointSlices that changed.', totals.slices),
        counter('sync_proxy_rules_service_changes_pending', 'Services that wait.', pending().services, 'gauge'),
        counter('sync_proxy_rules_endpoint_changes_pending', 'EndpointSlices that wait.', pending().slices, 'gauge'),
        counter('sync_proxy_rules_nftables_sync_failures_total', 'Transactions that were refused.', totals.failures),
        counter('sync_proxy_rules_nftables_cleanup_failures_total', 'None: what goes, goes with its transaction.', 0),
        counter(
          'sync_proxy_rules_last_queued_timestamp_seconds',
          'When something last changed.',
          totals.queuedS,
          'gauge',
        ),
        counter('sync_proxy_rules_last_timestamp_seconds', 'When the last sync ended.', totals.lastS, 'gauge'),
        policies,
        ...(room && family === 'IPv4' ? [connectionText(room)] : []),
      ].join('')
    },
  }
}

/** Under the names that node_exporter gives them. */
const connectionText = ({ count, max, dropped }: Room): string =>
  [
    ['node_nf_conntrack_entries', 'gauge', 'Connections that the kernel remembers.', count],
    ['node_nf_conntrack_entries_limit', 'gauge', 'How many it can remember.', max],
    ['node_nf_conntrack_stat_drop', 'counter', 'Packets of new connections that it dropped for want of room.', dropped],
  ]
    .map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join('')

interface Histogram {
  add(seconds: number): void
  text(name: string, help: string, label: string): string
}

function histogram(bounds: readonly number[]): Histogram {
  const counts = bounds.map(() => 0)
  let count = 0
  let sum = 0
  return {
    add(seconds) {
      count++
      sum += seconds
      for (const [i, bound] of bounds.entries()) if (seconds <= bound) counts[i]!++
    },
    text: (name, help, label) =>
      [
        `# HELP kubeproxy_${name} ${help}`,
        `# TYPE kubeproxy_${name} histogram`,
        ...bounds.map((bound, i) => `kubeproxy_${name}_bucket{${label},le="${bound}"} ${counts[i]}`),
        `kubeproxy_${name}_bucket{${label},le="+Inf"} ${count}`,
        `kubeproxy_${name}_sum{${label}} ${sum}`,
        `kubeproxy_${name}_count{${label}} ${count}`,
        '',
      ].join('\n'),
  }
}

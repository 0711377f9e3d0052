import { expect, test } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { createProxyHealth } from './proxy-health.ts'
import { createProxyMetrics } from './proxy-metrics.ts'

test("what happened is counted under kube-proxy's names", () => {
  const metrics = createProxyMetrics(
    () => 5000,
    () => ({ services: 2, slices: 1 }),
  )
  metrics.queued()
  metrics.synced('full', 0.003, { services: 3, slices: 4 })
  metrics.synced('partial', 0.02, { services: 1, slices: 0 })
  metrics.programmed(0.015)
  metrics.syncFailed()
  metrics.conntrackCleaned(0.001, 7)
  metrics.noLocalEndpoints('shop/a', { internal: 1, external: 2 })
  metrics.noLocalEndpoints('shop/b', { internal: 1, external: 0 })
  metrics.noLocalEndpoints('shop/b', { internal: 0, external: 0 })
  const lines = metrics.text('IPv4').split('\n')
  for (const line of [
    'kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"} 2',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.004"} 1',
    'kubeproxy_sync_partial_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.016"} 0',
    'kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="0.02"} 1',
    'kubeproxy_sync_proxy_rules_service_changes_total{ip_family="IPv4"} 4',
    'kubeproxy_sync_proxy_rules_nftables_sync_failures_total{ip_family="IPv4"} 1',
    'kubeproxy_sync_proxy_rules_service_changes_pending{ip_family="IPv4"} 2',
    'kubeproxy_sync_proxy_rules_endpoint_changes_pending{ip_family="IPv4"} 1',
    'kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total{ip_family="IPv4"} 0',
    'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv4"} 5',
    'kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family="IPv4"} 7',
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} 5',
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="internal"} 1',
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="external"} 2',
  ])
    expect(lines).toContain(line)
})

test('the proxy is healthy once rules stand, until a change has waited for a minute; a node that goes is not eligible', async () => {
  const clock = fakeClock()
  let isLeaving = false
  const health = createProxyHealth(clock, () => isLeaving)
  expect(health.isHealthy).toBe(false)
  health.updated()
  expect([health.isHealthy, health.isEligible]).toEqual([true, true])
  health.queued()
  await clock.advance(59_000)
  health.queued()
  expect(health.isHealthy).toBe(true)
  await clock.advance(1000)
  expect(health.isHealthy).toBe(false)
  health.updated()
  isLeaving = true
  expect([health.isHealthy, health.isEligible]).toEqual([true, false])
})

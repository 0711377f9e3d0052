import type { Haproxy } from '../host/haproxy/mod.ts'
import { parseStat } from '../wire/haproxy/answer.ts'
import { show } from '../wire/haproxy/command.ts'
import type { ServingCounts } from './serve.ts'

export interface MetricsSource {
  readonly haproxy: Haproxy
  readonly counts: ServingCounts
  isServing(): boolean
  hosts(): number
}

/** Prometheus text. The library is loaded, and HAProxy asked, when somebody asks. */
export async function renderMetrics(source: MetricsSource): Promise<{ readonly type: string; readonly text: string }> {
  const { Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): InstanceType<typeof Gauge> =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  gauge('haproxy_up', 'Whether HAProxy serves.').set(source.isServing() ? 1 : 0)
  gauge('fairlead_router_hosts', 'Hosts with at least one admitted Route.').set(source.hosts())
  gauge('fairlead_router_loads', 'Processes started, the first included.').set(source.counts.loads)
  gauge('fairlead_router_load_failures', 'Programs that HAProxy refused.').set(source.counts.refusals)
  gauge('fairlead_router_changes', 'Changes made without a reload.').set(source.counts.changes)
  const sessions = gauge('haproxy_frontend_current_sessions', 'Current number of active sessions.', ['frontend'])
  const requests = gauge('haproxy_frontend_http_requests_total', 'Total HTTP requests.', ['frontend'])
  for (const row of source.isServing() ? await frontends(source.haproxy) : []) {
    sessions.set({ frontend: row.pxname! }, Number(row.scur))
    requests.set({ frontend: row.pxname! }, Number(row.req_tot))
  }
  return { type: registry.contentType, text: await registry.metrics() }
}

async function frontends(haproxy: Haproxy): Promise<readonly Readonly<Record<string, string>>[]> {
  const [answer = ''] = await haproxy.run([show('stat')])
  return parseStat(answer).filter(row => row.svname === 'FRONTEND' && row.pxname !== 'GLOBAL')
}

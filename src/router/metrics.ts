import type { Haproxy, Usage } from '../host/haproxy/mod.ts'
import { parseInfo, parseStat } from '../wire/haproxy/answer.ts'
import { show } from '../wire/haproxy/command.ts'
import { BUCKETS_MS, type RequestCounts } from './meter.ts'
import type { ServingCounts } from './serving/serve.ts'

export interface MetricsSource {
  readonly haproxy: Haproxy
  readonly counts: ServingCounts
  /** Requests by Route, where there is an access log. */
  readonly meter: Iterable<readonly [route: string, counts: RequestCounts]>
  /** How often HAProxy was asked, and how often the answer was no table; counted here. */
  readonly scrapes: { total: number; failures: number }
  isServing(): boolean
  hosts(): number
  /** Whose a backend is. */
  owner(backend: string): Owner | undefined
}

export interface Owner {
  /** "namespace/name". */
  readonly service: string
  /** "namespace/name" of the Routes that use it. */
  readonly routes: ReadonlySet<string>
}

type Row = Readonly<Record<string, string>>
type Labels = Readonly<Record<string, string>>
type Metric = readonly [
  suffix: string,
  type: 'counter' | 'gauge',
  help: string,
  value: (row: Row) => string | undefined,
]

const column =
  (name: string) =>
  (row: Row): string | undefined =>
    row[name] || undefined

/** Under the names that OKD's router has, by HAProxy's columns. */
const COMMON: readonly Metric[] = [
  ['bytes_in_total', 'counter', 'Current total of incoming bytes.', column('bin')],
  ['bytes_out_total', 'counter', 'Current total of outgoing bytes.', column('bout')],
  ['connections_total', 'counter', 'Total number of connections.', column('stot')],
  ['current_sessions', 'gauge', 'Current number of active sessions.', column('scur')],
  ['current_session_rate', 'gauge', 'Current number of sessions per second.', column('rate')],
  ['max_sessions', 'gauge', 'Maximum observed number of active sessions.', column('smax')],
]
const BACKENDS: readonly Metric[] = [
  ...COMMON,
  ['current_queue', 'gauge', 'Current number of queued requests.', column('qcur')],
  ['connections_reused_total', 'counter', 'Total number of connections reused.', column('reuse')],
  ['connection_errors_total', 'counter', 'Total of connection errors.', column('econ')],
  ['response_errors_total', 'counter', 'Total of response errors.', column('eresp')],
  ['retry_warnings_total', 'counter', 'Total of retry warnings.', column('wretr')],
  ['redispatch_warnings_total', 'counter', 'Total of redispatch warnings.', column('wredis')],
  [
    'up',
    'gauge',
    'Current health status (1 = UP, 0 = DOWN).',
    ({ status = '' }) => (/^(UP|no check)/.test(status) ? '1' : '0'),
  ],
  [
    'http_average_response_latency_milliseconds',
    'gauge',
    'Average response latency of the last 1024 requests in milliseconds.',
    column('rtime'),
  ],
  [
    'http_average_queue_latency_milliseconds',
    'gauge',
    'Average time in queue of the last 1024 requests in milliseconds.',
    column('qtime'),
  ],
  [
    'http_average_connect_latency_milliseconds',
    'gauge',
    'Average connect latency of the last 1024 requests in milliseconds.',
    column('ctime'),
  ],
]
const FRONTENDS: readonly Metric[] = [
  ...COMMON,
  ['http_requests_total', 'counter', 'Total HTTP requests.', column('req_tot')],
]
const SERVERS: readonly Metric[] = [
  ...BACKENDS,
  ['check_failures_total', 'counter', 'Total number of failed health checks.', column('chkfail')],
  ['downtime_seconds_total', 'counter', 'Total downtime in seconds.', column('downtime')],
]
const CODES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const
/** As on OKD: beyond so many servers only backends are told of one by one. */
const MAX_SERVERS = 500

/** Prometheus text. HAProxy is asked when somebody asks. */
export async function renderMetrics(source: MetricsSource): Promise<{ readonly type: string; readonly text: string }> {
  const { counts } = source
  const { rows, maxConnections } = source.isServing() ? await statistics(source.haproxy) : NOTHING
  const { scrapes } = source
  if (source.isServing()) scrapes.total++
  if (source.isServing() && rows.length === 0) scrapes.failures++
  const owners = new Map<string, ReturnType<typeof labelsOf>>()
  for (const { pxname = '' } of rows) {
    const owner = owners.has(pxname) ? undefined : source.owner(pxname)
    if (owner) owners.set(pxname, labelsOf(owner))
  }
  const of = (kind: 'FRONTEND' | 'BACKEND'): (readonly [Labels, Row])[] =>
    rows.flatMap((row): (readonly [Labels, Row])[] => {
      if (row.svname !== kind) return []
      if (kind === 'FRONTEND') return row.pxname === 'GLOBAL' ? [] : [[{ frontend: row.pxname! }, row] as const]
      const owner = owners.get(row.pxname!)
      return owner ? [[{ backend: row.pxname!, namespace: owner.namespace, route: owner.route }, row] as const] : []
    })
  const servers = rows.flatMap(row => {
    const owner = owners.get(row.pxname!)
    const isServer = owner && row.svname !== 'FRONTEND' && row.svname !== 'BACKEND'
    return isServer ? [[{ server: row.addr || row.svname!, ...owner, pod: row.svname! }, row] as const] : []
  })
  const single: Single = (name, help, value, type = 'gauge') => family(name, type, help, [[{}, String(value)]])
  const text = [
    single('haproxy_up', 'Was the last scrape of haproxy successful.', source.isServing() ? 1 : 0),
    maxConnections === undefined ? '' : single('haproxy_max_connections', 'How many connections.', maxConnections),
    ...usageLines(await source.haproxy.usage(), single),
    single('template_router_reload_failure', 'Whether the last program was refused.', counts.isRefused ? 1 : 0),
    summary(
      'template_router_reload_seconds',
      'Time from a program to a process that serves it.',
      counts.loadMs,
      counts,
    ),
    summary(
      'template_router_write_config_seconds',
      'Time to make a program and write its files.',
      counts.writeMs,
      counts,
    ),
    family('haproxy_exporter_total_scrapes', 'counter', 'How often HAProxy was asked.', [[{}, String(scrapes.total)]]),
    family('haproxy_exporter_csv_parse_failures', 'counter', 'Answers that were no table.', [
      [{}, String(scrapes.failures)],
    ]),
    single('haproxy_exporter_scrape_interval', 'Seconds for which an answer stands; each scrape asks anew.', 1),
    family('haproxy_exporter_server_threshold', 'gauge', 'Beyond the limit no server is told of alone.', [
      [{ type: 'current' }, String(servers.length)],
      [{ type: 'limit' }, String(MAX_SERVERS)],
    ]),
    histogram(source.meter),
    single('fairlead_router_hosts', 'Hosts with at least one admitted Route.', source.hosts()),
    single('fairlead_router_loads', 'Processes started, the first included.', counts.loads),
    single('fairlead_router_load_failures', 'Programs that HAProxy refused.', counts.refusals),
    single('fairlead_router_changes', 'Changes made without a reload.', counts.changes),
    ...families('haproxy_frontend', FRONTENDS, of('FRONTEND')),
    ...families('haproxy_backend', BACKENDS, of('BACKEND')),
    ...(servers.length <= MAX_SERVERS ? families('haproxy_server', SERVERS, servers) : []),
  ]
  return { type: 'text/plain; version=0.0.4; charset=utf-8', text: text.join('') }
}

type Single = (name: string, help: string, value: number, type?: 'counter' | 'gauge') => string

/** As Prometheus' libraries tell of a process, under HAProxy's name. */
const usageLines = (usage: Usage | undefined, single: Single): readonly string[] =>
  usage
    ? [
        single('haproxy_process_cpu_seconds_total', 'Time of CPU, in seconds.', usage.cpuSeconds, 'counter'),
        single('haproxy_process_max_fds', 'How many files may be open.', usage.maxFiles),
        single('haproxy_process_open_fds', 'How many files are open.', usage.openFiles),
        single('haproxy_process_resident_memory_bytes', 'Resident memory, in bytes.', usage.residentBytes),
        single('haproxy_process_start_time_seconds', 'When it started, in seconds since 1970.', usage.startSeconds),
        single('haproxy_process_virtual_memory_bytes', 'Virtual memory, in bytes.', usage.virtualBytes),
        single('haproxy_process_virtual_memory_max_bytes', 'Its limit; -1: none.', usage.maxVirtualBytes),
      ]
    : []

/** Of Routes that share a backend, the first in their order is named. */
function labelsOf({ service, routes }: Owner): {
  readonly namespace: string
  readonly route: string
  readonly service: string
} {
  const slash = service.indexOf('/')
  const [first = ''] = [...routes].sort()
  return { namespace: service.slice(0, slash), route: first.slice(slash + 1), service: service.slice(slash + 1) }
}

function families(prefix: string, metrics: readonly Metric[], rows: readonly (readonly [Labels, Row])[]): string[] {
  const responses = rows.flatMap(([labels, row]) =>
    CODES.flatMap((code): (readonly [Labels, string])[] => {
      const value = row[`hrsp_${code}`]
      return value ? [[{ ...labels, code }, value]] : []
    }),
  )
  return [
    ...metrics.map(([suffix, type, help, value]) =>
      family(
        `${prefix}_${suffix}`,
        type,
        help,
        rows.flatMap(([labels, row]): (readonly [Labels, string])[] => {
          const found = value(row)
          return found === undefined ? [] : [[labels, found]]
        }),
      ),
    ),
    family(`${prefix}_http_responses_total`, 'counter', 'Total of HTTP responses.', responses),
  ]
}

const summary = (name: string, help: string, ms: number, { loads }: ServingCounts): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} summary\n${name}_sum ${ms / 1000}\n${name}_count ${loads}\n`

/** Cumulated, in seconds, as Prometheus has it. */
function histogram(meter: MetricsSource['meter']): string {
  const name = 'haproxy_backend_http_request_duration_seconds'
  const lines = [...meter].flatMap(([key, { buckets, sumMs, count }]) => {
    const slash = key.indexOf('/')
    const labels = `namespace="${key.slice(0, slash)}",route="${key.slice(slash + 1)}"`
    let sum = 0
    const bars = BUCKETS_MS.map((limit, index) => {
      sum += buckets[index]!
      return `${name}_bucket{${labels},le="${limit / 1000}"} ${sum}\n`
    })
    const rest = `${name}_bucket{${labels},le="+Inf"} ${count}\n`
    return [...bars, rest, `${name}_sum{${labels}} ${sumMs / 1000}\n`, `${name}_count{${labels}} ${count}\n`]
  })
  if (lines.length === 0) return ''
  return `# HELP ${name} How long requests took, from the first byte to the last.\n# TYPE ${name} histogram\n${lines.join('')}`
}

/** No label of ours holds what would need escaping: names of Kubernetes, addresses and hashes. */
function family(name: string, type: string, help: string, samples: readonly (readonly [Labels, string])[]): string {
  if (samples.length === 0) return ''
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

interface Statistics {
  readonly rows: readonly Row[]
  readonly maxConnections?: number
}

const NOTHING: Statistics = { rows: [] }

async function statistics(haproxy: Haproxy): Promise<Statistics> {
  const [table = '', info = ''] = await haproxy.run([show('stat'), show('info')])
  const { Maxconn } = parseInfo(info)
  return { rows: parseStat(table), ...(Maxconn === undefined ? {} : { maxConnections: Number(Maxconn) }) }
}

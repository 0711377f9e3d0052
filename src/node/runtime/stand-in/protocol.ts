import type { ContainerPort } from '../mod.ts'

/**
 * What a stand-in speaks on a port. `any`: whatever of HTTP, TLS and echo the client's first bytes call for.
 * `none`: SCTP, which this runtime has no sockets for.
 */
export type Speech = 'http' | 'https' | 'tcp-echo' | 'udp-echo' | 'any' | 'none'

/** By appProtocol: the standard's names and those in common use. */
const BY_APP_PROTOCOL: Readonly<Record<string, Speech>> = {
  http: 'http',
  http2: 'http',
  h2c: 'http',
  grpc: 'http',
  'kubernetes.io/h2c': 'http',
  'kubernetes.io/ws': 'http',
  https: 'https',
  'kubernetes.io/wss': 'https',
  tls: 'https',
  tcp: 'tcp-echo',
  mongo: 'tcp-echo',
  mysql: 'tcp-echo',
  redis: 'tcp-echo',
  postgres: 'tcp-echo',
  postgresql: 'tcp-echo',
}

/** By a port's name up to its first dash: "http-metrics" is http. */
const BY_NAME: Readonly<Record<string, Speech>> = {
  ...BY_APP_PROTOCOL,
  web: 'http',
  www: 'http',
  ui: 'http',
  api: 'http',
  rest: 'http',
  metrics: 'http',
  health: 'http',
  healthz: 'http',
  probe: 'http',
  probes: 'http',
  admin: 'any',
  webhook: 'https',
  ssl: 'https',
  amqp: 'tcp-echo',
  kafka: 'tcp-echo',
  mqtt: 'tcp-echo',
  memcached: 'tcp-echo',
  memcache: 'tcp-echo',
  mongodb: 'tcp-echo',
  db: 'tcp-echo',
  sql: 'tcp-echo',
  ldap: 'tcp-echo',
  smtp: 'tcp-echo',
  ssh: 'tcp-echo',
}

const HTTPS_PORTS = new Set([443, 6443, 8443, 9443, 10250])
const TCP_PORTS = new Set([
  22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 1883, 2379, 2380, 3306, 4222, 5432, 5671, 5672, 6379,
  6380, 8883, 9042, 9092, 9093, 11211, 26379, 27017,
])

export function speechOf(port: ContainerPort, appProtocol?: string): Speech {
  if (port.protocol === 'SCTP') return 'none'
  if (port.protocol === 'UDP') return 'udp-echo'
  const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
    Object.hasOwn(table, key) ? table[key] : undefined
  const byApp = appProtocol === undefined ? undefined : own(BY_APP_PROTOCOL, appProtocol.toLowerCase())
  const byName =
    port.name === undefined ? undefined : (own(BY_NAME, port.name) ?? own(BY_NAME, port.name.split('-')[0]!))
  if (byApp ?? byName) return (byApp ?? byName)!
  if (HTTPS_PORTS.has(port.port)) return 'https'
  return TCP_PORTS.has(port.port) ? 'tcp-echo' : 'any'
}

const WORDS: Readonly<Record<Speech, string>> = {
  http: 'HTTP',
  https: 'HTTPS',
  'tcp-echo': 'TCP echo',
  'udp-echo': 'UDP echo',
  any: 'HTTP, TLS or echo',
  none: 'nothing (SCTP)',
}

/** "answers on 8080 (HTTP), 5432 (TCP echo)", for people. */
export function speechText(
  ports: readonly ContainerPort[],
  appProtocols: Readonly<Record<number, string>> = {},
): string {
  if (ports.length === 0) return 'it declares no port, so it only waits'
  return `answers on ${ports.map(port => `${port.port} (${WORDS[speechOf(port, appProtocols[port.port])]})`).join(', ')}`
}

import { crtListLine, type MapEntry, mapFile, serverWords } from '../../wire/haproxy/command.ts'
import { type Line, printProgram, type Section } from '../../wire/haproxy/program.ts'
import { backendName } from '../layout/ledger.ts'
import { NOWHERE } from '../layout/part.ts'
import { type BackendClass, type Layout, type Listeners, MAPS, type MapName, type ServerSpec } from '../layout/types.ts'
import { accessLogFormat, UNIQUE_ID } from './access-log.ts'
import { cleanHeaders, forward, identify, lookUp, options, redirect, weigh } from './rules.ts'

/** The configuration and the files it names; the shape of `host/haproxy`'s Program. */
export interface ProgramText {
  readonly config: string
  readonly files: ReadonlyMap<string, string>
}

export const DEFAULT_CERTIFICATE = 'certs/default.pem'
export const CERTIFICATES = 'certs.list'
/** OKD's router.openshift.io/haproxy.health.check.interval when absent. */
export const CHECK_MS = 5000

/** The whole state as text: a process started with it needs no commands, but for health checks that are not wanted. */
export function renderProgram(layout: Layout): ProgramText {
  const servers = collectServers(layout)
  const sections: Section[] = [
    global(layout.listeners, countServers(servers)),
    base(),
    web(),
    { type: 'defaults', name: 'opt', from: 'web', lines: options() },
    plainFrontend(layout.listeners),
    ...(layout.defaultCertificate === undefined ? [] : [secureFrontend(layout.listeners)]),
    { type: 'backend', name: NOWHERE, from: 'web', lines: [] },
    {
      type: 'backend',
      name: 'turns',
      from: 'web',
      lines: [words('stick-table type string len 32 size 100k expire 1h store gpc0')],
    },
    ...backends(layout, servers),
  ]
  return { config: printProgram(sections), files: renderFiles(layout) }
}

const words = (text: string): Line => text.split(' ')

/**
 * A connection needs two files, a checked server one, and a start beyond the limit fails. A quarter of the servers is spare, for
 * those that come at run time.
 */
const connectionLimit = ({ maxConnections, openFiles }: Listeners, servers: number): number =>
  Math.max(100, Math.min(maxConnections, Math.floor((openFiles - 200 - servers * 1.25) / 2)))

const countServers = (servers: Servers): number => [...servers.values()].reduce((sum, its) => sum + its.size, 0)

const global = (listeners: Listeners, servers: number): Section => ({
  type: 'global',
  lines: [
    ['maxconn', String(connectionLimit(listeners, servers))],
    ['nbthread', String(listeners.threads)],
    // Else two routers on one host would share the port without a word, each serving its own state.
    ['noreuseport'],
    // A process that was replaced lives until its last connection: never without an end.
    ['hard-stop-after', '1h'],
    // The pool of idle connections to pods is capped at a share of all files; 25 % destroys reuse with many backends.
    ['tune.pool-low-fd-ratio', '80'],
    ['tune.pool-high-fd-ratio', '90'],
    ['ssl-default-bind-options', 'ssl-min-ver', 'TLSv1.2'],
  ],
})

/** OKD's times. Empty responses of a dying pod are retried elsewhere where the method may be repeated: see `options`. */
const base = (): Section => ({
  type: 'defaults',
  name: 'base',
  lines: [
    words('option redispatch 1'),
    words('retries 3'),
    words('retry-on conn-failure empty-response'),
    words('timeout connect 5s'),
    words('timeout client 30s'),
    words('timeout client-fin 1s'),
    words('timeout server 30s'),
    words('timeout server-fin 1s'),
    words('timeout http-request 10s'),
    words('timeout http-keep-alive 300s'),
    words('timeout tunnel 1h'),
  ],
})

const web = (): Section => ({
  type: 'defaults',
  name: 'web',
  from: 'base',
  lines: [
    words('mode http'),
    words('http-reuse safe'),
    ['http-error', 'status', '503', 'content-type', 'text/html', 'string', UNAVAILABLE],
  ],
})

const UNAVAILABLE =
  '<html><head><title>Application is not available</title></head><body><h1>Application is not available</h1><p>The application is currently not serving requests at this endpoint. It may not have been started or is still starting.</p></body></html>'

const plainFrontend = (listeners: Listeners): Section => ({
  type: 'frontend',
  name: 'public',
  from: 'web',
  lines: [
    ['bind', `:${listeners.httpPort}`],
    ...logging(listeners),
    words('option forwardfor'),
    ...identify(listeners),
    ...lookUp('http.map', listeners),
    ...redirect(listeners),
    ...weigh(),
    ...cleanHeaders(),
    ...forward('http'),
    ...choose(),
  ],
})

const secureFrontend = (listeners: Listeners): Section => ({
  type: 'frontend',
  name: 'secure',
  from: 'web',
  lines: [
    ['bind', `:${listeners.httpsPort}`, 'ssl', 'crt', DEFAULT_CERTIFICATE, 'crt-list', CERTIFICATES],
    ...logging(listeners),
    words('option forwardfor'),
    ...identify(listeners),
    ...lookUp('https.map', listeners),
    ...weigh(),
    ...cleanHeaders(),
    ...forward('https'),
    ...choose(),
  ],
})

/** Logged where requests come in: a log target of the backends would tell of every server that comes and goes. */
const logging = ({ accessLog }: Listeners): readonly Line[] =>
  accessLog
    ? [
        words('log stdout len 4096 format raw local0 info'),
        words('option dontlognull'),
        ['unique-id-format', UNIQUE_ID],
        ['log-format', accessLogFormat()],
        words('declare capture request len 128'),
        words('http-request capture req.hdr(x-request-id) id 0'),
        words('http-request set-var(txn.host) req.hdr(host)'),
      ]
    : []

/** A name nobody has means the default: a wrong value harms its own key only. */
const choose = (): readonly Line[] => [
  ['use_backend', '%[var(txn.b)]'],
  ['default_backend', NOWHERE],
]

type Servers = ReadonlyMap<string, ReadonlyMap<string, ServerSpec>>

function collectServers(layout: Layout): Servers {
  const servers = new Map<string, ReadonlyMap<string, ServerSpec>>()
  for (const part of layout.parts.values()) for (const [backend, its] of part.backends) servers.set(backend, its)
  return servers
}

function* backends(layout: Layout, servers: Servers): Iterable<Section> {
  for (const [kind, size] of Object.entries(layout.pools) as [BackendClass, number][])
    for (let number = 0; number < size; number++) {
      const name = backendName(kind, number)
      const its = [...(servers.get(name) ?? [])].map(([server, spec]) => serverLine(server, spec))
      yield { type: 'backend', name, from: 'opt', lines: [...balanceLines(kind), ...its] }
    }
}

/** Servers can be added at run time to dynamic algorithms only: `source` is one when its hash is consistent. */
const balanceLines = (kind: BackendClass): readonly Line[] => [
  ['balance', kind],
  ...(kind === 'source' ? [['hash-type', 'consistent']] : []),
]

/** Every server can be checked later, so every one has the keyword. */
export const serverLine = (name: string, { address, port }: ServerSpec): Line => [
  'server',
  name,
  ...serverWords({ address, port, checkMs: CHECK_MS }),
]

function renderFiles(layout: Layout): Map<string, string> {
  const files = new Map<string, string>()
  for (const map of MAPS) files.set(map, mapFile(mapEntries(layout, map)))
  if (layout.defaultCertificate === undefined) return files
  files.set(DEFAULT_CERTIFICATE, layout.defaultCertificate)
  let list = ''
  for (const { certificate } of layout.parts.values())
    if (certificate) {
      files.set(certificate.file, certificate.pem)
      list += `${crtListLine(certificate.file, certificate.hosts)}\n`
    }
  return files.set(CERTIFICATES, list)
}

export function* mapEntries(layout: Layout, map: MapName): Iterable<MapEntry> {
  for (const part of layout.parts.values()) yield* part.maps[map]
}

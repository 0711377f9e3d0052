import type { RouterSettings, RouterTimes } from '../../model/routes/settings.ts'
import type { Line, Section } from '../../wire/haproxy/program.ts'
import type { AdminFiles, Listeners } from '../layout/types.ts'
import { COOKIE_SCRIPT } from './cookies.ts'

export const PAGE_503 = 'pages/503.http'
export const PAGE_404 = 'pages/404.http'

const words = (text: string): Line => text.split(' ')

/**
 * A connection needs two files, a checked server one, and a start beyond the limit fails. A quarter of the servers is spare, for
 * those that come at run time.
 */
const connectionLimit = ({ maxConnections, openFiles }: Listeners, servers: number): number =>
  Math.max(100, Math.min(maxConnections, Math.floor((openFiles - 200 - servers * 1.25) / 2)))

export const globalSection = (listeners: Listeners, servers: number): Section => ({
  type: 'global',
  lines: [
    ['maxconn', String(connectionLimit(listeners, servers))],
    ['nbthread', String(listeners.threads)],
    // Else two routers on one host would share the port without a word, each serving its own state.
    ['noreuseport'],
    // A process that was replaced lives until its last connection: never without an end.
    ['hard-stop-after', hardStop(listeners.settings)],
    // The pool of idle connections to pods is capped at a share of all files; 25 % destroys reuse with many backends.
    ['tune.pool-low-fd-ratio', '80'],
    ['tune.pool-high-fd-ratio', '90'],
    // Remembering what a pattern said of a text costs more than asking: no pattern of many lines is a list.
    ['tune.pattern.cache-size', '0'],
    // OKD's buffers; HAProxy's own are half as large.
    ['tune.bufsize', String(listeners.settings.buffers?.size ?? 32_768)],
    ['tune.maxrewrite', String(listeners.settings.buffers?.rewrite ?? 8192)],
    ...tlsLines(listeners.settings),
    ...(listeners.settings.caseAdjustments ?? []).map(name => ['h1-case-adjust', name.toLowerCase(), name]),
    ['lua-load-per-thread', COOKIE_SCRIPT],
  ],
})

const hardStop = ({ hardStopMs }: Listeners['settings']): string =>
  hardStopMs === undefined ? '1h' : `${hardStopMs}ms`

function tlsLines({ tls }: Listeners['settings']): readonly Line[] {
  const { minVersion = 'TLSv1.2', ciphers, suites, curves } = tls ?? {}
  return [
    ['ssl-default-bind-options', 'ssl-min-ver', minVersion],
    ...(ciphers ? [['ssl-default-bind-ciphers', ciphers.join(':')]] : []),
    ...(suites ? [['ssl-default-bind-ciphersuites', suites.join(':')]] : []),
    ...(curves ? [['ssl-default-bind-curves', curves.join(':')]] : []),
  ]
}

/** OKD's times, in ms. */
const TIMES = {
  connect: 5000,
  client: 30_000,
  clientFin: 1000,
  server: 30_000,
  serverFin: 1000,
  keepAlive: 300_000,
  tunnel: 3_600_000,
  inspect: 5000,
  check: 5000,
} as const satisfies RouterTimes

export const timeOf = ({ times }: Pick<RouterSettings, 'times'>, name: keyof RouterTimes): string =>
  `${times?.[name] ?? TIMES[name]}ms`

/** Empty responses of a dying pod are retried elsewhere where the method may be repeated: see `limitRetries`. */
export const baseSection = ({ settings }: Listeners): Section => ({
  type: 'defaults',
  name: 'base',
  lines: [
    words('option redispatch 1'),
    words('retries 3'),
    words('retry-on conn-failure empty-response'),
    ['timeout', 'connect', timeOf(settings, 'connect')],
    ['timeout', 'client', timeOf(settings, 'client')],
    ['timeout', 'client-fin', timeOf(settings, 'clientFin')],
    ['timeout', 'server', timeOf(settings, 'server')],
    ['timeout', 'server-fin', timeOf(settings, 'serverFin')],
    words('timeout http-request 10s'),
    ['timeout', 'http-keep-alive', timeOf(settings, 'keepAlive')],
    ['timeout', 'tunnel', timeOf(settings, 'tunnel')],
    ...(settings.countAlways ? [words('option contstats')] : []),
  ],
})

export const webSection = ({ settings }: Listeners, { page503, page404 }: AdminFiles): Section => ({
  type: 'defaults',
  name: 'web',
  from: 'base',
  lines: [
    words('mode http'),
    words('http-reuse safe'),
    page503 === undefined
      ? ['http-error', 'status', '503', 'content-type', 'text/html', 'string', UNAVAILABLE]
      : ['errorfile', '503', PAGE_503],
    ...(page404 === undefined ? [] : [['errorfile', '404', PAGE_404]]),
    ...(settings.ignoreEmpty ? [words('option http-ignore-probes')] : []),
    ...(settings.deferIdle ? [words('option idle-close-on-response')] : []),
    ...(settings.abortClosed ? [words('option abortonclose')] : []),
  ],
})

const UNAVAILABLE =
  '<html><head><title>Application is not available</title></head><body><h1>Application is not available</h1><p>The application is currently not serving requests at this endpoint. It may not have been started or is still starting.</p></body></html>'

import { crtListLine, type MapEntry, mapFile, type ServerOptions, serverWords } from '../../wire/haproxy/command.ts'
import { type Line, printProgram, type Section } from '../../wire/haproxy/program.ts'
import { backendName } from '../layout/ledger.ts'
import { NOWHERE, UNKNOWN } from '../layout/turns.ts'
import { entryOf, H2, type Layout, type Listeners, MAPS, type MapName, type ServerSpec } from '../layout/types.ts'
import { classLines, defaultsOf, headerRules } from './classes.ts'
import { CLIENT_AUTHORITIES, CLIENT_REVOCATIONS, clientHeaders, clientVerification } from './client-tls.ts'
import { COOKIE_ATTRIBUTES, COOKIE_SCRIPT, cookieAttributes, cookieScript, readCookie, writeCookie } from './cookies.ts'
import { forwardedHeaders } from './forwarded.ts'
import { baseSection, globalSection, PAGE_404, PAGE_503, webSection } from './global.ts'
import { logging } from './logging.ts'
import { limitRetries, RATE_TABLE, rateTable, routeOptions } from './options.ts'
import { cleanHeaders, identify, lookUp, misdirected, redirect, TARGET, weigh } from './rules.ts'
import { inner, sorter } from './sorter.ts'

/** The configuration and the files it names; the shape of `host/haproxy`'s Program. */
export interface ProgramText {
  readonly config: string
  readonly files: ReadonlyMap<string, string>
}

export const DEFAULT_CERTIFICATE = 'certs/default.pem'
export const CERTIFICATES = 'certs.list'
/**
 * The default certificate by no name at all: HAProxy 2.6 would show it for the names in it rather than a Route's own, where it has an
 * elliptic key and the Route's an RSA one.
 */
const DEFAULT_LIST = 'default.list'
/** The whole state as text: a process started with it needs no commands, but for health checks that are not wanted. */
export function renderProgram(layout: Layout): ProgramText {
  const sections: Section[] = [
    globalSection(layout.listeners, countServers(layout)),
    baseSection(layout.listeners),
    webSection(layout.listeners, layout.files),
    { type: 'defaults', name: 'tcp', from: 'base', lines: [words('mode tcp')] },
    ...routed(layout.listeners),
    plainFrontend(layout),
    ...(hasTls(layout) ? secure(layout) : []),
    { type: 'backend', name: NOWHERE, from: 'web', lines: [] },
    ...unknown(layout),
    {
      type: 'backend',
      name: 'turns',
      from: 'web',
      lines: [words('stick-table type string len 32 size 100k expire 1h store gpc0')],
    },
    { type: 'backend', name: RATE_TABLE, from: 'web', lines: [rateTable] },
    ...backends(layout),
  ]
  return { config: printProgram(sections), files: renderFiles(layout) }
}

/** Without a certificate to show, or the authorities of those that clients must show, there is no TLS. */
const hasTls = ({ defaultCertificate, listeners, files }: Layout): boolean =>
  defaultCertificate !== undefined && (!listeners.settings.clientTls || files.clientAuthorities !== undefined)

const words = (text: string): Line => text.split(' ')

const countServers = ({ backends }: Layout): number =>
  [...backends.values()].reduce((sum, { servers }) => sum + servers.size, 0)

/** Rules for the backends of Routes: with or without options, and with or without the policy of all for forwarded headers. */
const routed = ({ forwarded }: Listeners): readonly Section[] =>
  (['plain', 'options'] as const).flatMap(kind =>
    (['', '-own'] as const).map(
      (own): Section => ({
        type: 'defaults',
        name: `${kind}${own}`,
        from: 'web',
        lines: [
          ...(kind === 'options' ? routeOptions() : []),
          ...limitRetries(),
          ...(own ? [] : forwardedHeaders(forwarded)),
          ...writeCookie(),
        ],
      }),
    ),
  )

const proxied = ({ settings }: Listeners): Line => (settings.acceptProxy ? ['accept-proxy'] : [])

/** Whoever else claims to speak for others is read as it is. */
const balanced = ({ settings: { proxyFrom, acceptProxy } }: Listeners): readonly Line[] =>
  proxyFrom?.length && !acceptProxy
    ? [['tcp-request', 'connection', 'expect-proxy', 'layer4', 'if', '{', 'src', ...proxyFrom, '}']]
    : []

const plainFrontend = (layout: Layout): Section => {
  const { listeners } = layout
  return {
    type: 'frontend',
    name: 'public',
    from: 'web',
    lines: [
      ['bind', `:${listeners.httpPort}`, ...proxied(listeners)],
      ...balanced(listeners),
      ...logging(listeners),
      ...identify(),
      ...cleanHeaders(),
      ...lookUp('http.map', listeners, !listeners.settings.actions),
      ...redirect(listeners),
      ...readCookie(),
      ...forAll(listeners),
      ...weigh(),
      ...choose(layout),
    ],
  }
}

/** TLS is ended on the port itself, which is a third cheaper, until some of it must be passed through. */
function secure(layout: Layout): readonly Section[] {
  const { listeners, isSorted } = layout
  const own = [`:${listeners.httpsPort}`, ...proxied(listeners)]
  const alpn = listeners.http2Always ? ['alpn', H2] : []
  const lists = ['crt-list', DEFAULT_LIST, 'crt-list', CERTIFICATES]
  const tls = ['ssl', ...lists, ...clientVerification(listeners, layout.files), ...alpn]
  if (!isSorted) return [secureFrontend(layout, [...own, ...tls], balanced(listeners))]
  return [
    ...sorter(listeners, own, balanced(listeners)),
    secureFrontend(layout, [inner(listeners), 'accept-proxy', ...tls]),
  ]
}

const secureFrontend = (layout: Layout, bind: readonly string[], first: readonly Line[] = []): Section => {
  const { listeners } = layout
  return {
    type: 'frontend',
    name: 'secure',
    from: 'web',
    lines: [
      ['bind', ...bind],
      ...first,
      ...logging(listeners),
      ...identify(),
      ...(listeners.http2Always ? misdirected() : []),
      ...cleanHeaders(),
      ...clientHeaders(listeners),
      ...lookUp('https.map', listeners, !listeners.settings.actions),
      ...readCookie(),
      ...forAll(listeners),
      ...weigh(),
      ...choose(layout),
    ],
  }
}

/** What an IngressController does to all requests; Routes change headers of requests after it, and of responses before it. */
const forAll = ({ settings: { actions, compress } }: Listeners): readonly Line[] => [
  ...(actions ? headerRules(actions) : []),
  ...(compress ? [words('compression algo gzip'), ['compression', 'type', ...compress]] : []),
]

/** A name nobody has means the default: a wrong value harms its own key only. */
const choose = ({ files, listeners }: Layout): readonly Line[] => [
  ['use_backend', `%[${TARGET}]`],
  ['default_backend', files.page404 === undefined && !listeners.notFound ? NOWHERE : UNKNOWN],
]

/** Answers for hosts without a Route where there is a page for them, and for what no path of an Ingress takes. */
const unknown = ({ files, listeners }: Layout): readonly Section[] =>
  files.page404 === undefined && !listeners.ingress
    ? []
    : [{ type: 'backend', name: UNKNOWN, from: 'web', lines: [words('http-request deny deny_status 404')] }]

function* backends(layout: Layout): Iterable<Section> {
  for (const [kind, { spec, size }] of Object.entries(layout.pools)) {
    const [from, lines] = [defaultsOf(spec), classLines(spec)]
    for (let number = 0; number < size; number++) {
      const name = backendName(kind, number)
      const its = [...(layout.backends.get(name)?.servers ?? [])].map(([server, one]) =>
        serverLine(server, one, layout.listeners),
      )
      yield { type: 'backend', name, from, lines: [...lines, ...its] }
    }
  }
}

/** Every server can be checked later, so every one has the keyword. */
export const serverLine = (name: string, spec: ServerSpec, listeners: Listeners): Line => [
  'server',
  name,
  ...serverWords(serverOptions(spec, listeners)),
]

/** OKD checks every 5 s unless the Route or the IngressController says otherwise. */
export const serverOptions = (spec: ServerSpec, { settings }: Listeners): ServerOptions => ({
  ...spec,
  checkMs: spec.checkMs ?? settings.times?.check ?? 5000,
})

function renderFiles(layout: Layout): Map<string, string> {
  const files = new Map<string, string>()
  for (const map of MAPS) files.set(map, mapFile(mapEntries(layout, map)))
  files.set(COOKIE_SCRIPT, cookieScript).set(COOKIE_ATTRIBUTES, cookieAttributes)
  if (layout.serviceCa) files.set(layout.serviceCa.file, layout.serviceCa.pem)
  for (const [file, pem] of layout.serverFiles) files.set(file, pem)
  const { clientAuthorities, clientRevocations, page503, page404 } = layout.files
  if (clientAuthorities !== undefined) files.set(CLIENT_AUTHORITIES, clientAuthorities)
  if (clientRevocations !== undefined) files.set(CLIENT_REVOCATIONS, clientRevocations)
  if (page503 !== undefined) files.set(PAGE_503, page503)
  if (page404 !== undefined) files.set(PAGE_404, page404)
  if (layout.defaultCertificate === undefined) return files
  files.set(DEFAULT_CERTIFICATE, layout.defaultCertificate).set(DEFAULT_LIST, `${DEFAULT_CERTIFICATE} !*\n`)
  let list = ''
  for (const { certificate } of layout.parts.values())
    if (certificate) {
      files.set(certificate.file, certificate.pem)
      list += `${crtListLine(entryOf(certificate))}\n`
    }
  return files.set(CERTIFICATES, list)
}

export function* mapEntries(layout: Layout, map: MapName): Iterable<MapEntry> {
  for (const part of layout.parts.values()) yield* part.maps[map]
}

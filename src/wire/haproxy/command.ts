import type { Ip } from '../../lib/ip.ts'
import { inline, mapKey, mapValue, name, UnsafeText } from './token.ts'

/** What a command answers when it worked; see `accepts`. */
export type Expectation =
  | 'nothing'
  | 'registered'
  | 'deleted'
  | 'success'
  | 'transaction'
  | 'authorities'
  | 'version'
  | 'anything'

/** A command of the runtime API. Text of tenants stands in the payload only, one entry a line. */
export interface Command {
  readonly line: string
  readonly payload?: readonly string[]
  readonly expect: Expectation
}

export type MapEntry = readonly [key: string, value: string]

/** What a dynamic server may be given. Everything here is ours or parsed, never text of a tenant. */
export interface ServerOptions {
  readonly address: Ip
  readonly port: number
  /** TCP checks with this interval; they start with `enable health`. */
  readonly checkMs?: number
  readonly tls?: {
    /** A file of authorities; without one, nothing is verified. */
    readonly authorities?: string
    /** A host name the certificate must be made for. */
    readonly verifyHost?: string
    /** HTTP/2 where the server wants it. */
    readonly alpn?: boolean
    /** The name that is asked for. */
    readonly sni?: string
    /** A file: what we show to the server. */
    readonly certificate?: string
  }
  /** HTTP/2 without TLS. */
  readonly h2c?: boolean
  readonly maxConnections?: number
}

/** A payload must fit HAProxy's buffer (16 KB); beyond it the connection is reset and nothing is applied. */
export const MAX_PAYLOAD = 12_000

const command = (expect: Expectation, ...words: readonly string[]): Command => ({ line: words.join(' '), expect })
const serverName = (backend: string, server: string): string => `${name(backend)}/${name(server)}`

/**
 * The server begins in maintenance and without weight: 2.6 computes the hashes of a server added at run time before it has its
 * number, so that all such servers of a backend would share them, and `random` and `source` would find one or two of them only. A
 * weight that is given later (`giveWeight`) makes hashes of its own. Both pool keywords: without them a server added at run time never reuses a
 * connection.
 */
export const addServer = (backend: string, server: string, options: ServerOptions): Command =>
  command('registered', 'add server', serverName(backend, server), ...serverWords(options, 0))

/** The words after a server's name, in the file and on the socket alike. */
export function serverWords(options: ServerOptions, weight: 0 | 1 = 1): readonly string[] {
  const { address, port, checkMs, h2c, maxConnections } = options
  const endpoint = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  if (!/^[0-9a-f.:[\]]+$/.test(endpoint) || !Number.isInteger(port) || port < 1 || port > 65535)
    throw new UnsafeText('an address', endpoint)
  const check = checkMs === undefined ? [] : ['check', 'inter', `${whole(checkMs)}ms`]
  const rest = [
    ...tlsWords(options),
    ...(h2c ? ['proto', 'h2'] : []),
    ...(maxConnections === undefined ? [] : ['maxconn', whole(maxConnections)]),
  ]
  return [endpoint, 'weight', String(weight), ...rest, ...check, 'pool-max-conn', '-1', 'pool-purge-delay', '5s']
}

function whole(value: number): string {
  if (!Number.isInteger(value) || value < 0) throw new UnsafeText('a number', String(value))
  return String(value)
}

function tlsWords({ tls }: ServerOptions): readonly string[] {
  if (!tls) return []
  const { authorities, verifyHost, alpn, sni, certificate } = tls
  const verify =
    authorities === undefined
      ? ['verify', 'none']
      : [
          'verify',
          'required',
          'ca-file',
          name(authorities),
          ...(verifyHost ? ['verifyhost', hostName(verifyHost)] : []),
        ]
  return [
    ...['ssl', ...verify, ...(alpn ? ['alpn', 'h2,http/1.1'] : [])],
    ...(sni ? ['sni', `str(${hostName(sni)})`] : []),
    ...(certificate ? ['crt', name(certificate)] : []),
  ]
}

function hostName(host: string): string {
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(host)) throw new UnsafeText('a host', host)
  return host
}

export const giveWeight = (backend: string, server: string): Command =>
  command('nothing', 'set server', serverName(backend, server), 'weight 1')
export const enableServer = (backend: string, server: string): Command =>
  command('nothing', 'enable server', serverName(backend, server))
export const setHealthChecks = (backend: string, server: string, on: boolean): Command =>
  command('nothing', on ? 'enable health' : 'disable health', serverName(backend, server))
/** No new requests; those that run may end. */
export const disableServer = (backend: string, server: string): Command =>
  command('nothing', 'disable server', serverName(backend, server))
/** Refused unless disabled and without a request. */
export const deleteServer = (backend: string, server: string): Command =>
  command('deleted', 'del server', serverName(backend, server))

/** Does not look for an equal key: two equal keys give the first. */
export const addMap = (map: string, entries: readonly MapEntry[]): readonly Command[] =>
  payloads(entries.map(entryLine)).map(payload => ({ line: `add map ${name(map)} <<`, payload, expect: 'nothing' }))

/** Inline, so only for keys and values that `isInline` accepts; replace the map otherwise. */
export const setMap = (map: string, [key, value]: MapEntry): Command =>
  command('nothing', 'set map', name(map), inline(mapKey(key)), inline(mapValue(value)))
export const deleteMap = (map: string, key: string): Command =>
  command('nothing', 'del map', name(map), inline(mapKey(key)))

/** Answers the number of a new, invisible version: see `versionOf`. */
export const prepareMap = (map: string): Command => command('version', 'prepare map', name(map))
export const addMapVersion = (map: string, version: number, entries: readonly MapEntry[]): readonly Command[] =>
  payloads(entries.map(entryLine)).map(payload => ({
    line: `add map @${version} ${name(map)} <<`,
    payload,
    expect: 'nothing',
  }))
/** The version takes the place of what the map held, at once. */
export const commitMap = (map: string, version: number): Command =>
  command('nothing', `commit map @${version}`, name(map))

/** The file's name must be the one it will have on disk, so that a reload finds it. */
export function newCertificate(file: string, pem: string): readonly Command[] {
  return [command('anything', 'new ssl cert', name(file)), ...setCertificate(file, pem)]
}

/** Refused at the commit when key and certificate do not belong together. */
export function setCertificate(file: string, pem: string): readonly Command[] {
  const payload = pem.trimEnd().split('\n')
  if (!isPemPayload(pem)) throw new UnsafeText('a certificate', payload[0] ?? '')
  return [
    { line: `set ssl cert ${name(file)} <<`, payload, expect: 'transaction' },
    command('success', 'commit ssl cert', name(file)),
  ]
}

/** Whether a certificate can go by the socket: no blank line, printable, and small enough. */
export const isPemPayload = (pem: string): boolean =>
  pem.length <= MAX_PAYLOAD &&
  pem
    .trimEnd()
    .split('\n')
    .every(line => /^[\x20-\x7e]*[\x21-\x7e]$/.test(line))

export const abortCertificate = (file: string): Command => command('anything', 'abort ssl cert', name(file))
export const deleteCertificate = (file: string): Command => command('deleted', 'del ssl cert', name(file))
export const addCrtList = (list: string, entry: CrtListEntry): Command => ({
  line: `add ssl crt-list ${name(list)} <<`,
  payload: [crtListLine(entry)],
  expect: 'success',
})
export const deleteCrtList = (list: string, file: string): Command =>
  command('deleted', 'del ssl crt-list', name(list), name(file))

/** A file of authorities that servers name; it must be there before them. */
export function newAuthorities(file: string, pem: string): readonly Command[] {
  if (!isPemPayload(pem)) throw new UnsafeText('a certificate', pem.slice(0, 40))
  return [
    command('anything', 'new ssl ca-file', name(file)),
    { line: `set ssl ca-file ${name(file)} <<`, payload: pem.trimEnd().split('\n'), expect: 'authorities' },
    command('success', 'commit ssl ca-file', name(file)),
  ]
}
/** Refused while a server names it. */
export const deleteAuthorities = (file: string): Command => command('anything', 'del ssl ca-file', name(file))

export interface CrtListEntry {
  readonly file: string
  /** Host names or `*.` and one. */
  readonly hosts: readonly string[]
  /** Host names that a wildcard does not mean. */
  readonly except?: readonly string[]
  readonly alpn?: string
}

/** A line of a crt-list. */
export function crtListLine({ file, hosts, except = [], alpn }: CrtListEntry): string {
  for (const host of [...hosts, ...except])
    if (!/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(host)) throw new UnsafeText('a host', host)
  return [name(file), ...(alpn ? [`[alpn ${alpn}]`] : []), ...hosts, ...except.map(host => `!${host}`)].join(' ')
}

export const show = (what: 'info' | 'stat' | 'servers state' | 'map' | 'ssl cert', of = ''): Command =>
  command('anything', `show ${what}`, ...(of ? [name(of)] : []))

/** The lines of a map file. */
export const mapFile = (entries: Iterable<MapEntry>): string => {
  let text = ''
  for (const entry of entries) text += `${entryLine(entry)}\n`
  return text
}

const entryLine = ([key, value]: MapEntry): string => `${mapKey(key)} ${mapValue(value)}`

function payloads(lines: readonly string[]): string[][] {
  const result: string[][] = []
  let size = Number.POSITIVE_INFINITY
  for (const line of lines) {
    size += line.length + 1
    if (size > MAX_PAYLOAD) {
      result.push([])
      size = line.length + 1
    }
    result.at(-1)!.push(line)
  }
  return result
}

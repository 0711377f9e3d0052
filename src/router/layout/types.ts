import type { Ip } from '../../lib/ip.ts'
import type { RouterSettings } from '../../model/routes/settings.ts'
import type { Balance, ForwardedPolicy, HeaderActions, WebRules } from '../../model/routes/types.ts'
import { type CrtListEntry, crtListLine, isPemPayload, MAX_PAYLOAD } from '../../wire/haproxy/command.ts'

/** What cannot be changed at run time: backends of one class are interchangeable. Rare ones cost a reload at their first use. */
export interface ClassSpec {
  readonly mode: 'http' | 'tcp'
  readonly balance: Balance
  /** Its Routes may have options of their own; the others do not pay for them. */
  readonly options?: boolean
  /** Of tcp, where no rule can set it. */
  readonly tunnelMs?: number
  readonly rewrite?: { readonly path: string; readonly target: string }
  readonly headers?: HeaderActions
  readonly forwarded?: ForwardedPolicy
  readonly adjustCase?: boolean
  readonly web?: WebRules
}

/** The maps of a router, in the order in which additions must be made: what points stands after what it points to. */
export const MAPS = [
  'weights.map',
  'canaries.map',
  'allow.map',
  'options.map',
  'claimed.map',
  'http.map',
  'https.map',
  'sni.map',
] as const
export type MapName = (typeof MAPS)[number]
export type MapEntries = ReadonlyMap<string, string>

export interface ServerSpec {
  readonly address: Ip
  readonly port: number
  /** A health check makes sense only where there is another server to turn to. */
  readonly checked: boolean
  /** Time between two checks, where it is not the default. */
  readonly checkMs?: number
  readonly tls?: ServerTls
  /** HTTP/2 without TLS. */
  readonly h2c?: boolean
  readonly maxConnections?: number
}

/** Without a file of authorities nothing is verified, as on OKD. */
export interface ServerTls {
  readonly authorities?: string
  readonly verifyHost?: string
  readonly alpn?: boolean
  readonly sni?: string
  /** A file. */
  readonly certificate?: string
}

export interface CertificateSpec {
  /** The file's name in the program; another one where anything but the text differs. */
  readonly file: string
  readonly pem: string
  /** The names it is chosen for, by SNI. */
  readonly hosts: readonly string[]
  /** Names below a wildcard that it is not chosen for. */
  readonly except?: readonly string[]
  /** Clients are offered HTTP/2. */
  readonly h2?: boolean
}

export const H2 = 'h2,http/1.1'
export const entryOf = ({ h2, ...entry }: CertificateSpec): CrtListEntry => ({ ...entry, ...(h2 ? { alpn: H2 } : {}) })

/** Whether the socket has room for what a process that has the old one must be told. */
export const isSent = (one: CertificateSpec, old: CertificateSpec | undefined): boolean =>
  one.file === old?.file
    ? one.pem === old.pem || isPemPayload(one.pem)
    : isPemPayload(one.pem) && crtListLine(entryOf(one)).length <= MAX_PAYLOAD

/** All that is one host's alone in HAProxy; of other hosts it depends on the certificates that they show, and nothing else. */
export interface HostPart {
  readonly host: string
  readonly maps: Readonly<Record<MapName, MapEntries>>
  readonly certificate?: CertificateSpec
  /** Its pods are verified by the cluster's own authority, where that is known. */
  readonly usesServiceCa?: boolean
  /** The backends its Routes use. */
  readonly held: readonly HeldBackend[]
}

/** Where requests for one Service go, for all Routes that want the same of it. */
export interface BackendLayout {
  /** "namespace/name". */
  readonly service: string
  readonly servers: ReadonlyMap<string, ServerSpec>
}

/** What is fixed while a HAProxy process lives. */
export interface Listeners {
  readonly httpPort: number
  readonly httpsPort: number
  readonly threads: number
  /** An upper bound: what the open files allow may be less. */
  readonly maxConnections: number
  readonly openFiles: number
  readonly domain: string
  readonly alias?: string
  readonly accessLog: boolean
  readonly forwarded: ForwardedPolicy
  readonly http2Always?: boolean
  /** Ingresses are served: some for hosts that nobody else claims. */
  readonly ingress?: boolean
  /** Who asks for a host that nobody claims is answered 404, not 503 as on OKD. */
  readonly notFound?: boolean
  readonly settings: Omit<RouterSettings, 'namespaceSelector' | 'routeSelector'>
}

/** Texts that an administrator gave. */
export interface AdminFiles {
  /** PEM: the authorities of clients' certificates. */
  readonly clientAuthorities?: string
  /** PEM: the certificates of clients that these authorities revoked, where they name lists of them. */
  readonly clientRevocations?: string
  /** Whole HTTP responses. */
  readonly page503?: string
  readonly page404?: string
}

/** What HAProxy should have. */
export interface Layout {
  readonly listeners: Listeners
  /** PEM; without it there is no TLS listener. */
  readonly defaultCertificate?: string
  /** PEM by file: the authority of the cluster's own serving certificates. */
  readonly serviceCa?: PemFile
  readonly files: AdminFiles
  /** TLS is looked into before it is ended: some of it is passed through. Once so, it stays so. */
  readonly isSorted: boolean
  /** How many backends each class has, used or spare; by the class's name. */
  readonly pools: Pools
  readonly parts: ReadonlyMap<string, HostPart>
  /** By name; those that nobody uses are not in it. */
  readonly backends: ReadonlyMap<string, BackendLayout>
  /** PEM by file: the authorities and certificates that some server names. */
  readonly serverFiles: ReadonlyMap<string, string>
}

/** What may differ between two layouts. */
export interface Differences {
  readonly hosts: Iterable<string>
  readonly backends: Iterable<string>
}

export interface HeldBackend {
  /** What it was asked for by. */
  readonly id: string
  /** "namespace/name". */
  readonly route: string
}

/** Its name says what is in it, so another text has another name. */
export interface PemFile {
  readonly file: string
  readonly pem: string
}
/** The names of those that Routes bring, in a text. */
export const filesNamedIn = (text: string): readonly string[] =>
  text.match(/(certs|clients|ca)\/[0-9a-f]{12}\.pem/g) ?? []
/** Authorities are put in and taken out by other commands than certificates. */
export const isAuthorities = (file: string): boolean => file.startsWith('ca/')

export interface PoolSpec {
  readonly spec: ClassSpec
  readonly size: number
}
export type Pools = Readonly<Record<string, PoolSpec>>

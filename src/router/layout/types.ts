import type { Ip } from '../../lib/ip.ts'
import type { Balance } from '../../model/routes/types.ts'

/** A class is what cannot be changed at run time: backends of one class are interchangeable. */
export type BackendClass = Balance

/** The maps of a router, in the order in which additions must be made: what points stands after what it points to. */
export const MAPS = ['weights.map', 'timeout.map', 'http.map', 'https.map'] as const
export type MapName = (typeof MAPS)[number]
export type MapEntries = ReadonlyMap<string, string>

export interface ServerSpec {
  readonly address: Ip
  readonly port: number
  /** A health check makes sense only where there is another server to turn to. */
  readonly checked: boolean
}

export interface CertificateSpec {
  /** The file's name in the program. */
  readonly file: string
  readonly pem: string
  /** The names it is chosen for, by SNI. */
  readonly hosts: readonly string[]
}

/** All that one host needs in HAProxy. Parts of different hosts share nothing, so one never disturbs another. */
export interface HostPart {
  readonly host: string
  readonly maps: Readonly<Record<MapName, MapEntries>>
  /** Servers by name, by backend. */
  readonly backends: ReadonlyMap<string, ReadonlyMap<string, ServerSpec>>
  readonly certificate?: CertificateSpec
  /** Its entries in the ledger of backends. */
  readonly held: readonly { readonly key: string; readonly kind: BackendClass }[]
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
}

/** What HAProxy should have. */
export interface Layout {
  readonly listeners: Listeners
  /** PEM; without it there is no TLS listener. */
  readonly defaultCertificate?: string
  /** How many backends each class has, used or spare. */
  readonly pools: Readonly<Record<BackendClass, number>>
  readonly parts: ReadonlyMap<string, HostPart>
}

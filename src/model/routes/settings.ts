import type { LabelSelector } from '../../api/meta/selector.ts'
import type { HeaderActions } from './types.ts'

/** What an IngressController says of its routers beyond addresses and names; what is absent is as OKD has it by default. */
export interface RouterSettings {
  /** Which Routes are served: both must match. */
  readonly namespaceSelector?: LabelSelector
  readonly routeSelector?: LabelSelector
  /** Connections begin with a PROXY header that says whose they are. */
  readonly acceptProxy?: boolean
  /** Addresses and networks of load balancers: their connections begin with a PROXY header, all others do not. */
  readonly proxyFrom?: readonly string[]
  readonly tls?: TlsProfile
  readonly clientTls?: ClientTlsPolicy
  readonly times?: RouterTimes
  /** Bytes for the headers of a request, and what of them is kept for headers we add. */
  readonly buffers?: { readonly size?: number; readonly rewrite?: number }
  readonly uniqueId?: { readonly header: string; readonly format?: string }
  /** Headers as old peers want them spelt, at Routes that ask for it. */
  readonly caseAdjustments?: readonly string[]
  readonly actions?: HeaderActions
  /** Types of responses that are compressed. */
  readonly compress?: readonly string[]
  /** "namespace/name" of a ConfigMap with error-page-503.http and error-page-404.http. */
  readonly errorPages?: string
  /** Connections that end without a request get no answer. */
  readonly ignoreEmpty?: boolean
  /** Idle connections of a replaced process end with their next request, not at once. */
  readonly deferIdle?: boolean
  /** A request ends when its client has gone. */
  readonly abortClosed?: boolean
  readonly log?: LogSettings
  /** How long the connections of a replaced process may last. */
  readonly hardStopMs?: number
  /** The shortest time between two reloads; what needs none does not wait. */
  readonly reloadMs?: number
  /** Of Routes that do not say how they are balanced; else at random. */
  readonly balance?: 'leastconn'
  /** Counters of connections are kept up while these last, not when they end. */
  readonly countAlways?: boolean
}

export interface TlsProfile {
  readonly minVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  /** Of TLS 1.2 and below, and of 1.3, by OpenSSL's names. */
  readonly ciphers?: readonly string[]
  readonly suites?: readonly string[]
  readonly curves?: readonly string[]
}

export interface ClientTlsPolicy {
  readonly verify: 'required' | 'optional'
  /** "namespace/name" of a ConfigMap with ca-bundle.pem. */
  readonly authorities: string
  /** Regular expressions of an administrator; the subject must match one. */
  readonly subjects?: readonly string[]
}

/** All in ms. */
export interface RouterTimes {
  readonly client?: number
  readonly clientFin?: number
  readonly server?: number
  readonly serverFin?: number
  readonly tunnel?: number
  readonly connect?: number
  readonly keepAlive?: number
  readonly inspect?: number
  readonly check?: number
}

export interface LogSettings {
  /** A pipe that another container reads. */
  readonly pipe?: string
  /** "address:port"; the container's own output where neither is there. */
  readonly syslog?: string
  readonly facility?: string
  readonly maxLength?: number
  /** HAProxy's format, as an administrator wrote it; JSON where absent. */
  readonly format?: string
  readonly ignoreEmpty?: boolean
  readonly requestHeaders?: readonly CapturedHeader[]
  readonly responseHeaders?: readonly CapturedHeader[]
  /** A cookie's name, or how it begins. */
  readonly cookie?: { readonly name: string; readonly maxLength: number }
}

export interface CapturedHeader {
  readonly name: string
  readonly maxLength: number
}

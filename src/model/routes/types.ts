import type { Cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'

/** What one router admits: from its IngressController. */
export interface RouterPolicy {
  /** The IngressController's name: routerName in status. */
  readonly name: string
  /** The domain for Routes that give a subdomain only. */
  readonly domain: string
  readonly canonicalHostname: string
  /** Strict: all Routes of a host stand in the namespace that claimed it first. */
  readonly namespaceOwnership: 'Strict' | 'InterNamespaceAllowed'
  readonly wildcards: boolean
  /** Clients may be offered HTTP/2: at Routes whose certificate is theirs alone. */
  readonly http2?: boolean
  /** How Routes are balanced that do not say; at random where absent. */
  readonly balance?: Balance
}

/** Why a Route is not served; OKD's words. */
export type RejectionReason =
  | 'RouteNotAdmitted'
  | 'HostAlreadyClaimed'
  | 'NoHostValue'
  | 'InvalidHost'
  | 'ExtendedValidationFailed'
  | 'ExternalCertificateGetFailed'
  | 'ExternalCertificateValidationFailed'

export interface Rejection {
  readonly reason: RejectionReason
  readonly message: string
}

export type Termination = 'http' | 'edge' | 'reencrypt' | 'passthrough'
/** What happens to plain HTTP at a Route with TLS. */
export type InsecurePolicy = 'None' | 'Allow' | 'Redirect'
export type Balance = 'random' | 'roundrobin' | 'leastconn' | 'source'

export interface RouteTarget {
  /** "namespace/name". */
  readonly service: string
  /** 0 to 256 of Routes. */
  readonly weight: number
  /** Where it is not that of its Route. */
  readonly port?: RoutePort
}

/** A port of the endpoints by name or number; `:80` or `:web` is a port of the Service itself. */
export type RoutePort = string | number

/** By what a request goes to one of the Services whatever the turns say, or to the other. */
export interface CanaryRule {
  /** "namespace/name", one of the targets. */
  readonly service: string
  /** Its value decides: `always` and `never`, or what is equal to `value`, or what `pattern` finds something in. */
  readonly header?: string
  readonly value?: string
  /** A regular expression that is known to be cheap. */
  readonly pattern?: string
  /** A cookie that is `always` or `never`, where the header says nothing. */
  readonly cookie?: string
}

/** PEM that was parsed and printed again: no text of a tenant but what a certificate is. */
export interface Certificate {
  /** Chain and key in one, as HAProxy reads it. */
  readonly pem: string
  /** When it expires, in ms since 1970. */
  readonly untilMs: number
  readonly keyType: 'rsa' | 'ec' | 'ed25519'
}

export type ForwardedPolicy = 'append' | 'replace' | 'if-none' | 'never'
export type SameSite = 'Lax' | 'Strict' | 'None'

/** Limits of one client address at one Route; more is cut off. Windows are OKD's: 3 s for connections, 10 s for requests. */
export interface RateLimits {
  readonly concurrent?: number
  readonly connections?: number
  readonly requests?: number
}

/** What annotations say; what is absent has its default. */
export interface RouteSettings {
  readonly balance?: Balance
  readonly timeoutMs?: number
  readonly tunnelMs?: number
  /** The value of Strict-Transport-Security. */
  readonly hsts?: string
  readonly disableCookies?: boolean
  readonly cookieName?: string
  readonly sameSite?: SameSite
  /** Clients that are served; none at all when it is empty. */
  readonly allow?: readonly Cidr[]
  readonly rates?: RateLimits
  readonly rewrite?: string
  readonly forwarded?: ForwardedPolicy
  readonly podConnections?: number
  readonly checkMs?: number
  readonly adjustCase?: boolean
}

/** `value`: HAProxy's format of the header's value; absent when the header is taken away. */
export interface HeaderAction {
  readonly header: string
  readonly value?: string
}

export interface HeaderActions {
  readonly request: readonly HeaderAction[]
  readonly response: readonly HeaderAction[]
}

/** A condition of status that is False. */
export interface RouteProblem {
  readonly type: 'AllowListValid'
  readonly reason: 'NobodyAllowed' | 'EntriesIgnored'
  readonly message: string
}

/** What annotations of ingress-nginx ask of a proxy. */
export interface WebRules {
  /** Names the counters of its limits. */
  readonly id?: string
  /** Nobody is served: it says who may come in by something that is not understood. */
  readonly closed?: boolean
  /** A regular expression that is known to be cheap. */
  readonly pattern?: string
  /** The path's successor; $1 to $9 are groups of the pattern. */
  readonly rewrite?: string
  readonly redirect?: { readonly code: number; readonly to: string }
  readonly appRoot?: string
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  /** 0: no limit. */
  readonly bodyBytes?: number
  readonly connectMs?: number
  readonly perSecond?: number
  readonly connections?: number
  readonly vhost?: string
  readonly forwardedPrefix?: string
  readonly cors?: CorsRules
  /** What clients are told of the cookie beside name and value. */
  readonly cookie?: CookieRules
  /** The name that the whole host gives way to. */
  readonly moved?: string
}

export interface CookieRules {
  readonly path: string
  readonly domain?: string
  /** Both in seconds. */
  readonly maxAge?: number
  readonly expires?: number
  readonly sameSite?: SameSite
  /** Also over plain HTTP, where browsers pass it over. */
  readonly secure?: boolean
}

export interface CorsRules {
  readonly origins: readonly string[]
  readonly methods: string
  readonly headers: string
  readonly expose?: string
  readonly credentials: boolean
  /** In seconds. */
  readonly maxAge: number
}

/** Of an Ingress: how the pods' TLS is asked for. PEM that was printed again. */
export interface BackendTls {
  /** Of the pods' certificates; verified by them. */
  readonly authorities?: string
  /** The name that they must be for, where they are verified. */
  readonly name?: string
  /** The name is told to the pods (SNI). */
  readonly asksName?: boolean
  /** What the pods are shown: chain and key. */
  readonly certificate?: string
}

/** A Route as a router reads it: every string in it is checked. */
export interface RouteFacts extends RouteSettings {
  /** "namespace/name". */
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** RFC 3339, so that text order is age order. */
  readonly created: string
  /** Lower case; `*.rest` for a wildcard. */
  readonly host: string
  /** Empty or begins with a slash. */
  readonly path: string
  readonly termination: Termination
  readonly insecure: InsecurePolicy
  readonly targets: readonly RouteTarget[]
  /** Absent means all of them. */
  readonly port?: RoutePort
  /** What brought it, where that is an Ingress: "namespace/name". */
  readonly ingress?: string
  /** Of an Ingress: the path alone, and nothing below it. */
  readonly exact?: boolean
  /** Of an Ingress: what no path of the host takes. */
  readonly fallback?: boolean
  /** Of an Ingress: the path is the beginning of all that a pattern in `web` matches, not of whole elements. */
  readonly begins?: boolean
  /** Of an Ingress: what its annotations ask for. */
  readonly web?: WebRules
  /** Of an Ingress: another one takes a share of its requests. */
  readonly canary?: CanaryRule
  /** What its pods speak, where that is not plain HTTP; TLS of theirs is not verified unless `backendTls` says so. */
  readonly backend?: 'http' | 'https' | 'grpc' | 'grpcs'
  readonly backendTls?: BackendTls
  /** "namespace/name" of the Secret that `backendTls` comes from. */
  readonly backendSecret?: string
  readonly certificate?: Certificate
  /** "namespace/name" of the Secret the certificate comes from. */
  readonly externalSecret?: string
  /** Authorities of the pods' certificates, PEM that was printed again; of reencrypt. */
  readonly destinationCa?: string
  readonly headers?: HeaderActions
  /** What is set but says nothing: misspelt annotations and wrong values. */
  readonly warnings?: readonly string[]
  /** What is wrong and changes who is served: for status. */
  readonly problems?: readonly RouteProblem[]
  /** It claims its host all the same. */
  readonly fault?: Rejection
}

/** An address a request may go to. */
export interface RouteEndpoint {
  readonly address: Ip
  readonly port: number
  /** What stands behind it, so that an address used by another pod later is another endpoint. */
  readonly target: string
  /** It speaks HTTP/2 without TLS. */
  readonly h2c?: boolean
}

/** Why a Service of a Route gives no endpoint. */
export type ServiceProblem = 'ServiceNotFound' | 'PortNotFound' | 'NoEndpoints'

export interface RouteService extends RouteTarget {
  /** In an order of their own, whatever the order of the slices. */
  readonly endpoints: readonly RouteEndpoint[]
  readonly problem?: ServiceProblem
  /** Nobody serves it, and somebody would if it were asked for. */
  readonly idled?: true
}

/** A Route that won its host and path, with where its requests go. */
export interface ServedRoute {
  readonly route: RouteFacts
  readonly services: readonly RouteService[]
}

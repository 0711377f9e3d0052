import type { Ip } from '../../lib/ip.ts'
import type { LogClass } from '../querylog.ts'

/** A Corefile as this server understands it. */
export interface Corefile {
  readonly sites: readonly Site[]
}

/** What answers for some zones: one server block. Names are in lower case with their final dot. */
export interface Site {
  /** "." is everything. */
  readonly zones: readonly string[]
  readonly port: number
  readonly kubernetes?: KubernetesRule
  readonly hosts?: HostsRule
  readonly rewrites: readonly RewriteRule[]
  readonly forwards: readonly ForwardRule[]
  readonly cache?: CacheRule
  readonly logClass: LogClass
  /** Answers are in another order each time. */
  readonly loadbalance: boolean
}

export interface KubernetesRule {
  /** "cluster.local.". */
  readonly domain: string
  readonly pods: 'disabled' | 'insecure' | 'verified'
  readonly ttl: number
  /** Zones of which names that do not exist are looked for further on. */
  readonly fallthrough: readonly string[]
}

export interface HostsRule {
  readonly addresses: ReadonlyMap<string, readonly Ip[]>
  readonly names: ReadonlyMap<Ip, readonly string[]>
  readonly ttl: number
  readonly fallthrough: readonly string[]
}

/** `rewrite name [exact|prefix|suffix|substring|regex] FROM TO`. */
export interface RewriteRule {
  readonly match: 'exact' | 'prefix' | 'suffix' | 'substring' | 'regex'
  readonly from: string
  readonly to: string
  /** The answer has the name that was asked for. */
  readonly isAnswerRestored: boolean
  readonly isLast: boolean
}

export type Policy = 'random' | 'round_robin' | 'sequential'

export interface ForwardRule {
  /** Names below it. */
  readonly from: string
  readonly except: readonly string[]
  /** `system`: those of the machine's resolv.conf. */
  readonly to: readonly ForwardTarget[]
  readonly policy: Policy
  readonly isTcpForced: boolean
  /** The name in the certificate of tls:// servers. */
  readonly tlsServerName?: string
  /** PEM, or where a Corefile names a file, its path. */
  readonly tlsAuthority?: string
  /** Failed health checks until a server counts as down; 0: never. */
  readonly maxFails: number
  readonly healthCheckMs: number
}

export type ForwardTarget =
  | { readonly is: 'system' }
  | { readonly is: 'server'; readonly address: Ip; readonly port: number; readonly isTls: boolean }

export interface CacheRule {
  readonly positiveSeconds: number
  readonly positiveEntries: number
  readonly negativeSeconds: number
  readonly negativeEntries: number
  /** Answers that are older are given for so long while upstreams do not answer; 0: never. */
  readonly staleSeconds: number
  /** Whether somebody is asked before an old answer is given. */
  readonly isStaleVerified: boolean
}

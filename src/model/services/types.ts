import type { Cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** The node from which a Service is seen: what a port leads to differs by node. */
export interface Vantage {
  readonly node: string
  /** The node's topology.kubernetes.io/zone. */
  readonly zone?: string
  /** The node's own addresses at which node ports answer. */
  readonly nodePortAddresses: readonly Ip[]
}

export interface Backend {
  readonly address: Ip
  readonly port: number
}

/** What becomes of a new connection. `why` is for people: trace, describe, events. */
export type Outcome =
  | {
      readonly is: 'forward'
      /** At least one; in order of address and port. */
      readonly backends: readonly Backend[]
      /** Whose address the backend sees: the client's, or one of the node that the connection entered by. */
      readonly source: 'client' | 'node'
    }
  /** The client hears at once that nobody answers. */
  | { readonly is: 'reject'; readonly why: string }
  | { readonly is: 'drop'; readonly why: string }
  /** Dropped, so that the client asks again, and told of: the pods of an idled Service can be had. */
  | { readonly is: 'wake'; readonly why: string }

export type FrontRole = 'clusterIP' | 'nodePort' | 'externalIP' | 'loadBalancer'

/** One address, protocol and port at which a Service answers on one node. */
export interface Front {
  readonly address: Ip
  readonly protocol: Protocol
  readonly port: number
  readonly role: FrontRole
  /** The name of the Service's port; empty when it has none. */
  readonly portName: string
  /** For clients inside: pods and nodes. */
  readonly within: Outcome
  /** For clients outside the cluster. A ClusterIP is never theirs to reach. */
  readonly outside: Outcome
  /** A client stays with its backend for so long after its last new connection. */
  readonly affinitySeconds?: number
  /** Only these may connect. Absent: everybody. */
  readonly sourceRanges?: readonly Cidr[]
}

export const isSameOutcome = (a: Outcome, b: Outcome): boolean =>
  a === b ||
  (a.is === 'forward' && b.is === 'forward'
    ? a.source === b.source &&
      a.backends.length === b.backends.length &&
      a.backends.every((one, i) => one.address === b.backends[i]!.address && one.port === b.backends[i]!.port)
    : a.is === b.is)

import type { Family, Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'

export type FlowProtocol = 'udp' | 'tcp' | 'sctp'

/** Which connections, by what their first packet said before anything was rewritten. */
export interface FlowFilter {
  readonly protocol: FlowProtocol
  readonly destination: Ip
  readonly port: number
  /** Who answers: the backend that was chosen, or the destination itself where nothing was rewritten. */
  readonly answeredBy?: Ip
  readonly answeredAt?: number
  /** Only those that nothing has answered yet. */
  readonly isUnanswered?: true
}

/** One connection that the kernel remembers. */
export interface Flow {
  readonly protocol: FlowProtocol
  readonly source: Ip
  readonly sourcePort: number
  readonly destination: Ip
  readonly port: number
  readonly answeredBy: Ip
  readonly answeredAt: number
  readonly isUnanswered: boolean
}

/** Any connection, whatever its protocol, as one that looks for those of an address sees it. */
export interface MarkedFlow {
  readonly source: Ip
  readonly destination: Ip
  /** To whom answers are sent: the source, or what it was rewritten to. */
  readonly answersTo: Ip
  readonly mark: number
}

/** The kernel's memory of connections in one namespace. Everything may throw or reject with EPERM. */
export interface Conntrack {
  /** Those of UDP and SCTP, and those of TCP that nothing has answered yet: whoever talks TCP is never looked at. */
  flows(): Promise<readonly Flow[]>
  /** Forgets what matches any of the filters: the next packet counts as the first. Answers how many were forgotten. */
  forget(filters: readonly FlowFilter[]): Promise<number>
  /** Forgets these; those that ended meanwhile are left out. Answers how many were forgotten. */
  drop(flows: readonly Flow[]): number
  /** Forgets those of every protocol, established ones too, that are to go. Answers how many were forgotten. */
  sweep(family: Family, isToGo: (flow: MarkedFlow) => boolean): Promise<number>
  /** How many it remembers, and how many it can; undefined where nothing is tracked. */
  room(): Room | undefined
}

export interface Room {
  readonly count: number
  readonly max: number
  /** Packets that were dropped for want of room, or of a helper, since the namespace was made. */
  readonly dropped: number
}

export interface ConntrackDriver {
  open(netns: Netns): Conntrack
}

export const matches = (flow: Flow, filter: FlowFilter): boolean =>
  flow.protocol === filter.protocol &&
  flow.destination === filter.destination &&
  flow.port === filter.port &&
  (filter.answeredBy === undefined || flow.answeredBy === filter.answeredBy) &&
  (filter.answeredAt === undefined || flow.answeredAt === filter.answeredAt) &&
  (filter.isUnanswered === undefined || flow.isUnanswered)

import type { Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'

/** Which connections, by what their first packet said before anything was rewritten. */
export interface FlowFilter {
  readonly protocol: 'udp' | 'tcp' | 'sctp'
  readonly destination: Ip
  readonly port: number
  /** Who answers: the backend that was chosen, or the destination itself where nothing was rewritten. */
  readonly answeredBy?: Ip
}

/** The kernel's memory of connections in one namespace. */
export interface Conntrack {
  /** Forgets what matches any of the filters: the next packet counts as the first. Answers how many were forgotten. */
  forget(filters: readonly FlowFilter[]): Promise<number>
}

export interface ConntrackDriver {
  open(netns: Netns): Conntrack
}

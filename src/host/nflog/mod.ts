import type { Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'

/** A packet that a rule of nft logged to a group. */
export interface LoggedPacket {
  /** What the rule says about it. */
  readonly prefix: string
  readonly source: Ip
  readonly destination: Ip
  /** TCP, UDP, SCTP, ICMP or ICMPv6, else the protocol's number. */
  readonly protocol: string
  /** Of the destination; only of protocols that have ports. */
  readonly port?: number
}

export interface PacketLogDriver {
  /**
   * Calls the handler for every packet that is logged to the group in the namespace, from when it returns until it is
   * closed. One listener a group. Throws the system's error (EBUSY, EPERM, EINVAL where the kernel lacks it).
   */
  listen(netns: Netns, group: number, handler: (packet: LoggedPacket) => void): { close(): void }
}

import type { Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'

/** One IPv4 protocol and multicast group on one link. */
export interface IpPacketsAt {
  readonly netns: Netns
  readonly link: string
  /** Whose address it sends from. */
  readonly address: Ip
  readonly protocol: number
  readonly group: Ip
}

export interface IpPackets {
  /** To the group, with 255 hops. One that cannot be sent is lost. */
  send(body: Buffer): void
  /** What has come since, with IP headers; own packets are not among it. Never waits. */
  drain(): readonly Buffer[]
  /** Whether the link is up at both ends. */
  isLinked(): boolean
  close(): void
}

/** Protocols beside TCP and UDP. */
export interface IpPacketDriver {
  /** Throws the system's error: EPERM without CAP_NET_RAW in the namespace, ENODEV. */
  open(at: IpPacketsAt): IpPackets
}

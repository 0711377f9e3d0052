import type { Ip } from '../../lib/ip.ts'
import { ipBytes } from '../../lib/ip.ts'

/** What the holder of shared addresses says of itself, version 3 over IPv4. Source: RFC 5798 section 5. */
export interface Advertisement {
  /** 1 to 255: which group of hosts. */
  readonly router: number
  /** 1 to 254; 0 from a holder that goes. */
  readonly priority: number
  /** Hundredths of a second, 1 to 4095. */
  readonly interval: number
  readonly addresses: readonly Ip[]
}

export interface Received extends Advertisement {
  readonly source: Ip
}

export const VRRP_PROTOCOL = 112
export const VRRP_GROUP = '224.0.0.18' as Ip
/** A router between would have made it less: what has another value came from elsewhere. */
const HOPS = 255
const VERSION_AND_TYPE = 0x31
const IP_HEADER = 20

/** What comes after the IP header. */
export function encodeAdvertisement(said: Advertisement, source: Ip): Buffer {
  const packet = Buffer.alloc(8 + 4 * said.addresses.length)
  packet[0] = VERSION_AND_TYPE
  packet[1] = said.router
  packet[2] = said.priority
  packet[3] = said.addresses.length
  packet.writeUInt16BE(said.interval & 0xfff, 4)
  for (const [index, address] of said.addresses.entries()) packet.set(ipBytes(address), 8 + 4 * index)
  packet.writeUInt16BE(checksum(packet, source), 6)
  return packet
}

/** An IPv4 packet, header and all; undefined for what a receiver must pass over. */
export function decodeAdvertisement(packet: Buffer): Received | undefined {
  const header = ((packet[0] ?? 0) & 0xf) * 4
  if (packet.length < header + 8 || header < IP_HEADER || packet[8] !== HOPS || packet[9] !== VRRP_PROTOCOL)
    return undefined
  const body = packet.subarray(header, packet.readUInt16BE(2))
  const count = body[3] ?? 0
  if (body[0] !== VERSION_AND_TYPE || body.length !== 8 + 4 * count) return undefined
  const source = address4(packet, 12)
  if (checksum(body, source) !== 0) return undefined
  return {
    router: body[1]!,
    priority: body[2]!,
    interval: body.readUInt16BE(4) & 0xfff,
    addresses: Array.from({ length: count }, (_, index) => address4(body, 8 + 4 * index)),
    source,
  }
}

const address4 = (bytes: Buffer, at: number): Ip => [...bytes.subarray(at, at + 4)].join('.') as Ip

/** RFC 1071 over the pseudo-header and the packet: 0 for one whose own checksum is right. */
function checksum(packet: Buffer, source: Ip): number {
  const bytes = Buffer.concat([
    ipBytes(source),
    ipBytes(VRRP_GROUP),
    Buffer.of(0, VRRP_PROTOCOL, packet.length >> 8, packet.length & 255),
    packet,
  ])
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}

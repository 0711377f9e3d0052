import { ipFromBytes } from '../../lib/ip.ts'
import { attributes, NFNL, padded, textOf } from '../netlink.ts'
import type { LoggedPacket } from './mod.ts'

const PACKET = NFNL.ULOG
const NFULA_PAYLOAD = 9
const NFULA_PREFIX = 10
const NAMES: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' }
const WITH_PORTS = new Set(['TCP', 'UDP', 'SCTP'])
/** Extension headers of IPv6 that say which one follows: hop-by-hop, routing, destination options. */
const EXTENSIONS = new Set([0, 43, 60])

/** Of one netlink message of nfnetlink_log; undefined where it is no packet, or none of IP. */
export function packetOf(type: number, body: Buffer): LoggedPacket | undefined {
  if (type !== PACKET) return undefined
  const found = attributes(body, 4)
  const payload = found.get(NFULA_PAYLOAD)
  if (!payload || payload.length < 20) return undefined
  const ends = payload[0]! >> 4 === 4 ? endsOf4(payload) : endsOf6(payload)
  if (!ends) return undefined
  const { number, rest, ...addresses } = ends
  const protocol = NAMES[number] ?? String(number)
  const port = WITH_PORTS.has(protocol) && rest.length >= 4 ? { port: rest.readUInt16BE(2) } : {}
  return { prefix: textOf(found.get(NFULA_PREFIX)).trim(), ...addresses, protocol, ...port }
}

type Ends = Pick<LoggedPacket, 'source' | 'destination'> & { readonly number: number; readonly rest: Buffer }

const endsOf4 = (packet: Buffer): Ends => ({
  source: ipFromBytes(packet.subarray(12, 16)),
  destination: ipFromBytes(packet.subarray(16, 20)),
  number: packet[9]!,
  rest: packet.subarray((packet[0]! & 15) * 4),
})

function endsOf6(packet: Buffer): Ends | undefined {
  if (packet.length < 40) return undefined
  let number = packet[6]!
  let at = 40
  while (EXTENSIONS.has(number) && at + 8 <= packet.length) {
    number = packet[at]!
    at += 8 + packet[at + 1]! * 8
  }
  return {
    source: ipFromBytes(packet.subarray(8, 24)),
    destination: ipFromBytes(packet.subarray(24, 40)),
    number,
    rest: packet.subarray(at),
  }
}

const HEADER = 16
/** Nothing of nfnetlink_log is as long. */
const LONGEST = 1 << 16

/** Cuts a stream of bytes into messages, as they are aligned in their datagrams. */
export function messageReader(each: (type: number, body: Buffer) => void): (bytes: Buffer) => void {
  let left: Buffer = Buffer.alloc(0)
  return bytes => {
    left = left.length > 0 ? Buffer.concat([left, bytes]) : bytes
    while (left.length >= HEADER) {
      const length = left.readUInt32LE(0)
      if (length < HEADER || length > LONGEST) {
        left = Buffer.alloc(0)
        return
      }
      if (left.length < padded(length)) return
      each(left.readUInt16LE(4), left.subarray(HEADER, length))
      left = left.subarray(padded(length))
    }
  }
}

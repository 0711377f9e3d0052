import type { Ip } from '../../lib/ip.ts'
import { ip, ipBytes } from '../../lib/ip.ts'

/** An Ethernet frame to everybody that says: the IPv4 address is at this MAC. operation: 1 request, 2 reply. */
export function gratuitous(operation: number, mac: string, address: Ip): Buffer {
  const own = bytesOf(mac)
  const ip = Buffer.from(address.split('.').map(Number))
  const everybody = Buffer.alloc(6, 0xff)
  const head = Buffer.from([0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0, operation])
  return Buffer.concat([everybody, own, head, own, ip, everybody, ip])
}

/** An Ethernet frame to all nodes of the link that says: the IPv6 address is at this MAC now, whatever was known before. */
export function unsolicited(mac: string, address: Ip): Buffer {
  const own = bytesOf(mac)
  const source = ipBytes(address)
  const everybody = ipBytes(ALL_NODES)
  // RFC 4861 4.4: type 136, the flag Override, the address, and the option Target Link-Layer Address.
  const body = Buffer.concat([Buffer.of(136, 0, 0, 0, OVERRIDE, 0, 0, 0), source, Buffer.of(2, 1), own])
  const length = Buffer.of(body.length >> 8, body.length & 255)
  const pseudo = Buffer.concat([source, everybody, Buffer.of(0, 0), length, Buffer.of(0, 0, 0, ICMPV6), body])
  body.writeUInt16BE(checksum(pseudo), 2)
  const header = Buffer.concat([Buffer.of(0x60, 0, 0, 0), length, Buffer.of(ICMPV6, HOPS), source, everybody])
  return Buffer.concat([Buffer.of(0x33, 0x33, 0, 0, 0, 1), own, Buffer.of(0x86, 0xdd), header, body])
}

const ALL_NODES = ip('ff02::1')
const OVERRIDE = 0x20
const ICMPV6 = 58
/** Receivers believe only what no router has passed on. */
const HOPS = 255

const bytesOf = (mac: string): Buffer => Buffer.from(mac.split(':').map(byte => Number.parseInt(byte, 16)))

/** RFC 1071, over an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}

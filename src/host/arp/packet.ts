import type { Ip } from '../../lib/ip.ts'

/** An Ethernet frame to everybody that says: the IPv4 address is at this MAC. operation: 1 request, 2 reply. */
export function gratuitous(operation: number, mac: string, address: Ip): Buffer {
  const own = Buffer.from(mac.split(':').map(byte => Number.parseInt(byte, 16)))
  const ip = Buffer.from(address.split('.').map(Number))
  const everybody = Buffer.alloc(6, 0xff)
  const head = Buffer.from([0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0, operation])
  return Buffer.concat([everybody, own, head, own, ip, everybody, ip])
}

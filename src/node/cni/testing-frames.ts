import { closeSync, writeSync } from 'node:fs'
import { C, check, libc } from '../../host/libc.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, ipBytes } from '../../lib/ip.ts'

const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex')
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])

function checksum(bytes: Buffer): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0)
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}

function packet(source: Ip, destination: Ip, protocol: number, payload: Buffer): Buffer {
  const [from, to] = [ipBytes(source), ipBytes(destination)]
  if (familyOf(source) === 6)
    return Buffer.concat([Buffer.of(0x60, 0, 0, 0), u16(payload.length), Buffer.of(protocol, 255), from, to, payload])
  const header = Buffer.concat([
    Buffer.of(0x45, 0),
    u16(20 + payload.length),
    Buffer.of(0, 1, 0, 0, 64, protocol, 0, 0),
    from,
    to,
  ])
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, payload])
}

/** An Ethernet frame with one UDP datagram to port 9. */
export function udp(at: {
  readonly from: string
  readonly to: string
  readonly source: Ip
  readonly destination: Ip
}): Buffer {
  const datagram = Buffer.concat([u16(1234), u16(9), u16(12), u16(0), Buffer.from('spam')])
  const type = familyOf(at.source) === 4 ? 0x0800 : 0x86dd
  return Buffer.concat([macBytes(at.to), macBytes(at.from), u16(type), packet(at.source, at.destination, 17, datagram)])
}

/** A question for the target's MAC, which also claims an address. */
export function arp(at: {
  readonly from: string
  readonly sender: string
  readonly address: Ip
  readonly target: Ip
}): Buffer {
  const body = [u16(1), u16(0x0800), Buffer.of(6, 4), u16(1), macBytes(at.sender), ipBytes(at.address), Buffer.alloc(6)]
  return Buffer.concat([Buffer.alloc(6, 255), macBytes(at.from), u16(0x0806), ...body, ipBytes(at.target)])
}

/** A message about neighbours or routers, with its checksum and the sender's MAC as option. */
export function neighbour(at: {
  readonly from: string
  readonly type: number
  readonly source: Ip
  readonly destination: Ip
  readonly target: Ip
}): Buffer {
  const option = Buffer.concat([Buffer.of(at.type === 135 ? 1 : 2, 1), macBytes(at.from)])
  const message = Buffer.concat([Buffer.of(at.type, 0, 0, 0, 0x20, 0, 0, 0), ipBytes(at.target), option])
  const pseudo = Buffer.concat([
    ipBytes(at.source),
    ipBytes(at.destination),
    Buffer.of(0, 0, 0, message.length, 0, 0, 0, 58),
  ])
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), 2)
  const to = Buffer.from('333300000001', 'hex')
  return Buffer.concat([to, macBytes(at.from), u16(0x86dd), packet(at.source, at.destination, 58, message)])
}

/** Sends a frame as it is, by a packet socket inside the namespace. */
export function send(netns: NetnsDriver, at: Netns, index: number, frame: Buffer): void {
  netns.within(at, () => {
    const fd = check(libc().socket(AF_PACKET, C.SOCK_RAW | C.SOCK_CLOEXEC, 0), 'socket', 'AF_PACKET')
    try {
      const address = Buffer.alloc(20)
      address.writeUInt16LE(AF_PACKET, 0)
      address.writeUInt16BE(0x0003, 2)
      address.writeInt32LE(index, 4)
      check(libc().bind(fd, address, 20), 'bind')
      writeSync(fd, frame)
    } finally {
      closeSync(fd)
    }
  })
}

const AF_PACKET = 17

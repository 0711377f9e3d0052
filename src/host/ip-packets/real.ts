import { closeSync } from 'node:fs'
import type { Ip } from '../../lib/ip.ts'
import { ipBytes } from '../../lib/ip.ts'
import { C, check, libc } from '../libc.ts'
import type { NetnsDriver } from '../netns/mod.ts'
import type { IpPacketDriver, IpPackets, IpPacketsAt } from './mod.ts'

const IPPROTO_IP = 0
const IP_MULTICAST_IF = 32
const IP_MULTICAST_TTL = 33
const IP_MULTICAST_LOOP = 34
const IP_ADD_MEMBERSHIP = 35
const HOPS = 255
const SIOCETHTOOL = 0x8946
const ETHTOOL_GLINK = 0x0a
const NAME_BYTES = 16
const PACKET_BYTES = 2048

/** By a raw socket, which is asked and never waited for: Node cannot wait for one. */
export const kernelIpPackets = (namespaces: NetnsDriver): IpPacketDriver => ({
  open: at => {
    const type = C.SOCK_RAW | C.SOCK_CLOEXEC
    const fd = namespaces.within(at.netns, () => check(libc().socket(C.AF_INET, type, at.protocol), 'socket'))
    try {
      namespaces.within(at.netns, () => join(fd, at))
    } catch (error) {
      closeSync(fd)
      throw error
    }
    return packetsOf(fd, at)
  },
})

function join(fd: number, { link, address, group }: IpPacketsAt): void {
  const index = check(libc().if_nametoindex(link) || -1, 'if_nametoindex', link)
  // struct ip_mreqn: group, own address, link.
  const membership = Buffer.alloc(12)
  membership.set(ipBytes(group), 0)
  membership.set(ipBytes(address), 4)
  membership.writeInt32LE(index, 8)
  option(fd, IP_ADD_MEMBERSHIP, membership)
  option(fd, IP_MULTICAST_IF, membership)
  option(fd, IP_MULTICAST_TTL, number(HOPS))
  option(fd, IP_MULTICAST_LOOP, number(0))
}

const option = (fd: number, name: number, value: Buffer): number =>
  check(libc().setsockopt(fd, IPPROTO_IP, name, value, value.length), 'setsockopt', String(name))

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function packetsOf(fd: number, { link, group }: IpPacketsAt): IpPackets {
  const target = socketAddress(group)
  const packet = Buffer.alloc(PACKET_BYTES)
  const carrier = carrierOf(link)
  return {
    send: body => void libc().sendto(fd, body, body.length, C.MSG_DONTWAIT, target, target.length),
    drain: () => {
      const found: Buffer[] = []
      for (;;) {
        const length = libc().recv(fd, packet, packet.length, C.MSG_DONTWAIT)
        if (length <= 0) return found
        found.push(Buffer.from(packet.subarray(0, length)))
      }
    },
    isLinked: () => libc().ioctl(fd, SIOCETHTOOL, carrier.request) === 0 && carrier.value.readUInt32LE(4) !== 0,
    close: () => closeSync(fd),
  }
}

/** struct ifreq that points at a struct ethtool_value. The flags of a link would tell of its carrier up to a second later. */
function carrierOf(link: string): { readonly request: Buffer; readonly value: Buffer } {
  const [request, value] = [Buffer.alloc(PACKET_BYTES), Buffer.alloc(PACKET_BYTES)]
  request.write(link, 0, NAME_BYTES - 1, 'latin1')
  request.writeBigUInt64LE(libc().addressOf(value), NAME_BYTES)
  value.writeUInt32LE(ETHTOOL_GLINK, 0)
  return { request, value }
}

/** struct sockaddr_in. */
function socketAddress(address: Ip): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16LE(C.AF_INET, 0)
  bytes.set(ipBytes(address), 4)
  return bytes
}

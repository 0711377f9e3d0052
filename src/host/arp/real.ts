import { closeSync } from 'node:fs'
import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { C, libc, systemError } from '../libc.ts'
import type { NetnsDriver } from '../netns/mod.ts'
import type { ArpDriver } from './mod.ts'
import { gratuitous, unsolicited } from './packet.ts'

const AF_PACKET = 17
const ETH_P_ARP = 0x0806
const REQUEST = 1
const REPLY = 2

/** By a packet socket, open only as long as it takes: needs CAP_NET_RAW in the namespace. */
export function kernelArp(namespaces: NetnsDriver): ArpDriver {
  return {
    announce: (netns, link, address) =>
      namespaces.within(netns, () => {
        const fd = libc().socket(AF_PACKET, C.SOCK_RAW | C.SOCK_CLOEXEC, 0)
        if (fd < 0) throw systemError('socket', libc().errno())
        try {
          bind(fd, link.name)
          for (const frame of framesOf(link.mac, address)) send(fd, frame)
        } finally {
          closeSync(fd)
        }
      }),
  }
}

const framesOf = (mac: string, address: Ip): readonly Buffer[] =>
  familyOf(address) === 6
    ? [unsolicited(mac, address)]
    : [REQUEST, REPLY].map(operation => gratuitous(operation, mac, address))

/** struct sockaddr_ll; what is not set here matters to receivers alone. */
function bind(fd: number, name: string): void {
  const address = Buffer.alloc(20)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16BE(ETH_P_ARP, 2)
  address.writeInt32LE(libc().if_nametoindex(name), 4)
  if (libc().bind(fd, address, address.length) < 0) throw systemError('bind', libc().errno(), name)
}

function send(fd: number, frame: Buffer): void {
  if (libc().send(fd, frame, frame.length, 0) < 0) throw systemError('send', libc().errno())
}

import type { Ip } from '../../lib/ip.ts'
import { ipBytes } from '../../lib/ip.ts'
import type { IpPacketDriver } from './mod.ts'

export interface FakeIpPackets extends IpPacketDriver {
  /** Takes a host's link away, or gives it back: by the name of its namespace. */
  setLink(netns: string, up: boolean): void
}

const HEADER_BYTES = 20
const HOPS = 255

/** All namespaces on one wire, in memory. */
export function fakeIpPackets(): FakeIpPackets {
  const boxes = new Map<string, Buffer[]>()
  const down = new Set<string>()
  return {
    setLink: (netns, up) => void (up ? down.delete(netns) : down.add(netns)),
    open: ({ netns, address, protocol, group }) => {
      const box: Buffer[] = []
      boxes.set(netns.name, box)
      return {
        send: body => {
          if (down.has(netns.name)) return
          const packet = packetOf(body, { protocol, source: address, group })
          for (const [name, other] of boxes) if (name !== netns.name && !down.has(name)) other.push(packet)
        },
        drain: () => box.splice(0),
        isLinked: () => !down.has(netns.name),
        close: () => boxes.delete(netns.name),
      }
    },
  }
}

function packetOf(body: Buffer, ends: { protocol: number; source: Ip; group: Ip }): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header[0] = 0x45
  header.writeUInt16BE(HEADER_BYTES + body.length, 2)
  header[8] = HOPS
  header[9] = ends.protocol
  header.set(ipBytes(ends.source), 12)
  header.set(ipBytes(ends.group), 16)
  return Buffer.concat([header, body])
}

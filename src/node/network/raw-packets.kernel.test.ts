/** What sockets do not show: SCTP, of which many kernels have none but translate it all the same, and packets of no connection. */
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { C, check, libc } from '../../host/libc.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip, ipBytes, ipFromBytes } from '../../lib/ip.ts'
import type { World } from './testing.ts'
import { createWorld, putNode, putService, putSlice } from './testing.ts'

const [TCP, SCTP] = [6, 132]
const [INIT, INIT_ACK] = [1, 2]
const VIP = ip('172.30.1.1')

let world: World
let bench: TestBench
const sockets: number[] = []
beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  for (const number of [1, 2]) await (await world.start(bench, number)).ready
})
afterAll(() => {
  for (const fd of sockets) closeSync(fd)
  bench.close()
  world.close()
})

interface Packet {
  readonly from: Ip
  readonly source: number
  readonly destination: number
  readonly type: number
  readonly isSound: boolean
}

/** Everything of a protocol that comes into a namespace, and what is sent from there. */
function raw(netns: Netns, protocol = SCTP) {
  const type = C.SOCK_RAW | C.SOCK_CLOEXEC
  const fd = world.netns.within(netns, () => check(libc().socket(C.AF_INET, type, protocol!), 'socket'))
  sockets.push(fd)
  const buffer = Buffer.alloc(2048)
  return {
    send(to: Ip, packet: Buffer): void {
      const target = Buffer.alloc(16)
      target.writeUInt16LE(C.AF_INET, 0)
      target.set(ipBytes(to), 4)
      libc().sendto(fd, packet, packet.length, 0, target, target.length)
    },
    drain(): readonly Packet[] {
      const found: Packet[] = []
      for (;;) {
        const length = libc().recv(fd, buffer, buffer.length, 0x40)
        if (length <= 0) return found
        const body = buffer.subarray((buffer[0]! & 15) * 4, length)
        const plain = Buffer.from(body)
        plain.writeUInt32LE(0, 8)
        found.push({
          from: ipFromBytes(buffer.subarray(12, 16)),
          source: body.readUInt16BE(0),
          destination: body.readUInt16BE(2),
          type: body[12]!,
          isSound: body.readUInt32LE(8) === crc32c(plain),
        })
      }
    },
  }
}

/** Source: RFC 9260 3.1 and 3.3.2. */
function sctp(source: number, destination: number, chunk: number): Buffer {
  const packet = Buffer.alloc(32)
  packet.writeUInt16BE(source, 0)
  packet.writeUInt16BE(destination, 2)
  // Whoever begins knows no tag of the other yet.
  packet.writeUInt32BE(chunk === INIT ? 0 : 77, 4)
  packet[12] = chunk
  packet.writeUInt16BE(20, 14)
  packet.writeUInt32BE(77, 16)
  packet.writeUInt32BE(65_536, 20)
  packet.writeUInt16BE(1, 24)
  packet.writeUInt16BE(1, 26)
  packet.writeUInt32BE(1, 28)
  packet.writeUInt32LE(crc32c(packet), 8)
  return packet
}

/** Source: RFC 9260 appendix A. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** What comes, while something is sent again and again. */
async function heard(at: ReturnType<typeof raw>, send: () => void): Promise<readonly Packet[]> {
  let found: readonly Packet[] = []
  await eventually(() => {
    send()
    found = at.drain()
    return found.length > 0
  })
  return found
}

test('an association begins with an endpoint of the Service, which answers from its address', async () => {
  const client = await world.pod(1, 4)
  const server = await world.pod(2, 3)
  putService(bench.api, 'tel', VIP, { ports: [{ port: 2905, protocol: 'SCTP' }] })
  putSlice(bench.api, 'tel', [{ address: server.address, node: 'node-2' }], { port: 9899, protocol: 'SCTP' })
  await settled(bench)
  const [near, far] = [raw(client.netns), raw(server.netns)]
  // Another port of the address is nobody's.
  const toServer = await heard(far, () => {
    near.send(VIP, sctp(4001, 2906, INIT!))
    near.send(VIP, sctp(4000, 2905, INIT!))
  })
  expect(new Set(toServer.map(({ source }) => source))).toEqual(new Set([4000]))
  expect(toServer[0]).toEqual({ from: client.address, source: 4000, destination: 9899, type: INIT, isSound: true })
  const [answer] = await heard(near, () => far.send(client.address, sctp(9899, 4000, INIT_ACK!)))
  expect(answer).toEqual({ from: VIP, source: 2905, destination: 4000, type: INIT_ACK, isSound: true })
})

const [SYN, ACK] = [2, 16]
interface Segment {
  readonly source: number
  readonly destination: number
  readonly flags: number
  readonly sequence?: number
}
/** Source: RFC 9293 3.1. */
function tcp(from: Ip, to: Ip, { source, destination, flags, sequence = 1 }: Segment): Buffer {
  const packet = Buffer.alloc(20)
  packet.writeUInt16BE(source, 0)
  packet.writeUInt16BE(destination, 2)
  packet.writeUInt32BE(sequence, 4)
  packet.writeUInt32BE(flags === SYN ? 0 : sequence, 8)
  packet[12] = 5 << 4
  packet[13] = flags
  packet.writeUInt16BE(1024, 14)
  const whole = Buffer.concat([ipBytes(from), ipBytes(to), Buffer.from([0, TCP!, 0, packet.length]), packet])
  let sum = 0
  for (let i = 0; i < whole.length; i += 2) sum += whole.readUInt16BE(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  packet.writeUInt16BE(~sum & 0xffff, 16)
  return packet
}

test('a packet of a Service’s connection that does not belong to it never shows who stands behind the Service', async () => {
  const client = await world.pod(1, 5)
  const server = await world.pod(2, 5)
  const open = createServer(socket => socket.on('error', () => {}))
  await world.sockets.listen(open, { netns: server.netns, port: 9000 })
  bench.signal.addEventListener('abort', () => open.close())
  const address = ip('172.30.1.2')
  putService(bench.api, 'long', address)
  putSlice(bench.api, 'long', [{ address: server.address, node: 'node-2' }], { port: 9000 })
  await settled(bench)
  const socket = world.sockets.connect({ netns: client.netns, address, port: 80 }).on('error', () => {})
  await once(socket, 'connect')
  const { localPort: destination = 0 } = socket
  const [near, far] = [raw(client.netns, TCP), raw(server.netns, TCP)]
  near.drain()
  // Somebody else's new connection arrives, and before it the stray packet would have.
  const seen: Packet[] = []
  await eventually(() => {
    // Wherever the connection's own numbers are, one of these is behind them.
    for (const sequence of [0, 0x40000000, 0x80000000, 0xc0000000])
      far.send(
        client.address,
        tcp(server.address, client.address, { source: 9000, destination, flags: ACK!, sequence }),
      )
    far.send(client.address, tcp(server.address, client.address, { source: 9001, destination: 9, flags: SYN! }))
    seen.push(...near.drain().filter(({ from }) => from === server.address))
    return seen.length > 0
  })
  expect(new Set(seen.map(({ source }) => source))).toEqual(new Set([9001]))
  socket.destroy()
})

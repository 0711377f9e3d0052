import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { closeSync } from 'node:fs'
import type { Ip } from '../../lib/ip.ts'
import { ip, ipFromBytes } from '../../lib/ip.ts'
import { C, check, libc } from '../libc.ts'
import type { NetnsDriver } from '../netns/mod.ts'
import { afOf, socketAddress } from './address.ts'
import type { Batch } from './batch.ts'
import { batch } from './batch.ts'
import type { DatagramSender, DatagramService, SocketDriver } from './mod.ts'
import { DATAGRAM_BYTES } from './mod.ts'

/** Datagrams that are answered before other events have their turn. */
const MAX_PER_TURN = 512

/** 1 MB, as an int. */
const WAITING_BYTES = Buffer.of(0, 0, 16, 0)

type Served = ReturnType<SocketDriver['serveUdp']>
type ServeAt = Parameters<SocketDriver['serveUdp']>[0]

/**
 * Node tells that something has come by handing over the first datagram; the others are fetched, and answered, by the
 * kernel's calls for many. (Node makes one call and a buffer of 64 KB for each.)
 */
export function serveUdp(netns: NetnsDriver, at: ServeAt, service: DatagramService): Served {
  const fd = openBound(netns, at)
  const socket = createSocket(`udp${at.family}`)
  return new Promise((resolve, reject) => {
    socket.once('error', error => {
      closeSync(fd)
      reject(error)
    })
    socket.bind({ fd, exclusive: true }, () => {
      socket.removeAllListeners('error')
      resolve(serving(socket, fd, service, reachable))
    })
  })
}

function reachable(): Batch | undefined {
  try {
    return batch()
  } catch {
    return undefined
  }
}

function openBound(netns: NetnsDriver, { netns: where, port, family }: ServeAt): number {
  const any = ip(family === 4 ? '0.0.0.0' : '::')
  const type = C.SOCK_DGRAM | C.SOCK_CLOEXEC | C.SOCK_NONBLOCK
  const fd = netns.within(where, () => check(libc().socket(afOf(any), type, 0), 'socket'))
  try {
    const on = Buffer.of(1, 0, 0, 0)
    if (family === 6) check(libc().setsockopt(fd, C.IPPROTO_IPV6, C.IPV6_V6ONLY, on, 4), 'setsockopt')
    // What comes at once must wait somewhere; the kernel gives what it allows.
    libc().setsockopt(fd, C.SOL_SOCKET, C.SO_RCVBUF, WAITING_BYTES, 4)
    const address = socketAddress(any, port)
    check(libc().bind(fd, address, address.length), 'bind', `${any}:${port}`)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Serves a socket that Node reads; without a batch every datagram comes by way of Node. */
export function serving(
  socket: UdpSocket,
  fd: number,
  service: DatagramService,
  reach: () => Batch | undefined,
): { close(): void } {
  // Made when the first datagram comes: most sockets wait for long.
  let many: Batch | undefined
  let scratch = Buffer.alloc(0)
  const wake = (): void => {
    many = reach()
    scratch = Buffer.allocUnsafeSlow(DATAGRAM_BYTES)
  }
  let isOpen = true
  let inTurn = 0
  const sendTo = (address: Ip, port: number) => (bytes: Uint8Array) => {
    if (isOpen) socket.send(bytes, port, address, () => {})
  }
  let name: Buffer = scratch
  const senderByName = (): DatagramSender => {
    const address = ipFromBytes(name.readUInt16LE(0) === C.AF_INET ? name.subarray(4, 8) : name.subarray(8, 24))
    const port = name.readUInt16BE(2)
    return { address, port, send: sendTo(address, port) }
  }
  const each = (packet: Buffer, length: number, reply: Buffer, from: Buffer): number => {
    name = from
    return service.answer(packet, length, reply, senderByName)
  }
  const first = (packet: Buffer, from: RemoteInfo): void => {
    const sender = (): DatagramSender => {
      const address = from.address as Ip
      return { address, port: from.port, send: sendTo(address, from.port) }
    }
    const length = service.answer(packet, packet.length, scratch, sender)
    if (length > 0) sendTo(from.address as Ip, from.port)(Buffer.from(scratch.subarray(0, length)))
  }
  const rest = (one: Batch): number => {
    let count = 0
    while (isOpen && inTurn < MAX_PER_TURN) {
      const received = one.exchange(fd, each)
      if (received > 0 && inTurn === 0) setImmediate(() => (inTurn = 0))
      count += received
      inTurn += received
      if (received < one.size) break
    }
    return count
  }
  socket.on('error', () => {})
  socket.on('message', (packet, from) => {
    if (scratch.length === 0) wake()
    first(packet, from)
    service.answered?.(1 + (many ? rest(many) : 0))
  })
  return {
    close() {
      isOpen = false
      socket.close()
    },
  }
}

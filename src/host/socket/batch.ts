import { C, koffi } from '../libc.ts'
import { DATAGRAM_BYTES } from './mod.ts'

/** Datagrams that one call receives or sends. */
const SLOTS = 64
const NAME_BYTES = 32
/** struct mmsghdr, struct msghdr and struct iovec of 64-bit Linux. */
const HEADER_BYTES = 64
const NAME_AT = 0
const NAME_LENGTH_AT = 8
const VECTOR_AT = 16
const VECTOR_COUNT_AT = 24
const LENGTH_AT = 56
const VECTOR_BYTES = 16
const LARGEST_SOCKADDR = 28

/** What is done with each datagram of a batch: the length of what was written into `reply`, or 0. `name` is a struct sockaddr. */
export type EachDatagram = (packet: Buffer, length: number, reply: Buffer, name: Buffer) => number

/** recvmmsg and sendmmsg over memory that stays where it is. */
export interface Batch {
  /** Receives what is there, at most one batch, and sends the replies; returns how many were received. Never waits. */
  exchange(fd: number, each: EachDatagram): number
  readonly size: number
}

/** The kernel knows addresses alone: what it reads and writes must not be collected. */
const held: Buffer[] = []
let made: Batch | undefined
/** One for the whole process, since nothing of a batch outlives its call. Throws where the calls cannot be reached. */
export const batch = (): Batch => {
  made ??= createBatch()
  return made
}

function createBatch(): Batch {
  if (process.arch !== 'x64' && process.arch !== 'arm64') throw new Error(`no batches of datagrams on ${process.arch}`)
  const calls = bindCalls()
  const region = (bytes: number): { readonly bytes: Buffer; readonly address: bigint } => {
    const memory = Buffer.alloc(SLOTS * bytes)
    held.push(memory)
    return { bytes: memory, address: calls.addressOf(memory) }
  }
  const parts = (memory: Buffer, bytes: number): readonly Buffer[] =>
    Array.from({ length: SLOTS }, (_, i) => memory.subarray(i * bytes, (i + 1) * bytes))
  const [packets, replies, names] = [region(DATAGRAM_BYTES), region(DATAGRAM_BYTES), region(NAME_BYTES)]
  const [inbound, outbound] = [region(HEADER_BYTES), region(HEADER_BYTES)]
  const [inVectors, outVectors] = [region(VECTOR_BYTES), region(VECTOR_BYTES)]
  for (let i = 0; i < SLOTS; i++) {
    const write = (memory: Buffer, at: number, value: bigint): void => void memory.writeBigUInt64LE(value, at)
    const at = i * HEADER_BYTES
    write(inVectors.bytes, i * VECTOR_BYTES, packets.address + BigInt(i * DATAGRAM_BYTES))
    write(inVectors.bytes, i * VECTOR_BYTES + 8, BigInt(DATAGRAM_BYTES))
    write(inbound.bytes, at + NAME_AT, names.address + BigInt(i * NAME_BYTES))
    write(inbound.bytes, at + VECTOR_AT, inVectors.address + BigInt(i * VECTOR_BYTES))
    write(inbound.bytes, at + VECTOR_COUNT_AT, 1n)
    write(outbound.bytes, at + VECTOR_AT, outVectors.address + BigInt(i * VECTOR_BYTES))
    write(outbound.bytes, at + VECTOR_COUNT_AT, 1n)
  }
  const [packetOf, replyOf, nameOf] = [
    parts(packets.bytes, DATAGRAM_BYTES),
    parts(replies.bytes, DATAGRAM_BYTES),
    parts(names.bytes, NAME_BYTES),
  ]
  // Words are written much faster this way than by methods of Buffer; the machine is little-endian, as are the two above.
  const [inWords, outWords] = [words(inbound.bytes), words(outbound.bytes)]
  const [nameLow, nameHigh] = pointers(names.address, NAME_BYTES)
  const [replyLow, replyHigh] = pointers(replies.address, DATAGRAM_BYTES)
  const vectorWords = words(outVectors.bytes)

  const queue = (count: number, slot: number, length: number): void => {
    const at = (count * HEADER_BYTES) / 4
    outWords[at] = nameLow[slot]!
    outWords[at + 1] = nameHigh[slot]!
    outWords[at + NAME_LENGTH_AT / 4] = inWords[(slot * HEADER_BYTES + NAME_LENGTH_AT) / 4]!
    const vector = (count * VECTOR_BYTES) / 4
    vectorWords[vector] = replyLow[slot]!
    vectorWords[vector + 1] = replyHigh[slot]!
    vectorWords[vector + 2] = length
  }
  const sendAll = (fd: number, count: number): void => {
    for (let from = 0; from < count; ) {
      const sent = calls.sendmmsg(fd, outbound.address + BigInt(from * HEADER_BYTES), count - from, C.MSG_DONTWAIT)
      // One that cannot be sent is as good as lost: its client asks again.
      from += Math.max(1, sent)
    }
  }
  return {
    size: SLOTS,
    exchange(fd, each) {
      for (let i = 0; i < SLOTS; i++) inWords[(i * HEADER_BYTES + NAME_LENGTH_AT) / 4] = LARGEST_SOCKADDR
      const received = calls.recvmmsg(fd, inbound.address, SLOTS, C.MSG_DONTWAIT)
      if (received <= 0) return 0
      let count = 0
      for (let i = 0; i < received; i++) {
        const length = inWords[(i * HEADER_BYTES + LENGTH_AT) / 4]!
        const written = each(packetOf[i]!, length, replyOf[i]!, nameOf[i]!)
        if (written > 0) queue(count++, i, written)
      }
      sendAll(fd, count)
      return received
    },
  }
}

interface Calls {
  addressOf(memory: Buffer): bigint
  recvmmsg(fd: number, headers: bigint, count: number, flags: number): number
  sendmmsg(fd: number, headers: bigint, count: number, flags: number): number
}

function bindCalls(): Calls {
  const library = koffi().load(null)
  // Returns its first argument: the one way to learn where memory is.
  const memcpy = library.func('memcpy', 'uintptr_t', ['void *', 'void *', 'size_t'])
  const recvmmsg = library.func('recvmmsg', 'int', ['int', 'uintptr_t', 'unsigned int', 'int', 'uintptr_t'])
  const sendmmsg = library.func('sendmmsg', 'int', ['int', 'uintptr_t', 'unsigned int', 'int'])
  return {
    addressOf: memory => BigInt(memcpy(memory, memory, 0)),
    recvmmsg: (fd, headers, count, flags) => recvmmsg(fd, headers, count, flags, 0),
    sendmmsg: (fd, headers, count, flags) => sendmmsg(fd, headers, count, flags),
  }
}

const words = (memory: Buffer): Uint32Array =>
  new Uint32Array(memory.buffer, memory.byteOffset, memory.byteLength / Uint32Array.BYTES_PER_ELEMENT)

/** Where each slot begins, as the two halves of a pointer. */
function pointers(address: bigint, bytes: number): readonly [Uint32Array, Uint32Array] {
  const all = Array.from({ length: SLOTS }, (_, i) => address + BigInt(i * bytes))
  return [Uint32Array.from(all, one => Number(one & 0xffff_ffffn)), Uint32Array.from(all, one => Number(one >> 32n))]
}

import { closeSync } from 'node:fs'
import { C, check, libc } from '../../libc.ts'
import {
  attributes,
  message,
  NETLINK,
  NFNL,
  NLM_F,
  NLMSG,
  netlinkSocket,
  replies,
  u32,
  zeroText,
} from '../../netlink.ts'
import type { SetName } from './batch.ts'
import { batchOf, GET_SET, header } from './batch.ts'
import type { SetShape } from './elements.ts'

const NEW_SET = NFNL.NFTABLES | 9
const SEND_BUFFER = 1 << 20
/** Longer texts are loads: the library reads tables once for all of those, and what it costs is little of the whole. */
const TEXT_MOST = 32_768

/** Transactions as messages of our own to the kernel, in the namespace the calling thread is in at every call. */
export interface RawTransactions {
  /** False: nothing was applied, for whatever reason. The library then does it, or says why it cannot be done. */
  run(text: string): boolean
  close(): void
}

export function rawTransactions(): RawTransactions {
  let socket: number | undefined
  const opened = (): number => {
    socket ??= open()
    return socket
  }
  const close = (): void => {
    if (socket !== undefined) closeSync(socket)
    socket = undefined
  }
  return {
    run(text) {
      if (text.length > TEXT_MOST) return false
      try {
        const messages = batchOf(text, name => shapeOf(opened(), name))
        if (!messages) return false
        if (transact(opened(), messages)) return true
      } catch {
        // As where the kernel refuses it.
      }
      // What may still come in the socket belongs to this transaction: the next one has another.
      close()
      return false
    },
    close,
  }
}

function open(): number {
  const fd = netlinkSocket(NETLINK.NETFILTER, 'nf_tables')
  libc().setsockopt(fd, C.SOL_SOCKET, C.SO_SNDBUF, u32(SEND_BUFFER), 4)
  return fd
}

/** The kernel works while it is sent to: what it has to say is there when that is done. */
function transact(fd: number, messages: readonly Buffer[]): boolean {
  for (const [i, each] of messages.entries()) each.writeUInt32LE(i + 1, 8)
  const last = messages.length - 1
  const asked = messages[last - 1]!
  asked.writeUInt16LE(asked.readUInt16LE(6) | NLM_F.ACK, 6)
  const all = Buffer.concat(messages)
  check(libc().send(fd, all, all.length, 0), 'send', 'nf_tables')
  let isAcknowledged = false
  let isRefused = false
  for (const { type, sequence, body } of waiting(fd)) {
    if (type !== NLMSG.ERROR) continue
    if (body.readInt32LE(0) !== 0) isRefused = true
    else if (sequence === last) isAcknowledged = true
  }
  return isAcknowledged && !isRefused
}

/** What the kernel has said by now. */
function* waiting(fd: number) {
  const buffer = scratch()
  for (;;) {
    const length = libc().recv(fd, buffer, buffer.length, C.MSG_DONTWAIT)
    if (length < 0) return
    yield* replies(buffer.subarray(0, length))
  }
}

let bytes: Buffer | undefined
function scratch(): Buffer {
  bytes ??= Buffer.alloc(1 << 16)
  return bytes
}

/** A set or map as the kernel has it. */
function shapeOf(fd: number, { family, table, set }: SetName): SetShape | undefined {
  const question = message(GET_SET, NLM_F.REQUEST, header(family), [
    [1, zeroText(table)],
    [2, zeroText(set)],
  ])
  check(libc().send(fd, question, question.length, 0), 'send', 'nf_tables')
  for (const { type, body } of waiting(fd)) {
    if (type !== NEW_SET) continue
    const found = attributes(body, 4)
    const number = (attribute: number): number => found.get(attribute)?.readUInt32BE(0) ?? 0
    const shape = { flags: number(3), keyType: number(4), keyLength: number(5) }
    return found.has(6) ? { ...shape, dataType: number(6), dataLength: number(7) } : shape
  }
  return undefined
}

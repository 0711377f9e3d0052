import { closeSync } from 'node:fs'
import { C, check, libc } from '../libc.ts'
import { attributes, message, NETLINK, NFNL, NLM_F, netlinkSocket, replies, textOf, u32 } from '../netlink.ts'
import type { TableWatch } from './mod.ts'

/** From <linux/netfilter/nfnetlink.h> and nf_tables.h. */
const NEW_GENERATION = NFNL.NFTABLES | 15
const GET_GENERATION = NFNL.NFTABLES | 16
/** Groups are bits: NFNLGRP_NFTABLES is the seventh. */
const GROUPS = 1 << 6
/** In all messages that name a table: in which. */
const TABLE = 1
const GENERATION_ID = 1
const EAGAIN = 11
const ENOBUFS = 105
const SO_RCVBUFFORCE = 33
const RECEIVE_BUFFER = 8 << 20
const FAMILIES: Readonly<Record<number, string>> = { 1: 'inet', 2: 'ip', 3: 'arp', 5: 'netdev', 7: 'bridge', 10: 'ip6' }

export interface KernelWatch extends TableWatch {
  /** Runs a transaction of ours: what the kernel tells of it is not counted. */
  own<T>(run: () => T): T
}

/** What the kernel tells of changes, in the namespace the calling thread is in. Never waits. */
export function watchTables(): KernelWatch {
  const fd = opened()
  const buffer = Buffer.alloc(1 << 16)
  const seen = new Set<string>()
  let isUnknown = false
  /** Of the last transaction that was told of. */
  let generation = 0
  /** Everything that is told by now; `note` hears of the tables. Says whether something was lost. */
  const drain = (note: (table: string, by: number) => void): boolean => {
    let isLost = false
    for (;;) {
      const length = libc().recv(fd, buffer, buffer.length, C.MSG_DONTWAIT)
      if (length < 0) {
        const errno = libc().errno()
        if (errno === EAGAIN) return isLost
        isLost = true
        if (errno !== ENOBUFS) return true
        continue
      }
      for (const { type, body, port } of replies(buffer.subarray(0, length))) {
        const found = attributes(body, 4)
        if (type === NEW_GENERATION) generation = found.get(GENERATION_ID)?.readUInt32BE(0) ?? 0
        else note(`${FAMILIES[body[0]!] ?? ''} ${textOf(found.get(TABLE))}`, port)
      }
    }
  }
  const hearOthers = (): void => {
    if (drain(table => seen.add(table))) isUnknown = true
  }
  const asked = (): number => {
    const question = message(GET_GENERATION, NLM_F.REQUEST, Buffer.alloc(4), [])
    check(libc().send(fd, question, question.length, 0), 'send', 'nf_tables')
    hearOthers()
    return generation
  }
  asked()
  return {
    own(run) {
      hearOthers()
      const before = generation
      try {
        return run()
      } finally {
        const tables = new Map<number, Set<string>>()
        const isLost = drain((table, by) => tables.set(by, (tables.get(by) ?? new Set()).add(table)))
        // One that is not ours came in between: its number tells, also where the buffer was too small for ours.
        if (tables.size > 1) for (const names of tables.values()) for (const name of names) seen.add(name)
        if (isLost && asked() > before + 1) isUnknown = true
      }
    },
    changed() {
      hearOthers()
      const result = isUnknown ? 'unknown' : new Set(seen)
      seen.clear()
      isUnknown = false
      return result
    },
    close: () => closeSync(fd),
  }
}

function opened(): number {
  const fd = netlinkSocket(NETLINK.NETFILTER, 'netlink')
  // Only real root may have that much; others get what the system allows.
  for (const option of [C.SO_RCVBUF, SO_RCVBUFFORCE])
    libc().setsockopt(fd, C.SOL_SOCKET, option, u32(RECEIVE_BUFFER), 4)
  const address = Buffer.alloc(12)
  address.writeUInt16LE(C.AF_NETLINK, 0)
  address.writeUInt32LE(GROUPS, 8)
  check(libc().bind(fd, address, address.length), 'bind', 'netlink')
  return fd
}

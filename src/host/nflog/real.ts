import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { check, libc, systemError } from '../libc.ts'
import { message, NETLINK, NFNL, NLM_F, NLMSG, netlinkSocket, replies, u8 } from '../netlink.ts'
import type { Netns, NetnsDriver } from '../netns/mod.ts'
import { tied } from '../tied.ts'
import type { PacketLogDriver } from './mod.ts'
import { messageReader, packetOf } from './packet.ts'

const CONFIG = NFNL.ULOG | 1
const CFG_CMD = 1
const CFG_MODE = 2
const BIND = 1
const COPY_PACKET = 2
/** Addresses, and ports behind options. */
const BYTES = 128

/**
 * Node cannot wait for a netlink socket: `cat` does, and hands over what it reads. It ends with this process, else the group would
 * stay taken, and costs nothing while nothing is logged.
 */
export function kernelPacketLog(namespaces: NetnsDriver): PacketLogDriver {
  return {
    listen(netns, group, handler) {
      const fd = bound(namespaces, netns, group)
      const child = spawn(...tied('cat', []), { stdio: [fd, 'pipe', 'ignore'] })
      closeSync(fd)
      const read = messageReader((type, body) => {
        const packet = packetOf(type, body)
        if (packet) handler(packet)
      })
      const stdout = child.stdout as unknown as Socket
      stdout.on('data', read)
      child.on('error', () => {})
      // Neither the process nor its pipe keeps this one from ending.
      child.unref()
      stdout.unref()
      return {
        close: () => {
          stdout.destroy()
          child.kill()
        },
      }
    },
  }
}

function bound(namespaces: NetnsDriver, netns: Netns, group: number): number {
  const fd = namespaces.within(netns, () => netlinkSocket(NETLINK.NETFILTER, 'nfnetlink_log'))
  try {
    const mode = Buffer.alloc(6)
    mode.writeUInt32BE(BYTES, 0)
    mode[4] = COPY_PACKET
    configure(fd, group, CFG_CMD, u8(BIND))
    configure(fd, group, CFG_MODE, mode)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function configure(fd: number, group: number, attribute: number, value: Buffer): void {
  const header = Buffer.alloc(4)
  header.writeUInt16BE(group, 2)
  const bytes = message(CONFIG, NLM_F.REQUEST | NLM_F.ACK, header, [[attribute, value]])
  check(libc().send(fd, bytes, bytes.length, 0), 'send', 'nfnetlink_log')
  const answer = Buffer.alloc(1 << 12)
  const length = check(libc().recv(fd, answer, answer.length, 0), 'recv', 'nfnetlink_log')
  for (const { type, body } of replies(answer.subarray(0, length))) {
    const errno = type === NLMSG.ERROR ? -body.readInt32LE(0) : 0
    if (errno !== 0) throw systemError('nfnetlink_log', errno)
  }
}

import { closeSync, readFileSync, writeFileSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { ipFromBytes } from '../../lib/ip.ts'
import { C, check, libc } from '../libc.ts'
import {
  attributes,
  macText,
  message,
  NETLINK,
  NLM_F,
  NLMSG,
  netlinkSocket,
  type Reply,
  replies,
  textOf,
} from '../netlink.ts'
import type { Netns, NetnsDriver } from '../netns/mod.ts'
import { type AddressState, type LinkDriver, LinkError, type LinkOp, type LinkState, type RouteState } from './mod.ts'
import { namesChanged, namesNeeded, RTM, request, tolerated } from './operation.ts'

/** Refusals wait in the socket's receive buffer until we read: a bound that it always holds. */
const BATCH = 64

/** Links of this kernel, by rtnetlink on the calling thread. */
export function kernelLinks(netns: NetnsDriver): LinkDriver {
  const dump = (at: Netns, type: number, header: Buffer): Reply[] =>
    netns.within(at, () => withSocket(fd => dumpAll(fd, message(type, NLM_F.REQUEST | NLM_F.DUMP, header, []))))
  const linkDump = (at: Netns): LinkState[] => dump(at, RTM.GETLINK, Buffer.alloc(16)).map(linkState)
  const names = (at: Netns): Map<number, string> => new Map(linkDump(at).map(link => [link.index, link.name]))
  return {
    apply: (at, operations) => {
      if (operations.length > 0) netns.within(at, () => withSocket(fd => applyAll(fd, operations)))
    },
    links: linkDump,
    addresses: at => {
      const byIndex = names(at)
      return dump(at, RTM.GETADDR, Buffer.alloc(8)).map(reply => addressState(reply, byIndex))
    },
    routes: (at, family) => {
      const byIndex = names(at)
      const header = Buffer.alloc(12)
      header[0] = family === 4 ? C.AF_INET : C.AF_INET6
      return dump(at, RTM.GETROUTE, header).map(reply => routeState(reply, family, byIndex))
    },
    sysctlOf(at, name) {
      try {
        return netns.within(at, () => readFileSync(`/proc/sys/${name}`, 'utf8')).trim()
      } catch {
        return undefined
      }
    },
    sysctl: (at, name, value) => {
      if (name.split('/').includes('..')) throw new Error(`not a sysctl: ${JSON.stringify(name)}`)
      netns.within(at, () => writeFileSync(`/proc/sys/${name}`, value))
    },
  }
}

function withSocket<T>(use: (fd: number) => T): T {
  const fd = netlinkSocket(NETLINK.ROUTE, 'AF_NETLINK')
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** Sends runs of operations; a run ends where an operation names a link that the run itself makes. */
function applyAll(fd: number, operations: readonly LinkOp[]): void {
  let run: { operation: LinkOp; bytes: Buffer }[] = []
  const made = new Set<string>()
  const flush = (): void => {
    if (run.length > 0) sendRun(fd, run)
    run = []
    made.clear()
  }
  for (const operation of operations) {
    if (run.length === BATCH || namesNeeded(operation).some(name => made.has(name))) flush()
    try {
      run.push({ operation, bytes: request(operation, indexOf) })
    } catch (error) {
      if (!(error instanceof NoSuchLink)) throw error
      flush()
      if (!tolerated(operation).includes('ENODEV')) throw new LinkError('ENODEV', operation)
    }
    for (const name of namesChanged(operation)) made.add(name)
  }
  flush()
}

class NoSuchLink extends Error {}

function indexOf(name: string): number {
  const index = libc().if_nametoindex(name)
  if (index === 0) throw new NoSuchLink(name)
  return index
}

/** Several messages in one datagram; the last asks for an acknowledgement, the others answer only when refused. */
function sendRun(fd: number, run: readonly { readonly operation: LinkOp; readonly bytes: Buffer }[]): void {
  for (const [index, { bytes }] of run.entries()) {
    bytes.writeUInt32LE(index + 1, 8)
    if (index === run.length - 1) bytes.writeUInt16LE(bytes.readUInt16LE(6) | NLM_F.ACK, 6)
  }
  send(fd, Buffer.concat(run.map(item => item.bytes)))
  let refused: LinkError | undefined
  for (let last = 0; last < run.length; ) {
    for (const { type, sequence, body } of receive(fd)) {
      if (type !== NLMSG.ERROR) continue
      last = sequence
      const { operation } = run[sequence - 1]!
      const errno = -body.readInt32LE(0)
      const code = errno === 0 ? '' : getSystemErrorName(-errno)
      if (errno !== 0 && !tolerated(operation).includes(code)) refused ??= new LinkError(code, operation)
    }
  }
  if (refused) throw refused
}

function send(fd: number, data: Buffer): void {
  check(libc().send(fd, data, data.length, 0), 'send', 'rtnetlink')
}

let scratch: Buffer | undefined
function receive(fd: number): Iterable<Reply> {
  scratch ??= Buffer.alloc(1 << 16)
  const length = check(libc().recv(fd, scratch, scratch.length, 0), 'recv', 'rtnetlink')
  return replies(Buffer.from(scratch.subarray(0, length)))
}

function dumpAll(fd: number, ask: Buffer): Reply[] {
  send(fd, ask)
  const found: Reply[] = []
  for (;;) {
    for (const reply of receive(fd)) {
      if (reply.type === NLMSG.DONE) return found
      if (reply.type === NLMSG.ERROR)
        throw new Error(`rtnetlink dump: ${getSystemErrorName(reply.body.readInt32LE(0))}`)
      found.push(reply)
    }
  }
}

/** Source: linux/if_link.h. */
const VRF = { INFO_DATA: 2, TABLE: 1 } as const

/** Of an answer to RTM_GETLINK. */
export function linkState({ body }: Pick<Reply, 'body'>): LinkState {
  const found = attributes(body, 16)
  const info = found.get(18) && attributes(found.get(18)!, 0)
  const kind = textOf(info?.get(1))
  const data = kind === 'vrf' ? info?.get(VRF.INFO_DATA) : undefined
  const table = data && attributes(data, 0).get(VRF.TABLE)
  const master = found.get(10)
  const stats = found.get(23)
  return {
    name: textOf(found.get(3)),
    index: body.readInt32LE(4),
    up: (body.readUInt32LE(8) & 1) === 1,
    mtu: found.get(4)?.readUInt32LE(0) ?? 0,
    mac: macText(found.get(1)),
    kind,
    ...(master ? { master: master.readUInt32LE(0) } : {}),
    ...(table ? { table: table.readUInt32LE(0) } : {}),
    rxPackets: Number(stats?.readBigUInt64LE(0) ?? 0n),
    txPackets: Number(stats?.readBigUInt64LE(8) ?? 0n),
  }
}

function addressState({ body }: Reply, names: ReadonlyMap<number, string>): AddressState {
  const found = attributes(body, 8)
  const bytes = found.get(2) ?? found.get(1)!
  return { link: names.get(body.readUInt32LE(4)) ?? '', address: ipFromBytes(bytes), bits: body[1]! }
}

const UNICAST = 1

function routeState({ body }: Reply, family: 4 | 6, names: ReadonlyMap<number, string>): RouteState {
  const found = attributes(body, 12)
  const to = found.get(1)
  const via = found.get(5)
  const dev = found.get(4)
  const name = dev && names.get(dev.readUInt32LE(0))
  return {
    to: to ? `${ipFromBytes(to)}/${body[1]}` : family === 4 ? '0.0.0.0/0' : '::/0',
    ...(via ? { via: ipFromBytes(via) } : {}),
    ...(name ? { dev: name } : {}),
    table: found.get(15)?.readUInt32LE(0) ?? body[4]!,
    ...(body[7] === UNICAST ? {} : { isSpecial: true }),
  }
}

import { closeSync, readFileSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import type { Family } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { check, libc } from '../libc.ts'
import type { Reply } from '../netlink.ts'
import { NETLINK, NLMSG, netlinkSocket, replies } from '../netlink.ts'
import type { Netns, NetnsDriver } from '../netns/mod.ts'
import { ask, askAll, flowOf, forget, markedFlowOf } from './message.ts'
import type { Conntrack, ConntrackDriver, Flow, FlowFilter, FlowProtocol } from './mod.ts'
import { matches } from './mod.ts'

const ENOENT = -2

/**
 * By ctnetlink. A fork would cost a process with a large heap more than the kernel takes to answer; but the kernel walks its whole
 * table (tens of milliseconds where it is large), which it does on a thread of Node's pool.
 */
export function kernelConntrack(namespaces: NetnsDriver): ConntrackDriver {
  return { open: netns => open(namespaces, netns) }
}

function open(namespaces: NetnsDriver, netns: Netns): Conntrack {
  const dumped = async (dumps: readonly Dump[]): Promise<readonly Flow[]> => {
    const found: Flow[] = []
    for (const one of dumps) {
      const fd = namespaces.within(netns, netfilterSocket)
      try {
        found.push(...(await dump(fd, one)))
      } finally {
        closeSync(fd)
      }
    }
    return found
  }
  const drop = (flows: readonly Flow[]): number => {
    if (flows.length === 0) return 0
    const fd = namespaces.within(netns, netfilterSocket)
    try {
      return flows.filter(flow => forgetOne(fd, flow)).length
    } finally {
      closeSync(fd)
    }
  }
  return {
    flows: () => dumped(ALL),
    async forget(filters) {
      const wanted = byTarget(filters)
      const found = await dumped(dumpsFor(filters))
      return drop(found.filter(flow => wanted.get(targetOf(flow))?.some(filter => matches(flow, filter))))
    },
    drop,
    async sweep(family, isToGo) {
      const fd = namespaces.within(netns, netfilterSocket)
      try {
        const forgets: Buffer[] = []
        for await (const body of bodies(fd, askAll(family))) {
          const found = markedFlowOf(body)
          if (found && isToGo(found.flow)) forgets.push(found.forget)
        }
        return forgets.filter(asked => request(fd, asked)).length
      } finally {
        closeSync(fd)
      }
    },
    room: () => namespaces.within(netns, room),
  }
}

interface Dump {
  readonly family: Family
  readonly protocol: FlowProtocol
  readonly isUnanswered: boolean
}

const ALL: readonly Dump[] = ([4, 6] as const).flatMap(family => [
  { family, protocol: 'udp', isUnanswered: false },
  { family, protocol: 'sctp', isUnanswered: false },
  { family, protocol: 'tcp', isUnanswered: true },
])

const targetOf = ({ protocol, destination, port }: Pick<Flow, 'protocol' | 'destination' | 'port'>): string =>
  `${protocol} ${destination} ${port}`

function byTarget(filters: readonly FlowFilter[]): ReadonlyMap<string, readonly FlowFilter[]> {
  const found = new Map<string, FlowFilter[]>()
  for (const filter of filters) {
    const target = targetOf(filter)
    const same = found.get(target)
    if (same) same.push(filter)
    else found.set(target, [filter])
  }
  return found
}

/** However many filters there are, the kernel's table is walked once for each family and protocol. */
function dumpsFor(filters: readonly FlowFilter[]): readonly Dump[] {
  const found = new Map<string, Dump>()
  for (const { destination, protocol, isUnanswered } of filters) {
    const family = familyOf(destination)
    const key = `${family} ${protocol}`
    const isOnly = (found.get(key)?.isUnanswered ?? true) && isUnanswered === true
    found.set(key, { family, protocol, isUnanswered: isOnly })
  }
  return [...found.values()]
}

const netfilterSocket = (): number => netlinkSocket(NETLINK.NETFILTER, 'netfilter')

const BUFFER = 1 << 16

async function dump(fd: number, { family, protocol, isUnanswered }: Dump): Promise<readonly Flow[]> {
  const found: Flow[] = []
  for await (const body of bodies(fd, ask(family, protocol, isUnanswered))) {
    const flow = flowOf(body)
    if (flow?.protocol === protocol && (flow.isUnanswered || !isUnanswered)) found.push(flow)
  }
  return found
}

/** What the kernel tells of each flow; lent until the next is asked for. */
async function* bodies(fd: number, asked: Buffer): AsyncIterable<Buffer> {
  const bytes = Buffer.alloc(BUFFER)
  if ((await libc().sendLater(fd, asked, asked.length, 0)) < 0) throw new Error('ctnetlink: the kernel takes no dump')
  for (;;) {
    const length = await libc().recvLater(fd, bytes, bytes.length, 0)
    if (length < 0) throw new Error('ctnetlink: the dump broke off')
    for (const { type, body } of replies(bytes.subarray(0, length))) {
      if (type === NLMSG.DONE) return
      if (type === NLMSG.ERROR) throw new Error(`ctnetlink dump: ${getSystemErrorName(body.readInt32LE(0))}`)
      yield body
    }
  }
}

let scratch: Buffer | undefined
function receive(fd: number): Iterable<Reply> {
  scratch ??= Buffer.alloc(BUFFER)
  const length = check(libc().recv(fd, scratch, scratch.length, 0), 'recv', 'ctnetlink')
  return replies(scratch.subarray(0, length))
}

/** False where it has ended meanwhile. */
const forgetOne = (fd: number, flow: Flow): boolean => request(fd, forget(flow))

function request(fd: number, asked: Buffer): boolean {
  check(libc().send(fd, asked, asked.length, 0), 'send', 'ctnetlink')
  for (;;)
    for (const { type, body } of receive(fd)) {
      if (type !== NLMSG.ERROR) continue
      const errno = body.readInt32LE(0)
      if (errno !== 0 && errno !== ENOENT) throw new Error(`ctnetlink delete: ${getSystemErrorName(errno)}`)
      return errno === 0
    }
}

const STATISTICS = '/proc/thread-self/net/stat/nf_conntrack'

/** A line of names, then one of hexadecimal numbers for each processor. */
function droppedIn(text: string): number {
  const [names = '', ...lines] = text.trim().split('\n')
  const column = names.trim().split(/\s+/).indexOf('drop')
  return lines.reduce((sum, line) => sum + Number.parseInt(line.trim().split(/\s+/)[column] ?? '0', 16), 0)
}

function room(): ReturnType<Conntrack['room']> {
  try {
    const read = (name: string): number => Number(readFileSync(`/proc/sys/net/netfilter/nf_conntrack_${name}`, 'utf8'))
    return { count: read('count'), max: read('max'), dropped: droppedIn(readFileSync(STATISTICS, 'utf8')) }
  } catch {
    return undefined
  }
}

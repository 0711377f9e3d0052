import type { Duplex } from 'node:stream'
import { Node } from '../../api/core/node.ts'
import type { Informer, Informers } from '../../client/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains } from '../../lib/cidr.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { nodeFacts } from '../../model/nodes/facts.ts'
import { keysOf } from '../../model/policy/names.ts'
import type { FromNode } from '../../wire/names/messages.ts'
import { createLines, fromNode } from '../../wire/names/messages.ts'
import type { OnAgent } from './doors.ts'
import type { Subscriber } from './subscriber.ts'
import { createSubscriber } from './subscriber.ts'

export interface AskingNodesDeps {
  readonly informers: Informers
  readonly clock: Clock
  readonly log: Logger
}

/** Nodes that want to know of names, and where their pods are as the API says: what an agent says of that is not asked. */
export interface AskingNodes {
  readonly hear: OnAgent
  /** Some node wants to know of the name. */
  areAsking(name: string): boolean
  /** The node that the client is a pod of, if it has been heard of. */
  of(client: Ip): Subscriber | undefined
  /** Also while nobody can tell. */
  mayBePod(client: Ip): boolean
  /** Called when other names may concern somebody. */
  onChange(handler: () => void): () => void
  /** Resolves when a node says something new, or after ms. */
  next(ms: number): Promise<void>
}

/** The informer is made here; the caller syncs it. */
export function createAskingNodes({ informers, clock, log }: AskingNodesDeps): AskingNodes {
  const nodes = informers.of(Node, { trim: trimNode })
  const nodeAt = createPodNetworks(nodes)
  const byName = new Map<string, Subscriber>()
  const wanted = createTally()
  const handlers = new Set<() => void>()
  const heard = (socket: Duplex, message: Extract<FromNode, { is: 'hello' }>): Subscriber => {
    const one = byName.get(message.node) ?? createSubscriber(clock, message.node)
    byName.set(message.node, one)
    const before = one.patterns
    one.hello(socket, message)
    wanted.replace(before, one.patterns)
    for (const handler of [...handlers]) handler()
    return one
  }
  const forget = (one: Subscriber | undefined): void => {
    if (!one || one.isHere || !nodes.synced || nodes.get({ name: one.node })) return
    byName.delete(one.node)
    wanted.replace(one.patterns, new Set())
  }
  nodes.onChange(({ type, object }) => {
    if (type === 'deleted') forget(byName.get(object.metadata.name))
  })
  const onChange = (handler: () => void): (() => void) => {
    handlers.add(handler)
    return () => void handlers.delete(handler)
  }
  return {
    hear(socket, node) {
      let who: Subscriber | undefined
      const take = (message: FromNode): void => {
        if (message.is !== 'hello') who?.answered(message.number, message.is === 'admitted')
        else if (node === undefined || node === message.node) who = heard(socket, message)
        else {
          log.warn({ node }, 'an agent says that it is on another node than its token')
          socket.destroy()
        }
      }
      socket.on(
        'data',
        createLines(fromNode, take, () => socket.destroy()),
      )
      socket.on('error', () => {})
      socket.on('close', () => {
        who?.gone(socket)
        forget(who)
      })
    },
    areAsking: name => wanted.size > 0 && keysOf(name).some(wanted.has),
    of(client) {
      const node = nodeAt(client)
      return node === undefined ? undefined : byName.get(node)
    },
    mayBePod: client => !nodes.synced || nodeAt(client) !== undefined,
    onChange,
    next: ms =>
      new Promise(resolve => {
        const done = (): void => {
          cancel()
          stop()
          resolve()
        }
        const cancel = clock.after(ms, done)
        const stop = onChange(done)
      }),
  }
}

const trimNode = ({ apiVersion, kind, metadata, spec }: Node): Node => {
  const { name, uid, resourceVersion } = metadata
  const { podCIDR, podCIDRs } = spec
  return { apiVersion, kind, metadata: { name, uid, resourceVersion }, spec: { podCIDR, podCIDRs } } as Node
}

/** Whose pod an address is. */
function createPodNetworks(nodes: Informer<Node>): (address: Ip) => string | undefined {
  let known: readonly { readonly node: string; readonly network: Cidr }[] | undefined
  nodes.onChange(() => {
    known = undefined
  })
  return address => {
    known ??= nodes
      .list()
      .map(nodeFacts)
      .flatMap(({ name, podNetworks }) => podNetworks.map(network => ({ node: name, network })))
    return known.find(({ network }) => contains(network, address))?.node
  }
}

/** How many sets each text is in. */
function createTally() {
  const counts = new Map<string, number>()
  const add = (text: string, count: number): void => {
    const sum = (counts.get(text) ?? 0) + count
    if (sum === 0) counts.delete(text)
    else counts.set(text, sum)
  }
  return {
    get size() {
      return counts.size
    },
    has: (text: string) => counts.has(text),
    replace(before: ReadonlySet<string>, after: ReadonlySet<string>) {
      for (const text of after) add(text, 1)
      for (const text of before) add(text, -1)
    },
  }
}

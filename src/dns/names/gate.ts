import type { Socket } from 'node:net'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains } from '../../lib/cidr.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { plainName } from '../../model/policy/names.ts'
import type { Message } from '../../wire/dns/message.ts'
import { RCODE } from '../../wire/dns/message.ts'
import type { FromNode, NamedAddress } from '../../wire/names/messages.ts'
import { createLines } from '../../wire/names/messages.ts'
import { addressesIn } from '../zone/addresses.ts'
import type { Subscriber } from './subscriber.ts'
import { createSubscriber } from './subscriber.ts'

export interface NamesDeps {
  readonly sockets: Pick<SocketDriver, 'server' | 'listenUnix'>
  readonly clock: Clock
  readonly log: Logger
}

export interface NamesOptions {
  /** The Unix socket to serve on: whoever may open it may say what is to be told. */
  readonly path: string
  /** Where pods are. Those of a node that has not been heard of wait a moment after the start. */
  readonly podNetworks: readonly Cidr[]
}

/**
 * Nodes that want to know of an answer before a pod of theirs does, because policy speaks of its name: the kernel is to admit
 * the address before the pod can try it.
 */
export interface NameGate {
  /** Undefined: nobody needs to know. Resolves with false when it may not be given: the node did not say that it is admitted. */
  release(client: Ip, reply: Message): Promise<boolean> | undefined
  /** Whether replies about the name must come by here. */
  concerns(name: string): boolean
  /** Called when other names may concern somebody. */
  onChange(handler: () => void): () => void
}

/** Clients ask again after 5 s. */
const ADMITTING_MS = 2000
/** After the start of the server, for nodes to say what they want to know. */
const STARTING_MS = 2000
const RETRY_MS = 200

/** Resolves when nodes can connect. Rejects with EADDRINUSE. */
export async function serveNames(deps: NamesDeps, options: NamesOptions, signal: AbortSignal): Promise<NameGate> {
  const { clock, log } = deps
  const nodes = await serveNodes(deps, options.path, signal)
  const startedMs = clock.monotonic()
  const isStarting = (): boolean => clock.monotonic() - startedMs < STARTING_MS
  const isPod = (client: Ip): boolean => options.podNetworks.some(network => contains(network, client))
  const admitted = async (client: Ip, name: string, addresses: readonly NamedAddress[]): Promise<boolean> => {
    const endMs = clock.monotonic() + ADMITTING_MS
    for (;;) {
      const leftMs = endMs - clock.monotonic()
      const one = nodes.of(client)
      if (one ? !one.wants(name) : !isStarting()) return true
      if (await one?.tell(name, addresses, leftMs)) return true
      if (leftMs <= 0) break
      // The node is away, or could not: it is tried again when that may have changed.
      await nodes.next(Math.min(leftMs, RETRY_MS))
    }
    log.warn({ name, client }, 'an answer is not given, since the node does not say that it admits the address')
    return false
  }
  return {
    release(client, reply) {
      const [question] = reply.questions
      if (!nodes.areAsking && !isStarting()) return undefined
      if (!question || reply.rcode !== RCODE.NOERROR || reply.answers.length === 0) return undefined
      const one = nodes.of(client)
      if (one ? !one.wants(question.name) : !(isStarting() && isPod(client))) return undefined
      const name = plainName(question.name)
      const found = addressesIn(reply)
      const addresses = one ? one.untold(name, found) : found
      return addresses.length === 0 ? undefined : admitted(client, name, addresses)
    },
    concerns: name => nodes.areAsking && nodes.all().some(one => one.wants(name)),
    onChange: nodes.onChange,
  }
}

interface Nodes {
  /** Some node wants to know of some name. */
  readonly areAsking: boolean
  all(): readonly Subscriber[]
  /** The node that the client is on. */
  of(client: Ip): Subscriber | undefined
  onChange(handler: () => void): () => void
  /** Resolves when a node says something new, or after ms. */
  next(ms: number): Promise<void>
}

async function serveNodes({ sockets, clock }: NamesDeps, path: string, signal: AbortSignal): Promise<Nodes> {
  const byName = new Map<string, Subscriber>()
  const handlers = new Set<() => void>()
  const open = new Set<Socket>()
  let areAsking = false
  const hear = (socket: Socket, message: Extract<FromNode, { is: 'hello' }>): Subscriber => {
    const one = byName.get(message.node) ?? createSubscriber(clock, message.node)
    byName.set(message.node, one)
    one.hello(socket, message)
    areAsking = [...byName.values()].some(({ patterns }) => patterns.size > 0)
    for (const handler of [...handlers]) handler()
    return one
  }
  const server = sockets.server(socket => {
    let who: Subscriber | undefined
    open.add(socket)
    const take = (message: FromNode): void => {
      if (message.is === 'hello') who = hear(socket, message)
      else who?.answered(message.number, message.is === 'admitted')
    }
    socket.on(
      'data',
      createLines<FromNode>(take, () => socket.destroy()),
    )
    socket.on('end', () => socket.end())
    socket.on('error', () => {})
    socket.on('close', () => {
      open.delete(socket)
      who?.gone(socket)
    })
  })
  await sockets.listenUnix(server, path)
  signal.addEventListener('abort', () => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  const onChange = (handler: () => void): (() => void) => {
    handlers.add(handler)
    return () => void handlers.delete(handler)
  }
  return {
    get areAsking() {
      return areAsking
    },
    all: () => [...byName.values()],
    of(client) {
      const found = [...byName.values()].filter(one => one.networks.some(network => contains(network, client)))
      // A node that is no more may have left its network to another.
      return found.find(one => one.isHere) ?? found[0]
    },
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

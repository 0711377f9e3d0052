import type { Ip } from '../../lib/ip.ts'
import { plainName } from '../../model/policy/names.ts'
import type { Message } from '../../wire/dns/message.ts'
import { RCODE } from '../../wire/dns/message.ts'
import type { NamedAddress } from '../../wire/names/messages.ts'
import { addressesIn } from '../zone/addresses.ts'
import type { NamesDoor } from './doors.ts'
import type { AskingNodesDeps } from './nodes.ts'
import { createAskingNodes } from './nodes.ts'

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
/** Answers to pods of one node; beyond, none waits. What waits takes the server's room for questions, which is everybody's. */
const MAX_WAITING = 500

/**
 * Resolves when agents can connect. Rejects with EADDRINUSE, EACCES. An informer of Nodes is made here; the caller syncs it. Just
 * after the start answers to pods of nodes that have not been heard of wait a moment.
 */
export async function serveNames(deps: AskingNodesDeps, door: NamesDoor, signal: AbortSignal): Promise<NameGate> {
  const { clock, log } = deps
  const nodes = createAskingNodes(deps)
  await door.open(nodes.hear, signal)
  const startedMs = clock.monotonic()
  const isStarting = (): boolean => clock.monotonic() - startedMs < STARTING_MS
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
  const waiting = new Map<string, number>()
  const whereRoom = async (node: string, admission: () => Promise<boolean>): Promise<boolean> => {
    const count = waiting.get(node) ?? 0
    if (count >= MAX_WAITING) return false
    waiting.set(node, count + 1)
    try {
      return await admission()
    } finally {
      const left = waiting.get(node)! - 1
      if (left > 0) waiting.set(node, left)
      else waiting.delete(node)
    }
  }
  return {
    release(client, reply) {
      const [question] = reply.questions
      if (!question || reply.rcode !== RCODE.NOERROR || reply.answers.length === 0) return undefined
      if (!nodes.areAsking(question.name) && !isStarting()) return undefined
      const one = nodes.of(client)
      if (one ? !one.wants(question.name) : !(isStarting() && nodes.mayBePod(client))) return undefined
      const name = plainName(question.name)
      const found = addressesIn(reply)
      const addresses = one ? one.untold(name, found) : found
      if (addresses.length === 0) return undefined
      const admission = (): Promise<boolean> => admitted(client, name, addresses)
      return one ? whereRoom(one.node, admission) : admission()
    },
    concerns: nodes.areAsking,
    onChange: nodes.onChange,
  }
}

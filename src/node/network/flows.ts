import type { FrontChange } from '../../datapath/claims.ts'
import type { Lowered } from '../../datapath/lower.ts'
import type { Flow, FlowFilter } from '../../host/conntrack/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'

/**
 * The connections that would go on past a change: to backends that are gone, and those that went elsewhere (to the node itself, say)
 * before address and port were a Service's. Of TCP and SCTP only those that nobody has answered yet, whose first packets would be sent
 * again to who is gone: the others end by themselves, and draining needs them.
 */
export function staleFlows(changes: readonly FrontChange[]): readonly FlowFilter[] {
  return changes.flatMap(({ old, next }): readonly FlowFilter[] => {
    const { transport, slot } = (next ?? old)!
    const [address, port] = parseSlot(slot)
    if (address === undefined) return []
    const flow: FlowFilter = {
      protocol: transport,
      destination: address,
      port,
      ...(transport === 'udp' ? {} : { isUnanswered: true }),
    }
    const before = backendsOf(old)
    if (backendsOf(next).length === 0) return before.length > 0 ? [flow] : []
    // A refused packet leaves no connection behind, and looking for one costs the kernel 10 ms.
    if (before.length === 0)
      return old?.refused === undefined && transport === 'udp' ? [{ ...flow, answeredBy: address }] : []
    return lostBackends(old, next).flatMap(backend => {
      const [answeredBy, answeredAt] = parseSlot(backend)
      return answeredBy === undefined ? [] : [{ ...flow, answeredBy, answeredAt }]
    })
  })
}

/**
 * Backends ("address . port") that some clients were led to and are no more: those outside have others than those inside under
 * externalTrafficPolicy Local, so that a backend may be lost to them alone.
 */
export function lostBackends(old: Lowered | undefined, next: Lowered | undefined): readonly string[] {
  const lost = (before: readonly string[], after: readonly string[]): readonly string[] => {
    const kept = new Set(after)
    return before.filter(backend => !kept.has(backend))
  }
  const within = lost(old?.endpoints ?? [], next?.endpoints ?? [])
  return [...new Set([...within, ...lost(outsideOf(old), outsideOf(next))])]
}

/** Without a verdict of their own clients outside have what those inside have. */
const outsideOf = (lowered: Lowered | undefined): readonly string[] =>
  (lowered?.outside === undefined ? lowered?.endpoints : lowered.outsideEndpoints) ?? []

/** What may be a Service's: others' rewritten connections (host ports, say) are theirs. */
export interface ServiceTargets {
  isServiceAddress(address: Ip): boolean
  isNodePort(address: Ip, port: number): boolean
}

/** Of all connections those that the rules as they stand would not have made: what became stale while no agent looked. */
export function strayFlows(
  flows: readonly Flow[],
  fronts: Iterable<Lowered>,
  targets: ServiceTargets,
): readonly Flow[] {
  if (flows.length === 0) return []
  const backends = new Map<string, ReadonlySet<string>>()
  for (const front of fronts) backends.set(front.key, new Set(backendsOf(front)))
  return flows.filter(flow => {
    const { protocol, destination, port, answeredBy, answeredAt } = flow
    const known = backends.get(`${destination} . ${protocol} . ${port}`)
    if (known) return !known.has(`${answeredBy} . ${answeredAt}`)
    const isRewritten = answeredBy !== destination || answeredAt !== port
    return isRewritten && (targets.isServiceAddress(destination) || targets.isNodePort(destination, port))
  })
}

const backendsOf = (lowered: Lowered | undefined): readonly string[] =>
  lowered ? [...lowered.endpoints, ...lowered.outsideEndpoints] : []

/** Reads "address . port" back. */
function parseSlot(slot: string): [address: ReturnType<typeof parseIp>, port: number] {
  const [address = '', port] = slot.split(' . ')
  return [parseIp(address), Number(port)]
}

import type { FrontChange } from '../../datapath/claims.ts'
import type { Lowered } from '../../datapath/lower.ts'
import type { FlowFilter } from '../../host/conntrack/mod.ts'
import { parseIp } from '../../lib/ip.ts'

/**
 * The UDP connections that would go on past a change: to backends that are gone, and those that went elsewhere (to the node itself, say)
 * before address and port were a Service's. TCP ends by itself, and draining needs it.
 */
export function staleFlows(changes: readonly FrontChange[]): readonly FlowFilter[] {
  return changes.flatMap(({ old, next }) => {
    const { transport, slot } = (next ?? old)!
    if (transport !== 'udp') return []
    const [address, port] = parseSlot(slot)
    if (address === undefined) return []
    const flow = { protocol: 'udp', destination: address, port } as const
    const kept = new Set(addressesOf(next))
    const before = addressesOf(old)
    if (kept.size === 0) return before.length > 0 ? [flow] : []
    // A refused packet leaves no connection behind, and looking for one costs the kernel 10 ms.
    if (before.length === 0) return old?.refused === undefined ? [{ ...flow, answeredBy: address }] : []
    const answers = before.filter(one => !kept.has(one)).map(one => parseSlot(one)[0])
    return answers.filter(answeredBy => answeredBy !== undefined).map(answeredBy => ({ ...flow, answeredBy }))
  })
}

const addressesOf = (lowered: Lowered | undefined): readonly string[] =>
  lowered ? [...lowered.endpoints, ...lowered.outsideEndpoints] : []

/** Reads "address . port" back. */
function parseSlot(slot: string): [address: ReturnType<typeof parseIp>, port: number] {
  const [address = '', port] = slot.split(' . ')
  return [parseIp(address), Number(port)]
}

/**
 * A tap in a node's kernel: a table of its own that counts each flow as it arrives and as it leaves, by link. What it shows of a
 * request is an observation of that request's own packets. It changes nothing and is taken away afterwards.
 */
import type { Ip } from '../../lib/ip.ts'
import type { Command, Table } from '../../wire/nft/command.ts'
import { at, nft } from '../../wire/nft/text.ts'
import { transaction } from '../../wire/nft/transaction.ts'

export interface Flow {
  readonly link: string
  readonly source: Ip
  readonly sourcePort: number
  readonly destination: Ip
  readonly destinationPort: number
  readonly packets: number
}

export type Side = 'arrived' | 'left'

const TABLE: Table = { family: 'inet', name: 'fairlead-tap' }
const FLOWS = nft`type ifname . ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic, timeout; timeout 60s; size 65536;`
/** Before every other chain that sees the packet as it came, and after every one that may change it. */
const FIRST = -310
const LAST = 310

const COMMANDS: readonly Command[] = [
  { do: 'add', what: 'table' },
  { do: 'add', what: 'set', name: 'arrived', definition: FLOWS },
  { do: 'add', what: 'set', name: 'left', definition: FLOWS },
  { do: 'add', what: 'chain', name: 'in', hook: { type: 'filter', hook: 'prerouting', priority: FIRST } },
  { do: 'add', what: 'chain', name: 'out', hook: { type: 'filter', hook: 'postrouting', priority: LAST } },
  {
    do: 'add',
    what: 'rule',
    chain: 'in',
    rule: nft`meta l4proto { tcp, udp } update ${at('arrived')} { meta iifname . ip saddr . th sport . ip daddr . th dport counter }`,
  },
  {
    do: 'add',
    what: 'rule',
    chain: 'out',
    rule: nft`meta l4proto { tcp, udp } update ${at('left')} { meta oifname . ip saddr . th sport . ip daddr . th dport counter }`,
  },
]

/** For `nft -f -`. */
export const tapOn = transaction(TABLE, COMMANDS)
export const tapOff = transaction(TABLE, [
  { do: 'add', what: 'table' },
  { do: 'delete', what: 'table' },
])

/** Arguments that print one side as JSON. */
export const readTap = (side: Side): readonly string[] => ['nft', '-j', 'list', 'set', TABLE.family, TABLE.name, side]

interface TapElement {
  readonly elem?: {
    readonly val: { readonly concat: readonly [string, string, number, string, number] }
    readonly counter?: { readonly packets: number }
  }
}

export function parseTap(json: string): readonly Flow[] {
  const document = JSON.parse(json) as { nftables: { set?: { elem?: readonly TapElement[] } }[] }
  const elements = document.nftables.flatMap(entry => entry.set?.elem ?? [])
  return elements.flatMap(({ elem }) => {
    if (!elem) return []
    const [link, source, sourcePort, destination, destinationPort] = elem.val.concat
    const packets = elem.counter?.packets ?? 0
    return [{ link, source: source as Ip, sourcePort, destination: destination as Ip, destinationPort, packets }]
  })
}

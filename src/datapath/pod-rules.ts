import type { Family, Ip } from '../lib/ip.ts'
import { familyOf, ip, ipBytes } from '../lib/ip.ts'
import { MACHINE_CONFIG_PORTS, METADATA, METADATA_DNS_PORT } from '../model/policy/node-services.ts'
import type { Command, Table } from '../wire/nft/command.ts'
import type { NftText } from '../wire/nft/text.ts'
import { hexText, macText, name, nft, quoted } from '../wire/nft/text.ts'
import { macOf } from './mac.ts'
import { PLACES } from './marks.ts'
import { POD_LINKS } from './options.ts'
import { logRule } from './policy/skeleton.ts'
import { chain } from './shape.ts'

/** Whom a link of a pod leads to. */
export interface PodSource {
  /** The node's end. */
  readonly link: string
  /** The first one's MAC is the pod's. */
  readonly addresses: readonly Ip[]
}

export const PODS_TABLE: Table = { family: 'inet', name: 'fairlead-pods' }
/** The family inet sees no ARP. */
export const PODS_ARP_TABLE: Table = { family: 'arp', name: 'fairlead-pods' }

const MULTICAST = { 4: nft`224.0.0.0/4`, 6: nft`ff00::/8` } as const

export interface PodRuleOptions {
  /** What OpenShift keeps from pods (`model/policy/node-services`) is refused. */
  readonly refusesNodeServices: boolean
  /** Such refusals are logged; kernels without nfnetlink_log refuse the rule. */
  readonly logs: boolean
}

/** What a refused packet is logged with. */
export const REFUSED = 'refused-egress'

/** The tables without their elements; a link that is in none of them sends nothing. Adding what is there changes nothing. */
export function podTables({
  refusesNodeServices,
  logs,
}: PodRuleOptions): readonly (readonly [Table, readonly Command[]])[] {
  const inet: readonly Command[] = [
    { do: 'add', what: 'table' },
    sourceSet('sources4', nft`type ifname . ether_addr . ipv4_addr;`),
    sourceSet('sources6', nft`type ifname . ether_addr . ipv6_addr;`),
    // The target of an advertisement has no name in nft 1.0.6.
    sourceSet('targets6', nft`typeof iifname . ether saddr . @th,64,128;`),
    ...chain(PLACES.antispoof.chain, antispoof, PLACES.antispoof),
    ...chain(REFUSED, [...(logs ? [logRule(REFUSED)] : []), nft`reject with icmpx type port-unreachable`]),
    ...chain(PLACES.podLimits.chain, limits(refusesNodeServices), PLACES.podLimits),
  ]
  const arp: readonly Command[] = [
    { do: 'add', what: 'table' },
    sourceSet('sources4', nft`type ifname . ether_addr . ipv4_addr;`),
    ...chain('antispoof', arpRules, { hook: 'input', priority: 0, type: 'filter' }),
  ]
  return [
    [PODS_TABLE, inet],
    [PODS_ARP_TABLE, arp],
  ]
}

const sourceSet = (text: string, definition: NftText): Command => ({ do: 'add', what: 'set', name: text, definition })
const fromElsewhere = nft`iifname != ${quoted(POD_LINKS)} accept`
const sender = nft`iifname . ether saddr`

/** Questions and answers about neighbours are held to what their sender is, and nobody but the gateway is a router. */
const antispoof: readonly NftText[] = [
  fromElsewhere,
  nft`meta nfproto ipv4 ${sender} . ip saddr != @sources4 drop`,
  nft`icmpv6 type { nd-router-advert, nd-redirect } drop`,
  nft`icmpv6 type nd-neighbor-advert ${sender} . @th,64,128 != @targets6 drop`,
  nft`ip6 saddr :: icmpv6 type { nd-neighbor-solicit, mld2-listener-report } accept`,
  nft`meta nfproto ipv6 ${sender} . ip6 saddr != @sources6 drop`,
]

const arpRules: readonly NftText[] = [
  fromElsewhere,
  nft`${sender} . arp saddr ip != @sources4 drop`,
  nft`iifname . arp saddr ether . arp saddr ip != @sources4 drop`,
]

const NEIGHBOURS = nft`{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }`

function limits(refusesNodeServices: boolean): readonly NftText[] {
  const [first, second] = MACHINE_CONFIG_PORTS
  return [
    fromElsewhere,
    ...(refusesNodeServices
      ? [
          nft`tcp dport { ${first}, ${second} } tcp flags & (fin|syn|rst|ack) == syn goto ${name(REFUSED)}`,
          nft`ip daddr ${METADATA} meta l4proto { tcp, udp } th dport != ${METADATA_DNS_PORT} goto ${name(REFUSED)}`,
        ]
      : []),
    nft`ip daddr ${MULTICAST[4]} drop`,
    nft`ip6 daddr ${MULTICAST[6]} icmpv6 type ${NEIGHBOURS} accept`,
    nft`ip6 daddr ${MULTICAST[6]} drop`,
  ]
}

/** What lets these pods send, or takes that from them. */
export function podElements(
  verb: 'add' | 'delete',
  pods: readonly PodSource[],
): readonly (readonly [Table, Command])[] {
  const all: (readonly [Table, Command])[] = []
  const note = (table: Table, of: string, keys: readonly NftText[]): void => {
    if (keys.length > 0) all.push([table, { do: verb, what: 'element', of, elements: keys.map(key => ({ key })) }])
  }
  const v4 = keysOf(pods, 4, address => nft`${address}`)
  note(PODS_TABLE, 'sources4', v4)
  note(PODS_ARP_TABLE, 'sources4', v4)
  note(
    PODS_TABLE,
    'sources6',
    keysOf(pods, 6, address => nft`${address}`),
  )
  note(
    PODS_TABLE,
    'targets6',
    keysOf(pods, 6, address => hexText(ipBytes(address))),
  )
  return all
}

/** Everything that lets pods send is forgotten. */
export const flushPods: readonly (readonly [Table, Command])[] = [
  ...['sources4', 'sources6', 'targets6'].map((set): readonly [Table, Command] => [
    PODS_TABLE,
    { do: 'flush', what: 'set', name: set },
  ]),
  [PODS_ARP_TABLE, { do: 'flush', what: 'set', name: 'sources4' }],
]

const keysOf = (pods: readonly PodSource[], family: Family, text: (address: Ip) => NftText): readonly NftText[] =>
  pods.flatMap(({ link, addresses }) => {
    const mac = macOf(addresses[0]!)
    return sendersOf(addresses, family).map(address => nft`${quoted(link)} . ${macText(mac)} . ${text(address)}`)
  })

/** Whom a pod may send from: with IPv6 its kernel also does from the address that only the link knows, to groups and neighbours. */
export function sendersOf(addresses: readonly Ip[], family: Family): readonly Ip[] {
  const own = addresses.filter(address => familyOf(address) === family)
  return family === 6 && own.length > 0 ? [...own, linkLocalOf(macOf(addresses[0]!))] : own
}

/** Source: RFC 4291, appendix A: the kernel's own choice. */
export function linkLocalOf(mac: string): Ip {
  const [a, b, c, d, e, f] = mac.split(':').map(byte => Number.parseInt(byte, 16)) as [number, ...number[]] as number[]
  const word = (high: number, low: number): string => ((high << 8) | low).toString(16)
  return ip(`fe80::${word(a! ^ 2, b!)}:${word(c!, 0xff)}:${word(0xfe, d!)}:${word(e!, f!)}`)
}

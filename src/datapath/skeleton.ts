import type { Cidr } from '../lib/cidr.ts'
import type { Family, Ip } from '../lib/ip.ts'
import type { Command, Table } from '../wire/nft/command.ts'
import type { NftText } from '../wire/nft/text.ts'
import { at, name, nft, oneOf, quoted } from '../wire/nft/text.ts'
import { CONNECTION_MARK, FIRST_TABLE_STEERING, PLACES } from './marks.ts'
import type { DatapathOptions } from './options.ts'
import { HAIRPIN_ADDRESSES, insideNetworks, MANAGEMENT_LINK, POD_LINKS, VXLAN_LINK, VXLAN_PORT } from './options.ts'
import type { Transport } from './shape.ts'
import { chain, familyWord, isLearned, mapName, TRANSPORTS } from './shape.ts'

export const TABLE: Table = { family: 'inet', name: 'fairlead' }

/** What one packet or connection adds to, hop by hop. */
export const COUNTERS = [
  'service-dnat',
  'service-refused',
  'vxlan-in',
  'vxlan-out',
  'forwarded',
  'egress-masquerade',
  'invalid-drop',
  'outside-drop',
  'tunnel-drop',
  'source-drop',
] as const
export type CounterName = (typeof COUNTERS)[number]

/** What of the skeleton differs between nodes. */
export interface SkeletonOptions extends DatapathOptions {
  /** The source that backends see instead of clients outside; absent for a family without one: the leaving link's own. */
  readonly sourceAddresses: readonly Ip[]
}

const FAMILIES: readonly Family[] = [4, 6]
export const familiesOf = (options: DatapathOptions): readonly Family[] =>
  FAMILIES.filter(family => options.clusterNetworks.some(({ cidr }) => cidr.family === family))

/** Maps, sets, counters and what elements may lead to. Adding what is there changes nothing. */
export function foundation(options: DatapathOptions): readonly Command[] {
  return [
    { do: 'add', what: 'table' },
    ...COUNTERS.map((counter): Command => ({ do: 'add', what: 'counter', name: counter })),
    ...familiesOf(options).flatMap(maps),
    ...chain('refusal', [
      nft`counter name service-refused`,
      nft`meta l4proto tcp reject with tcp reset`,
      nft`reject with icmpx type port-unreachable`,
    ]),
    ...chain('wake', [...familiesOf(options).map(ask), nft`drop`]),
  ]
}

/** Where packets are logged that ask for idled Services. */
export const WAKE_LOG_GROUP = 4098
const ASKED_PER_SECOND = 100
const ASKED_ENTRIES = 4096

/** Each address and port once a second, however many want it. */
function ask(family: Family): NftText {
  const ip = familyWord(family)
  const set = at(mapName('asked', family))
  const key = nft`${ip} daddr . meta l4proto . th dport`
  return nft`${key} != ${set} limit rate ${ASKED_PER_SECOND}/second burst ${ASKED_PER_SECOND} packets add ${set} { ${key} timeout 1s } log prefix ${quoted('need-pods ')} group ${WAKE_LOG_GROUP} snaplen 128 queue-threshold 1`
}

function maps(family: Family): readonly Command[] {
  const address = family === 4 ? nft`ipv4_addr` : nft`ipv6_addr`
  const ip = familyWord(family)
  const verdicts = nft`type ${address} . inet_proto . inet_service : verdict;`
  const endpoints = TRANSPORTS.map(name).map(
    protocol =>
      nft`typeof ${ip} daddr . ${protocol} dport . numgen random mod 65536 : ${ip} daddr . ${protocol} dport;`,
  )
  const map = (base: string, definition: NftText): Command => ({
    do: 'add',
    what: 'map',
    name: mapName(base, family),
    definition,
  })
  const set = (base: string): Command => ({
    do: 'add',
    what: 'set',
    name: mapName(base, family),
    definition: nft`type ${address};`,
  })
  return [
    map('services', nft`${verdicts} counter;`),
    map('outside', nft`${verdicts} counter;`),
    map('refused', verdicts),
    map('admit', verdicts),
    ...TRANSPORTS.flatMap((transport, i) => [
      map(`endpoints-${transport}`, endpoints[i]!),
      map(`outside-endpoints-${transport}`, endpoints[i]!),
    ]),
    set('cluster-ips'),
    set('nodes'),
    {
      do: 'add',
      what: 'set',
      name: mapName('asked', family),
      definition: nft`type ${address} . inet_proto . inet_service; flags dynamic,timeout; size ${ASKED_ENTRIES};`,
    },
    ...(isLearned(family)
      ? [
          map('sticky', verdicts),
          map(
            'affinity',
            nft`type ${address} . ${address} . inet_proto . inet_service : ${address} . inet_service; flags dynamic,timeout; size ${AFFINITY_ENTRIES};`,
          ),
        ]
      : []),
  ]
}

/** Clients that session affinity remembers on one node; beyond, new ones are balanced as without it. */
const AFFINITY_ENTRIES = 262_144

/** Chains with their rules, each emptied first: one transaction of these replaces what an older program left. */
export function hooks(options: SkeletonOptions): readonly Command[] {
  const families = familiesOf(options)
  return [
    ...chain('service', families.flatMap(services)),
    ...chain(
      'refuse',
      families.flatMap(family => refuse(options, family)),
    ),
    ...(options.transport === 'none' ? [] : ownNetwork(options, families)),
    ...chain('admit', families.map(admit), PLACES.admit),
    ...chain('arrive', options.transport === 'none' ? arriveAlone(options) : arrive(families), PLACES.arrive),
    ...chain('input', [nft`ct state new jump refuse`], PLACES.input),
    ...chain('forward', forward(), PLACES.forward),
    ...chain('admit-output', families.map(admit), PLACES.admitOutput),
    ...chain(
      'output-nat',
      [
        ...(options.transport === 'none' ? families.map(family => answeredHere(options, family)) : []),
        nft`jump service`,
      ],
      PLACES.outputNat,
    ),
    ...chain('output', [nft`ct state new jump refuse`], PLACES.output),
    ...chain('source', options.transport === 'none' ? sourceAlone(families) : source(options, families), PLACES.source),
  ]
}

/** What only a network of our own has: pods' links, a tunnel, and the door between inside and outside. */
function ownNetwork(options: DatapathOptions, families: readonly Family[]): readonly Command[] {
  return [
    ...chain('from-pod', [nft`udp dport ${VXLAN_PORT} counter name tunnel-drop drop`]),
    ...chain('tunnel', [
      ...families.map(family => nft`${familyWord(family)} saddr ${nodes(family)} notrack accept`),
      nft`fib daddr type local counter name tunnel-drop drop`,
    ]),
    ...chain('entry', entry(options), PLACES.entry),
    ...(options.transport === 'host-gw' ? chain('entry-tracked', entryTracked(options), PLACES.entryTracked) : []),
    ...chain(
      'output-raw',
      families.map(family => nft`${familyWord(family)} daddr ${nodes(family)} udp dport ${VXLAN_PORT} notrack`),
      PLACES.outputRaw,
    ),
    ...chain('leave', [nft`oifname ${quoted(VXLAN_LINK)} counter name vxlan-out meta mark set 0`], PLACES.leave),
  ]
}

const nodes = (family: Family): NftText => at(mapName('nodes', family))
const ofFamily = (networks: readonly Cidr[], family: Family): NftText =>
  oneOf(networks.filter(network => network.family === family))

const target = (family: Family): NftText => nft`${familyWord(family)} daddr . meta l4proto . th dport`
const lookup = (family: Family, base: string): NftText => nft`${target(family)} vmap ${at(mapName(base, family))}`
/** Once for each connection, before its address is rewritten. */
const admit = (family: Family): NftText => nft`ct state new ${lookup(family, 'admit')}`
const services = (family: Family): readonly NftText[] => [lookup(family, 'services')]

/** A Service's wrong port is answered, an address that belongs to no Service is not: as kube-proxy does. */
function refuse(options: DatapathOptions, family: Family): readonly NftText[] {
  const ip = familyWord(family)
  const isServed = options.serviceNetworks.some(network => network.family === family)
  return [
    lookup(family, 'refused'),
    nft`${ip} daddr ${at(mapName('cluster-ips', family))} goto refusal`,
    ...(isServed
      ? [nft`${ip} daddr ${ofFamily(options.serviceNetworks, family)} counter name service-refused drop`]
      : []),
  ]
}

/** Links of the cluster's own are named; whatever else a packet comes by is outside. */
function entry(options: DatapathOptions): readonly NftText[] {
  return [
    nft`iifname { "lo", ${quoted(MANAGEMENT_LINK)} } accept`,
    nft`iifname ${quoted(VXLAN_LINK)} counter name vxlan-in accept`,
    nft`iifname ${quoted(POD_LINKS)} goto from-pod`,
    nft`udp dport ${VXLAN_PORT} goto tunnel`,
    ...(options.transport === 'host-gw' ? [] : shut(options)),
  ]
}

/** Without a tunnel only connections tell answers to pods, which come by way of other nodes, from what outside begins. */
function entryTracked(options: DatapathOptions): readonly NftText[] {
  const routed = familiesOf(options).map(family => {
    const pods = ofFamily(insideNetworks(options), family)
    return nft`${familyWord(family)} saddr ${pods} ${familyWord(family)} daddr ${pods} accept`
  })
  return [
    nft`iifname { "lo", ${quoted(MANAGEMENT_LINK)} } accept`,
    nft`iifname ${quoted(POD_LINKS)} accept`,
    nft`ct state established,related accept`,
    ...routed,
    ...shut(options),
  ]
}

const shut = (options: DatapathOptions): readonly NftText[] =>
  familiesOf(options).map(
    family =>
      nft`${familyWord(family)} daddr ${ofFamily(insideNetworks(options), family)} counter name outside-drop drop`,
  )

function arrive(families: readonly Family[]): readonly NftText[] {
  return [
    nft`iifname { "lo", ${quoted(MANAGEMENT_LINK)}, ${quoted(VXLAN_LINK)} } goto service`,
    nft`iifname ${quoted(POD_LINKS)} goto service`,
    ...families.map(family => lookup(family, 'outside')),
    nft`goto service`,
  ]
}

/** In a network of somebody else's only addresses tell pods from clients outside. */
function arriveAlone(options: DatapathOptions): readonly NftText[] {
  const families = familiesOf(options)
  return [
    ...families.map(family => nft`${familyWord(family)} saddr ${pods(options, family)} goto service`),
    ...families.map(family => answeredHere(options, family)),
    ...families.map(family => lookup(family, 'outside')),
    nft`goto service`,
  ]
}

/** Who is no pod, and uses a ClusterIP, is to have the answer by way of this node. */
function answeredHere(options: DatapathOptions, family: Family): NftText {
  const ip = familyWord(family)
  return nft`${ip} saddr != ${pods(options, family)} ${ip} daddr ${at(mapName('cluster-ips', family))} ct mark set ct mark or ${CONNECTION_MARK.source.mask}`
}

const pods = (options: DatapathOptions, family: Family): NftText =>
  ofFamily(
    options.clusterNetworks.map(({ cidr }) => cidr),
    family,
  )

/** Without the drop of what conntrack cannot place, an endpoint would reset connections over a stray packet. */
const forward = (): readonly NftText[] => [
  nft`counter name forwarded`,
  nft`ct state established,related accept`,
  nft`ct state invalid counter name invalid-drop drop`,
  nft`jump refuse`,
  nft`ct status dnat fib daddr . iif oif exists ct mark set ct mark or ${CONNECTION_MARK.hairpin.mask}`,
]

const learn = (transport: Transport): NftText =>
  nft`meta l4proto ${name(transport)} ct status dnat ct original ip daddr . meta l4proto . ct original proto-dst vmap @sticky4`

/** Pods that reach themselves are marked with both. */
const isOnlyMarked = (family: Family, mask: number): NftText =>
  nft`meta nfproto ${name(family === 4 ? 'ipv4' : 'ipv6')} ct mark and ${CONNECTION_MARK.source.mask | CONNECTION_MARK.hairpin.mask} == ${mask}`

const isMarked = (family: Family, mask: number): NftText =>
  nft`meta nfproto ${name(family === 4 ? 'ipv4' : 'ipv6')} ct mark and ${mask} != 0`

/** Answers, and what leaves by the link it came by, take the way by this node; pods that leave the cluster are another's. */
function sourceAlone(families: readonly Family[]): readonly NftText[] {
  return families.flatMap(family => [
    ...(isLearned(family) ? TRANSPORTS.map(learn) : []),
    nft`oifname "lo" accept`,
    nft`${isMarked(family, CONNECTION_MARK.source.mask | CONNECTION_MARK.hairpin.mask)} masquerade fully-random`,
  ])
}

/**
 * Answers to pods of this node come back here in any case: behind addresses of load balancers they are seen as themselves. Source:
 * OVN-Kubernetes has such addresses at every node's switch, as ClusterIPs. kube-proxy has it otherwise.
 */
const ownPods = (family: Family, inside: NftText): NftText =>
  nft`${isOnlyMarked(family, CONNECTION_MARK.source.mask)} iifname ${quoted(POD_LINKS)} ${familyWord(family)} daddr ${inside} accept`

function source(options: SkeletonOptions, families: readonly Family[]): readonly NftText[] {
  return families.flatMap(family => {
    const ip = familyWord(family)
    const inside = pods(options, family)
    const own = options.sourceAddresses.find(address => address.includes(':') === (family === 6))
    return [
      ...(isLearned(family) ? TRANSPORTS.map(learn) : []),
      nft`oifname "lo" accept`,
      // Steered to another node, where an egress address awaits it.
      nft`meta nfproto ${name(family === 4 ? 'ipv4' : 'ipv6')} ct mark and ${CONNECTION_MARK.steering.mask} != 0 ct mark < ${FIRST_TABLE_STEERING} accept`,
      ...(own
        ? [
            ...(options.joinNetworks?.length ? [ownPods(family, inside)] : []),
            nft`${isMarked(family, CONNECTION_MARK.source.mask)} ${ip} daddr ${inside} snat ${ip} to ${own} fully-random`,
          ]
        : []),
      nft`${isMarked(family, CONNECTION_MARK.source.mask)} masquerade fully-random`,
      nft`${isMarked(family, CONNECTION_MARK.hairpin.mask)} snat ${ip} to ${HAIRPIN_ADDRESSES[family]} fully-random`,
      nft`${ip} saddr ${inside} ${ip} daddr != ${ofFamily(insideNetworks(options), family)} ${ip} daddr != ${nodes(family)} counter name egress-masquerade masquerade fully-random`,
    ]
  })
}

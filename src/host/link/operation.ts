import type { Cidr } from '../../lib/cidr.ts'
import { unreachable } from '../../lib/errors.ts'
import { familyOf, type Ip, ipBytes } from '../../lib/ip.ts'
import { type Attribute, macBytes, message, NLM_F, u8, u16be, u32, zeroText } from '../netlink.ts'
import type { LinkOp } from './mod.ts'

/** From <linux/rtnetlink.h>. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  NEWRULE: 32,
  DELRULE: 33,
} as const

const { REQUEST, REPLACE, EXCL, CREATE, APPEND } = NLM_F
const ADD = REQUEST | CREATE | EXCL
const PUT = REQUEST | CREATE | REPLACE

const IFF_UP = 1
const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, LINK: 5, MASTER: 10, LINKINFO: 18, NET_NS_FD: 28 } as const
const INFO = { KIND: 1, DATA: 2 } as const
const VETH_INFO_PEER = 1
const MACVLAN_MODE = 1
const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const
const VXLAN = { ID: 1, LOCAL: 4, LEARNING: 7, PORT: 15, LOCAL6: 17 } as const
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PREFSRC: 7, METRICS: 8, TABLE: 15 } as const
const RTAX_MTU = 2
const NDA = { DST: 1, LLADDR: 2 } as const
const FRA = { DST: 1, SRC: 2, PRIORITY: 6, FWMARK: 10, TABLE: 15, FWMASK: 16 } as const
const TABLE_MAIN = 254
const PERMANENT = 0x80
const NOARP = 0x40
const NTF_SELF = 2
const AF_BRIDGE = 7
const ROUTE_TYPES = { unicast: 1, local: 2, blackhole: 6, unreachable: 7 } as const
const SCOPE_LINK = 253
const SCOPE_HOST = 254
const SCOPE_NOWHERE = 255

/** The index of a link by name inside the namespace. */
export type IndexOf = (name: string) => number

/** What the kernel answers when the result of the operation is already there. */
export const tolerated = (operation: LinkOp): readonly string[] =>
  operation.op.endsWith('delete') ? ['ENOENT', 'ESRCH', 'ENODEV', 'EADDRNOTAVAIL'] : ['EEXIST']

/** Links that must exist before the operation can be written down. */
export function namesNeeded(operation: LinkOp): readonly string[] {
  switch (operation.op) {
    case 'master':
      return [operation.master]
    case 'macvlan':
      return [operation.parent]
    case 'address':
    case 'address-delete':
      return [operation.name]
    case 'neighbour':
    case 'neighbour-delete':
    case 'fdb':
    case 'fdb-delete':
      return [operation.dev]
    case 'route':
    case 'route-replace':
    case 'route-delete':
      return operation.dev === undefined ? [] : [operation.dev]
    default:
      return []
  }
}

/** Names that mean another link, or none, after the operation. */
export function namesChanged(operation: LinkOp): readonly string[] {
  switch (operation.op) {
    case 'veth':
      return [operation.name, operation.peer.name]
    case 'bridge':
    case 'vxlan':
    case 'delete':
      return [operation.name]
    default:
      return []
  }
}

/** The request for one operation, without acknowledgement and sequence number. */
export function request(operation: LinkOp, index: IndexOf): Buffer {
  switch (operation.op) {
    case 'veth':
      return link(ADD, operation, {}, [[IFLA.LINKINFO, [kind('veth'), [INFO.DATA, [peer(operation)]]]]])
    case 'bridge':
      return link(ADD, operation, {}, [[IFLA.LINKINFO, [kind('bridge')]]])
    case 'vxlan':
      return link(ADD, operation, {}, [[IFLA.LINKINFO, [kind('vxlan'), [INFO.DATA, vxlan(operation)]]]])
    case 'macvlan':
      return link(ADD, { name: operation.name }, {}, [
        [IFLA.LINK, u32(index(operation.parent))],
        [IFLA.NET_NS_FD, u32(operation.netns.fd)],
        [IFLA.LINKINFO, [kind('macvlan'), [INFO.DATA, [[MACVLAN_MODE, u32(MACVLAN_MODES[operation.mode])]]]]],
      ])
    case 'up':
    case 'down':
      return link(REQUEST, operation, { change: IFF_UP, flags: operation.op === 'up' ? IFF_UP : 0 }, [])
    case 'mtu':
      return link(REQUEST, operation, {}, [])
    case 'master':
      return link(REQUEST, { name: operation.name }, {}, [[IFLA.MASTER, u32(index(operation.master))]])
    case 'delete':
      return message(RTM.DELLINK, REQUEST, linkHeader({}), [[IFLA.IFNAME, zeroText(operation.name)]])
    case 'address':
    case 'address-delete':
      return address(operation, index(operation.name))
    case 'route':
    case 'route-replace':
    case 'route-delete':
      return route(operation, operation.dev === undefined ? undefined : index(operation.dev))
    case 'neighbour':
    case 'neighbour-delete':
      return neighbour(operation, index(operation.dev))
    case 'fdb':
    case 'fdb-delete':
      return forwarding(operation, index(operation.dev))
    case 'rule':
    case 'rule-delete':
      return rule(operation)
    default:
      return unreachable(operation)
  }
}

type Op<N extends LinkOp['op']> = Extract<LinkOp, { readonly op: N }>

interface LinkFields {
  readonly name: string
  readonly mac?: string
  readonly mtu?: number
}
const linkHeader = (state: { flags?: number; change?: number }): Buffer =>
  Buffer.concat([Buffer.alloc(8), u32(state.flags ?? 0), u32(state.change ?? 0)])

function linkAttributes(fields: LinkFields): Attribute[] {
  return [
    [IFLA.IFNAME, zeroText(fields.name)],
    ...(fields.mac === undefined ? [] : [[IFLA.ADDRESS, macBytes(fields.mac)] as const]),
    ...(fields.mtu === undefined ? [] : [[IFLA.MTU, u32(fields.mtu)] as const]),
  ]
}

const link = (
  flags: number,
  fields: LinkFields,
  state: { flags?: number; change?: number },
  more: readonly Attribute[],
): Buffer => message(RTM.NEWLINK, flags, linkHeader(state), [...linkAttributes(fields), ...more])

const kind = (name: string): Attribute => [INFO.KIND, zeroText(name)]

/** The peer stays down: the kernel refuses IFF_UP here with ENOTCONN. */
function peer(operation: Op<'veth'>): Attribute {
  const { netns, ...fields } = operation.peer
  const inner = linkAttributes({ ...fields, ...(operation.mtu === undefined ? {} : { mtu: operation.mtu }) })
  const body = message(0, 0, linkHeader({}), [...inner, [IFLA.NET_NS_FD, u32(netns.fd)]])
  return [VETH_INFO_PEER, body.subarray(16)]
}

const vxlan = (operation: Op<'vxlan'>): readonly Attribute[] => [
  [VXLAN.ID, u32(operation.vni)],
  [familyOf(operation.local) === 4 ? VXLAN.LOCAL : VXLAN.LOCAL6, ipBytes(operation.local)],
  [VXLAN.LEARNING, u8(0)],
  [VXLAN.PORT, u16be(operation.port)],
]

const af = (address: Ip): number => afOf(familyOf(address))
const afOf = (family: 4 | 6): number => (family === 4 ? 2 : 10)

function address(operation: Op<'address' | 'address-delete'>, index: number): Buffer {
  const bytes = ipBytes(operation.address)
  // Duplicate address detection would keep an IPv6 address unusable for a second; addresses are ours to choose.
  const flags = familyOf(operation.address) === 6 ? IFA_F_NODAD : 0
  const header = Buffer.concat([Buffer.of(af(operation.address), operation.bits, flags, 0), u32(index)])
  const type = operation.op === 'address' ? RTM.NEWADDR : RTM.DELADDR
  return message(type, operation.op === 'address' ? ADD : REQUEST, header, [
    [1, bytes],
    [2, bytes],
    ...(operation.isDeprecated ? ([[IFA_CACHEINFO, Buffer.concat([0, 0xffffffff, 0, 0].map(u32))]] as const) : []),
  ])
}
const IFA_F_NODAD = 2
const IFA_CACHEINFO = 6

function route(operation: Op<'route' | 'route-replace' | 'route-delete'>, dev: number | undefined): Buffer {
  const deleting = operation.op === 'route-delete'
  const table = operation.table ?? TABLE_MAIN
  const type = ROUTE_TYPES[operation.type ?? 'unicast']
  const header = Buffer.concat([
    Buffer.of(afOf(routeFamily(operation)), operation.to?.bits ?? 0, 0, 0),
    Buffer.of(table < 256 ? table : 0, deleting ? 0 : 4, scopeOf(operation), deleting && !operation.type ? 0 : type),
    u32(operation.onlink ? 4 : 0),
  ])
  const fields: (Attribute | undefined)[] = [
    operation.to && operation.to.bits > 0 ? [RTA.DST, ipBytes(operation.to.address)] : undefined,
    operation.via ? [RTA.GATEWAY, ipBytes(operation.via)] : undefined,
    dev === undefined ? undefined : [RTA.OIF, u32(dev)],
    operation.source ? [RTA.PREFSRC, ipBytes(operation.source)] : undefined,
    operation.mtu ? [RTA.METRICS, [[RTAX_MTU, u32(operation.mtu)]]] : undefined,
    [RTA.TABLE, u32(table)],
  ]
  const flags = deleting ? REQUEST : operation.op === 'route' ? ADD : PUT
  return message(
    deleting ? RTM.DELROUTE : RTM.NEWROUTE,
    flags,
    header,
    fields.filter(field => field !== undefined),
  )
}

function routeFamily(operation: { readonly to?: Cidr; readonly via?: Ip; readonly family?: 4 | 6 }): 4 | 6 {
  return operation.family ?? operation.to?.family ?? (operation.via ? familyOf(operation.via) : 4)
}

function scopeOf(operation: Op<'route' | 'route-replace' | 'route-delete'>): number {
  if (operation.op === 'route-delete') return SCOPE_NOWHERE
  if (operation.type === 'local') return SCOPE_HOST
  return operation.via || operation.type === 'blackhole' || operation.type === 'unreachable' ? 0 : SCOPE_LINK
}

const neighbourHeader = (family: number, index: number, state: number, flags: number): Buffer =>
  Buffer.concat([Buffer.of(family, 0, 0, 0), u32(index), Buffer.of(state, 0, flags, 0)])

function neighbour(operation: Op<'neighbour' | 'neighbour-delete'>, index: number): Buffer {
  const adding = operation.op === 'neighbour'
  return message(
    adding ? RTM.NEWNEIGH : RTM.DELNEIGH,
    adding ? PUT : REQUEST,
    neighbourHeader(af(operation.address), index, PERMANENT, 0),
    [
      [NDA.DST, ipBytes(operation.address)],
      [NDA.LLADDR, macBytes(operation.mac)],
    ],
  )
}

function forwarding(operation: Op<'fdb' | 'fdb-delete'>, index: number): Buffer {
  const adding = operation.op === 'fdb'
  // Only the all-zero address (where unknown frames go) may have several destinations.
  const put = /^[0:]+$/.test(operation.mac) ? REQUEST | CREATE | APPEND : PUT
  return message(
    adding ? RTM.NEWNEIGH : RTM.DELNEIGH,
    adding ? put : REQUEST,
    neighbourHeader(AF_BRIDGE, index, PERMANENT | NOARP, NTF_SELF),
    [
      [NDA.LLADDR, macBytes(operation.mac)],
      [NDA.DST, ipBytes(operation.via)],
    ],
  )
}

function rule(operation: Op<'rule' | 'rule-delete'>): Buffer {
  const { table, from, to } = operation
  const header = Buffer.concat([
    Buffer.of(afOf(operation.family), to?.bits ?? 0, from?.bits ?? 0, 0, table < 256 ? table : 0, 0, 0, 1),
    u32(0),
  ])
  const fields: (Attribute | undefined)[] = [
    [FRA.PRIORITY, u32(operation.priority)],
    [FRA.TABLE, u32(table)],
    operation.mark === undefined ? undefined : [FRA.FWMARK, u32(operation.mark)],
    operation.mark === undefined ? undefined : [FRA.FWMASK, u32(operation.mask ?? 0xffffffff)],
    from ? [FRA.SRC, ipBytes(from.address)] : undefined,
    to ? [FRA.DST, ipBytes(to.address)] : undefined,
  ]
  const adding = operation.op === 'rule'
  return message(
    adding ? RTM.NEWRULE : RTM.DELRULE,
    adding ? ADD : REQUEST,
    header,
    fields.filter(field => field !== undefined),
  )
}

import { type Cidr, cidr, cidrText, contains } from '../../lib/cidr.ts'
import { familyOf, type Ip } from '../../lib/ip.ts'
import type { FakeNetns } from '../netns/fake.ts'
import type { Netns } from '../netns/mod.ts'
import type { AddressState, LinkDriver } from './mod.ts'
import { LinkError, type LinkOp, type LinkState, type RouteState } from './mod.ts'

interface FakeLink {
  readonly index: number
  readonly kind: string
  mtu: number
  mac: string
  up: boolean
  master?: string
  readonly peer?: { readonly id: number; readonly name: string }
}

/** One namespace's network, keyed by what the kernel takes for identity. */
interface Network {
  readonly links: Map<string, FakeLink>
  readonly addresses: Map<string, AddressState>
  readonly routes: Map<string, RouteState & { readonly type: string; readonly onlink: boolean }>
  readonly neighbours: Map<string, string>
  readonly forwarding: Map<string, string>
  readonly rules: Map<string, string>
  readonly sysctls: Map<string, string>
}

export interface FakeLinks extends LinkDriver {
  /** "<dev> <address> <mac>", sorted. */
  neighbours(netns: Netns): readonly string[]
  /** "<dev> <mac> via <address>", sorted. */
  forwarding(netns: Netns): readonly string[]
  /** "<priority>: from <cidr> to <cidr> mark <mark>/<mask> table <n>", sorted by priority. */
  rules(netns: Netns): readonly string[]
  sysctls(netns: Netns): Readonly<Record<string, string>>
}

/** Links in memory, with the refusals of the kernel that callers can run into. */
export function fakeLinks(namespaces: FakeNetns): FakeLinks {
  const networks = new Map<number, Network>()
  let lastIndex = 1
  const of = (id: number): Network => {
    const network = networks.get(id) ?? emptyNetwork()
    networks.set(id, network)
    return network
  }
  const drop = (network: Network, name: string): void => {
    const link = network.links.get(name)
    network.links.delete(name)
    forget(network, name)
    if (link?.peer) drop(of(link.peer.id), link.peer.name)
  }
  namespaces.onGone(id => {
    for (const name of [...of(id).links.keys()]) drop(of(id), name)
    networks.delete(id)
  })
  const add = (network: Network, name: string, link: Omit<FakeLink, 'index' | 'up'>): void => {
    network.links.set(name, { ...link, index: ++lastIndex, up: false })
  }
  const create = (id: number, operation: Extract<LinkOp, { op: 'veth' | 'bridge' | 'vxlan' }>): string | undefined => {
    const network = of(id)
    const mtu = operation.mtu ?? 1500
    if (network.links.has(operation.name)) return 'EEXIST'
    const base = { kind: operation.op, mtu, mac: operation.mac ?? macOf(lastIndex) }
    if (operation.op !== 'veth') {
      add(network, operation.name, base)
      return undefined
    }
    const { peer } = operation
    if (of(peer.netns.fd).links.has(peer.name)) return 'EEXIST'
    add(network, operation.name, { ...base, peer: { id: peer.netns.fd, name: peer.name } })
    const other = { kind: 'veth', mtu, mac: peer.mac ?? macOf(lastIndex + 1000), peer: { id, name: operation.name } }
    add(of(peer.netns.fd), peer.name, other)
    return undefined
  }
  const one = (id: number, operation: LinkOp): string | undefined => {
    const network = of(id)
    switch (operation.op) {
      case 'veth':
      case 'bridge':
      case 'vxlan':
        return create(id, operation)
      case 'macvlan': {
        const parent = network.links.get(operation.parent)
        if (!parent) return 'ENODEV'
        if (of(operation.netns.fd).links.has(operation.name)) return 'EEXIST'
        add(of(operation.netns.fd), operation.name, { kind: 'macvlan', mtu: parent.mtu, mac: macOf(lastIndex) })
        return undefined
      }
      case 'delete':
        drop(network, operation.name)
        return undefined
      default:
        return change(network, operation)
    }
  }
  return {
    apply: (netns, operations) =>
      namespaces.within(netns, () => {
        for (const operation of operations) {
          const code = one(netns.fd, operation)
          const harmless = operation.op.endsWith('delete') || code === 'EEXIST'
          if (code !== undefined && !harmless) throw new LinkError(code, operation)
        }
      }),
    links: netns => [...of(netns.fd).links].map(([name, link]) => linkState(name, link, of(netns.fd))),
    addresses: netns => [...of(netns.fd).addresses.values()],
    routes: (netns, family) =>
      [...of(netns.fd).routes.values()]
        .filter(route => (route.to.includes(':') ? 6 : 4) === family)
        .map(({ type, onlink: _, ...route }) => (type === 'unicast' ? route : { ...route, isSpecial: true })),
    sysctlOf: (netns, name) => of(netns.fd).sysctls.get(name),
    sysctl: (netns, name, value) => void of(netns.fd).sysctls.set(name, value),
    neighbours: netns => [...of(netns.fd).neighbours].map(([key, mac]) => `${key} ${mac}`).sort(),
    forwarding: netns => [...of(netns.fd).forwarding].map(([key, via]) => `${key} via ${via}`).sort(),
    rules: netns => [...of(netns.fd).rules.values()].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    sysctls: netns => Object.fromEntries(of(netns.fd).sysctls),
  }
}

function emptyNetwork(): Network {
  const lo: FakeLink = { index: 1, kind: '', mtu: 65536, mac: '00:00:00:00:00:00', up: false }
  return {
    links: new Map([['lo', lo]]),
    addresses: new Map(),
    routes: new Map(),
    neighbours: new Map(),
    forwarding: new Map(),
    rules: new Map(),
    sysctls: new Map(),
  }
}

const macOf = (seed: number): string =>
  `02:00:00:00:${(seed >> 8).toString(16).padStart(2, '0')}:${(seed & 255).toString(16).padStart(2, '0')}`

const linkState = (name: string, link: FakeLink, { links }: Network): LinkState => ({
  name,
  index: link.index,
  up: link.up,
  mtu: link.mtu,
  mac: link.mac,
  kind: link.kind,
  ...masterOf(links.get(link.master ?? '')),
  rxPackets: 0,
  txPackets: 0,
})

const masterOf = (master: FakeLink | undefined): Pick<LinkState, 'master'> => (master ? { master: master.index } : {})

/** What goes with a link. */
function forget(network: Network, name: string): void {
  for (const [key, address] of network.addresses) if (address.link === name) network.addresses.delete(key)
  for (const [key, route] of network.routes) if (route.dev === name) network.routes.delete(key)
  for (const table of [network.neighbours, network.forwarding])
    for (const key of table.keys()) if (key.startsWith(`${name} `)) table.delete(key)
}

/** The errno name of a refusal, or undefined. */
function change(network: Network, operation: LinkOp): string | undefined {
  switch (operation.op) {
    case 'up':
    case 'down':
      return onLink(network, operation.name, link => {
        link.up = operation.op === 'up'
        if (!link.up)
          for (const [key, route] of network.routes) if (route.dev === operation.name) network.routes.delete(key)
      })
    case 'mtu':
      return onLink(network, operation.name, link => {
        link.mtu = operation.mtu
      })
    case 'master':
      if (!network.links.has(operation.master)) return 'ENODEV'
      return onLink(network, operation.name, link => {
        link.master = operation.master
      })
    case 'address':
    case 'address-delete':
      return changeAddress(network, operation)
    case 'neighbour':
    case 'neighbour-delete':
      return onLink(network, operation.dev, () =>
        put(network.neighbours, operation.op === 'neighbour', `${operation.dev} ${operation.address}`, operation.mac),
      )
    case 'fdb':
    case 'fdb-delete':
      return onLink(network, operation.dev, () =>
        put(network.forwarding, operation.op === 'fdb', `${operation.dev} ${operation.mac}`, operation.via),
      )
    case 'rule':
    case 'rule-delete':
      return put(network.rules, operation.op === 'rule', ruleText(operation), ruleText(operation))
    case 'route':
    case 'route-replace':
    case 'route-delete':
      return changeRoute(network, operation)
    default:
      return undefined
  }
}

function onLink(network: Network, name: string, use: (link: FakeLink) => void): string | undefined {
  const link = network.links.get(name)
  if (!link) return 'ENODEV'
  use(link)
  return undefined
}

function put(table: Map<string, string>, adding: boolean, key: string, value: string): undefined {
  if (adding) table.set(key, value)
  else table.delete(key)
}

type AddressOp = Extract<LinkOp, { readonly op: 'address' | 'address-delete' }>
function changeAddress(network: Network, operation: AddressOp): string | undefined {
  const { name, address, bits } = operation
  const key = `${name} ${address}/${bits}`
  return onLink(network, name, () => {
    if (operation.op === 'address') network.addresses.set(key, { link: name, address, bits })
    else network.addresses.delete(key)
  })
}

type RouteOp = Extract<LinkOp, { readonly op: 'route' | 'route-replace' | 'route-delete' }>
function changeRoute(network: Network, operation: RouteOp): string | undefined {
  const key = `${operation.table ?? 254} ${destination(operation)}`
  if (operation.op === 'route-delete') {
    network.routes.delete(key)
    return undefined
  }
  if (operation.op === 'route' && network.routes.has(key)) return 'EEXIST'
  const dev = operation.dev ?? (operation.via ? connected(network, operation.via) : undefined)
  const type = operation.type ?? 'unicast'
  if (operation.dev !== undefined && !network.links.has(operation.dev)) return 'ENODEV'
  if (operation.dev !== undefined && !network.links.get(operation.dev)!.up) return 'ENETDOWN'
  if (operation.via && !operation.onlink && connected(network, operation.via) === undefined) return 'ENETUNREACH'
  network.routes.set(key, {
    to: destination(operation),
    ...(operation.via ? { via: operation.via } : {}),
    ...(dev === undefined ? {} : { dev }),
    table: operation.table ?? 254,
    type,
    onlink: operation.onlink ?? false,
  })
  return undefined
}

function destination(operation: { readonly to?: Cidr; readonly family?: 4 | 6; readonly via?: Ip }): string {
  if (operation.to) return cidrText(operation.to)
  const family = operation.family ?? (operation.via ? familyOf(operation.via) : 4)
  return family === 4 ? '0.0.0.0/0' : '::/0'
}

/** The link whose own network, or a route to it, holds the address. */
function connected(network: Network, address: Ip): string | undefined {
  for (const { link, address: own, bits } of network.addresses.values())
    if (network.links.get(link)?.up && contains(cidr(`${own}/${bits}`), address)) return link
  return [...network.routes.values()].find(
    route => !route.via && route.to === `${address}/${address.includes(':') ? 128 : 32}`,
  )?.dev
}

const ruleText = (rule: Extract<LinkOp, { readonly op: 'rule' | 'rule-delete' }>): string => {
  const mark = rule.mark === undefined ? '' : ` mark ${rule.mark}/${rule.mask ?? 0xffffffff}`
  const from = rule.from ? ` from ${cidrText(rule.from)}` : ''
  const to = rule.to ? ` to ${cidrText(rule.to)}` : ''
  return `${rule.priority}:${from}${to}${mark} table ${rule.table} family ${rule.family}`
}

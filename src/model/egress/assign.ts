import type { EgressIP, EgressIPStatusItem } from '../../api/ovn/egress-ip.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'
import type { EgressNode } from './nodes.ts'
import { ASSIGNABLE, hasRoom, isOnNetworkOf } from './nodes.ts'

/** Its addresses stay where they are, though others would be emptier: "false" switches that off for one EgressIP. */
export const REBALANCE = 'fairlead.dev/egress-rebalance'

/** What is told of an EgressIP as a Warning event. Reasons are upstream's. */
export interface Note {
  readonly egressIP: string
  readonly reason: string
  readonly message: string
}

export interface EgressWorld {
  readonly egressIPs: readonly EgressIP[]
  readonly nodes: readonly EgressNode[]
  readonly lost: ReadonlySet<string>
  /** Addresses that are somebody else's: what is told of whose. */
  readonly inUse: ReadonlyMap<Ip, string>
  /** Nodes to which addresses may be moved for balance; absent: none are moved. */
  readonly movable?: ReadonlySet<string>
}

export interface Assignment {
  /** By the EgressIP's name, in the order of its spec. */
  readonly items: ReadonlyMap<string, readonly EgressIPStatusItem[]>
  readonly notes: readonly Note[]
}

/** Elder first: who came first has an address, and serves a pod. */
export const byAge = (a: EgressIP, b: EgressIP): number => {
  const text = ({ metadata }: EgressIP): string => `${metadata.creationTimestamp} ${metadata.name}`
  return text(a) < text(b) ? -1 : 1
}

/** The addresses that can be read, each once. */
export const addressesOf = ({ spec }: EgressIP): readonly Ip[] => [
  ...new Set((spec.egressIPs ?? []).flatMap(text => parseIp(text) ?? [])),
]

/**
 * Which node has which address. What stands stays while it may; what has no node goes to the one with the fewest addresses, no two
 * of one EgressIP to one node; when `movable` says so, at most one address moves to where there are at least two fewer.
 */
export function assign(world: EgressWorld): Assignment {
  const state = createState(world)
  const all = world.egressIPs.filter(({ metadata }) => !metadata.deletionTimestamp).toSorted(byAge)
  for (const one of all) claim(one, state)
  for (const one of all) keep(one, state)
  for (const one of all) fill(one, state)
  if (world.movable) balance(all, state, world.movable)
  const items = new Map(all.map(one => [one.metadata.name, itemsOf(one, state)]))
  return { items, notes: [...state.notes, ...all.flatMap(one => unassigned(one, state))] }
}

interface State {
  readonly world: EgressWorld
  /** Nodes that may have addresses at all. */
  readonly fit: readonly EgressNode[]
  /** Whose an address is, where it may be given at all. */
  readonly owners: Map<Ip, string>
  readonly places: Map<Ip, string>
  readonly notes: Note[]
}

function createState(world: EgressWorld): State {
  const fit = world.nodes.filter(({ isAssignable, isReady, name }) => isAssignable && isReady && !world.lost.has(name))
  return { world, fit, owners: new Map(), places: new Map(), notes: [] }
}

function claim(one: EgressIP, { world, owners, notes }: State): void {
  const { name } = one.metadata
  const note = (reason: string, message: string): void => void notes.push({ egressIP: name, reason, message })
  for (const text of one.spec.egressIPs ?? [])
    if (!parseIp(text)) note('InvalidEgressIP', `${JSON.stringify(text)} is not an IP address: it is given to no node`)
  for (const address of addressesOf(one)) {
    const user = world.inUse.get(address)
    const owner = owners.get(address)
    if (user) note('EgressIPConflict', `${address} is the address of ${user}: it is given to no node`)
    else if (owner) note('UnsupportedRequest', `${address} is asked for by EgressIP ${owner} already`)
    else owners.set(address, name)
  }
}

const own = (one: EgressIP, { owners }: State): readonly Ip[] =>
  addressesOf(one).filter(address => owners.get(address) === one.metadata.name)

const on = (node: string, { places }: State): readonly Ip[] =>
  [...places].filter(([, name]) => name === node).map(([address]) => address)

/** Whether the node may have this address of the EgressIP, beside what it has. */
function mayHave(node: EgressNode, one: EgressIP, address: Ip, state: State): boolean {
  const siblings = own(one, state).filter(other => other !== address)
  return (
    isOnNetworkOf(node, address) &&
    siblings.every(other => state.places.get(other) !== node.name) &&
    hasRoom(node, on(node.name, state), address)
  )
}

function keep(one: EgressIP, state: State): void {
  const mine = new Set(own(one, state))
  for (const { node: name, egressIP } of one.status?.items ?? []) {
    const address = parseIp(egressIP)
    const node = state.fit.find(each => each.name === name)
    if (address && node && mine.has(address) && !state.places.has(address) && mayHave(node, one, address, state))
      state.places.set(address, name)
  }
}

const emptiest = (state: State) => (a: EgressNode, b: EgressNode) =>
  on(a.name, state).length - on(b.name, state).length || (a.name < b.name ? -1 : 1)

function fill(one: EgressIP, state: State): void {
  for (const address of own(one, state)) {
    if (state.places.has(address)) continue
    const [node] = state.fit.filter(each => mayHave(each, one, address, state)).toSorted(emptiest(state))
    if (node) state.places.set(address, node.name)
  }
}

function balance(all: readonly EgressIP[], state: State, movable: ReadonlySet<string>): void {
  const targets = state.fit.filter(({ name }) => movable.has(name)).toSorted(emptiest(state))
  const sources = state.fit.toSorted(emptiest(state)).toReversed()
  for (const to of targets)
    for (const from of sources) {
      if (on(from.name, state).length - on(to.name, state).length < 2) break
      for (const one of all.filter(({ metadata }) => metadata.annotations?.[REBALANCE] !== 'false'))
        for (const address of own(one, state))
          if (state.places.get(address) === from.name && mayHave(to, one, address, state)) {
            state.places.set(address, to.name)
            return
          }
    }
}

const itemsOf = (one: EgressIP, state: State): readonly EgressIPStatusItem[] =>
  own(one, state).flatMap(address => {
    const node = state.places.get(address)
    return node === undefined ? [] : [{ node, egressIP: address }]
  })

function unassigned(one: EgressIP, state: State): readonly Note[] {
  const missing = own(one, state).filter(address => !state.places.has(address))
  if (missing.length === 0) return []
  const note = (reason: string, message: string): readonly Note[] => [{ egressIP: one.metadata.name, reason, message }]
  if (state.fit.length === 0)
    return note('NoMatchingNodeFound', `no node with the label ${ASSIGNABLE} is ready and reachable`)
  const outside = missing.filter(address => !state.world.nodes.some(node => isOnNetworkOf(node, address)))
  const why = outside.length > 0 ? `: ${outside.join(', ')} is in no node's network` : ': label more nodes'
  return note('UnassignedRequest', `${missing.join(', ')} has no node${why}`)
}

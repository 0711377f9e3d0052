import type { Cidr } from '../../../lib/cidr.ts'
import { cidrText, contains, nth, sizeOf } from '../../../lib/cidr.ts'
import type { Family, Ip } from '../../../lib/ip.ts'
import { familyOf, ipToBigint, parseIp } from '../../../lib/ip.ts'
import type { Pool } from './pool.ts'
import { addressBand, createPool, portBand } from './pool.ts'

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Which Service has which address and node port. Owners are storage keys. */
export interface Ledger {
  readonly families: readonly Family[]
  /** Networks that addresses come from, after those that the cluster began with. What is held in one that goes stays held. */
  setNetworks(networks: readonly Cidr[]): void
  /** undefined when it was taken; else what is wrong with the address. */
  takeAddress(text: string, owner: string): string | undefined
  /** Somebody has the address, whatever networks there are. */
  holdAddress(address: Ip, owner: string): void
  nextAddress(family: Family, owner: string): Ip | undefined
  /** undefined when it was taken; else what is wrong with the port. */
  takePort(port: number, owner: string): string | undefined
  nextPort(owner: string): number | undefined
  release(claim: Claim, owner: string): void
}

/** What one Service holds. */
export interface Claim {
  readonly addresses: readonly string[]
  readonly ports: readonly number[]
}

/** Larger networks are used up to here: the rest could never be needed. */
const MAX_ADDRESSES = 1 << 20

interface NetworkPool {
  readonly network: Cidr
  readonly pool: Pool
}

/** `seed`: where the first searches begin, so that what was given back before a restart is not given out at once after it. */
export function createLedger(first: readonly Cidr[], ports: PortRange, seed = 0): Ledger {
  const held = new Map<Ip, string>()
  let pools: readonly NetworkPool[] = first.map(network => ({ network, pool: addressPool(network, seed) }))
  const portPool = createPool({
    size: ports.last - ports.first + 1,
    staticBand: portBand(ports.last - ports.first + 1),
    start: seed,
  })
  /** Networks may lie in one another: an address counts in each. */
  const holding = (address: Ip) => pools.filter(({ network }) => contains(network, address))
  const hold = (address: Ip, owner: string): void => {
    held.set(address, owner)
    for (const { network, pool } of holding(address)) pool.take(indexIn(network, address), owner)
  }
  return {
    families: first.map(network => network.family),
    setNetworks(more) {
      const known = new Map(pools.map(one => [cidrText(one.network), one]))
      const wanted = new Map([...first, ...more].map(network => [cidrText(network), network]))
      pools = [...wanted].map(([text, network]) => known.get(text) ?? filledPool(network, held, seed))
    },
    takeAddress(text, owner) {
      const address = parseIp(text)
      if (address === undefined) return 'must be a valid IP address'
      const before = held.get(address)
      if (before === owner) return undefined
      if (holding(address).length === 0)
        return `failed to allocate IP ${text}: the provided network does not match the current range`
      if (before !== undefined) return `failed to allocate IP ${text}: provided IP is already allocated`
      hold(address, owner)
      return undefined
    },
    holdAddress(address, owner) {
      if (!held.has(address)) hold(address, owner)
    },
    nextAddress(family, owner) {
      for (const { network, pool } of pools) {
        const index = network.family === family ? pool.next(owner) : undefined
        if (index === undefined) continue
        const address = nth(network, index)
        hold(address, owner)
        return address
      }
      return undefined
    },
    takePort(port, owner) {
      if (port < ports.first || port > ports.last)
        return `provided port is not in the valid range. The range of valid ports is ${ports.first}-${ports.last}`
      return portPool.take(port - ports.first, owner) ? undefined : 'provided port is already allocated'
    },
    nextPort(owner) {
      const index = portPool.next(owner)
      return index === undefined ? undefined : ports.first + index
    },
    release({ addresses, ports: given }, owner) {
      for (const text of addresses) {
        const address = parseIp(text)
        if (address === undefined || held.get(address) !== owner) continue
        held.delete(address)
        for (const { network, pool } of holding(address)) pool.release(indexIn(network, address), owner)
      }
      for (const port of given) portPool.release(port - ports.first, owner)
    },
  }
}

const indexIn = (network: Cidr, address: Ip): number => Number(ipToBigint(address) - ipToBigint(network.address))

function filledPool(network: Cidr, held: ReadonlyMap<Ip, string>, seed: number): NetworkPool {
  const pool = addressPool(network, seed)
  for (const [address, owner] of held) if (contains(network, address)) pool.take(indexIn(network, address), owner)
  return { network, pool }
}

function addressPool(network: Cidr, start: number): Pool {
  const all = sizeOf(network)
  const size = Number(all < MAX_ADDRESSES ? all : BigInt(MAX_ADDRESSES))
  // The network's own address is nobody's, and in IPv4 neither is the last one.
  const last = network.family === 4 && all <= MAX_ADDRESSES ? size - 1 : size
  const band = addressBand(size)
  return createPool({
    size,
    // The band counts from the first address that somebody can have.
    staticBand: band === 0 ? 0 : band + 1,
    reserved: index => index === 0 || index === last,
    start,
  })
}

export const familyName = (family: Family): 'IPv4' | 'IPv6' => (family === 4 ? 'IPv4' : 'IPv6')
export const familyOfText = (text: string): Family | undefined => {
  const address = parseIp(text)
  return address && familyOf(address)
}

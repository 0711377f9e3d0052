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
  /** undefined when it was taken; else what is wrong with the address. */
  takeAddress(text: string, owner: string): string | undefined
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

export function createLedger(networks: readonly Cidr[], ports: PortRange): Ledger {
  const pools = networks.map(network => ({ network, pool: addressPool(network) }))
  const portPool = createPool({
    size: ports.last - ports.first + 1,
    staticBand: portBand(ports.last - ports.first + 1),
  })
  const holding = (address: Ip) => pools.find(({ network }) => contains(network, address))
  const indexIn = (network: Cidr, address: Ip): number => Number(ipToBigint(address) - ipToBigint(network.address))
  return {
    families: networks.map(network => network.family),
    takeAddress(text, owner) {
      const address = parseIp(text)
      if (address === undefined) return 'must be a valid IP address'
      const found = holding(address)
      if (!found) {
        const ranges = pools.map(({ network }) => cidrText(network)).join(', ')
        return `failed to allocate IP ${text}: the provided IP (${text}) is not in the valid range. The range of valid IPs is ${ranges}`
      }
      if (found.pool.take(indexIn(found.network, address), owner)) return undefined
      return `failed to allocate IP ${text}: provided IP is already allocated`
    },
    nextAddress(family, owner) {
      const found = pools.find(({ network }) => network.family === family)
      const index = found?.pool.next(owner)
      return index === undefined ? undefined : nth(found!.network, index)
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
    release({ addresses, ports: held }, owner) {
      for (const text of addresses) {
        const address = parseIp(text)
        const found = address && holding(address)
        if (found) found.pool.release(indexIn(found.network, address), owner)
      }
      for (const port of held) portPool.release(port - ports.first, owner)
    },
  }
}

function addressPool(network: Cidr): Pool {
  const all = sizeOf(network)
  const size = Number(all < MAX_ADDRESSES ? all : BigInt(MAX_ADDRESSES))
  // The network's own address is nobody's, and in IPv4 neither is the last one.
  const last = network.family === 4 && all <= MAX_ADDRESSES ? size - 1 : size
  return createPool({ size, staticBand: addressBand(size), reserved: index => index === 0 || index === last })
}

export const familyName = (family: Family): 'IPv4' | 'IPv6' => (family === 4 ? 'IPv4' : 'IPv6')
export const familyOfText = (text: string): Family | undefined => {
  const address = parseIp(text)
  return address && familyOf(address)
}

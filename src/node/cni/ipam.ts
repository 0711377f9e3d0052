import type { Cidr } from '../../lib/cidr.ts'
import { cidrText, contains, nth, parseCidr, sizeOf } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip, parseIp } from '../../lib/ip.ts'

/** One range of a node: where the next search begins, and who holds what. */
export interface Range {
  readonly cidr: Cidr
  /** Offset in the range at which the next search begins: a freed address rests until the range has been walked through. */
  readonly next: number
  readonly owners: ReadonlyMap<Ip, string>
}

/** Which pod holds which address of this node: the little that must outlive the agent. */
export interface Ledger {
  readonly ranges: readonly Range[]
}

/** .0 is the network, .1 the pods' gateway, .2 the node's management address. */
const FIRST = 3
/** IPv6 ranges hold more than can be counted: this many offsets are used. */
const MOST = 1 << 24

/** Offsets from FIRST to this one, exclusive: IPv4 keeps its broadcast address free. */
const endOf = (cidr: Cidr): number => {
  const size = sizeOf(cidr)
  return size > BigInt(MOST) ? MOST : Number(size) - (cidr.family === 4 ? 1 : 0)
}

export const emptyLedger = (cidrs: readonly Cidr[]): Ledger => ({
  ranges: cidrs.map(cidr => ({ cidr, next: FIRST, owners: new Map() })),
})

export const addressesOf = (ledger: Ledger, owner: string): readonly Ip[] =>
  ledger.ranges.flatMap(range => [...range.owners].filter(([, other]) => other === owner).map(([address]) => address))

export const ownersOf = (ledger: Ledger): ReadonlySet<string> =>
  new Set(ledger.ranges.flatMap(range => [...range.owners.values()]))

/**
 * One address of each range for the owner, in the ranges' order; an owner that has its addresses keeps them. Undefined
 * when a range is full: then nothing is taken.
 */
export function allocate(ledger: Ledger, owner: string): { ledger: Ledger; addresses: readonly Ip[] } | undefined {
  const ranges: Range[] = []
  const addresses: Ip[] = []
  for (const range of ledger.ranges) {
    const held = [...range.owners].find(([, other]) => other === owner)?.[0]
    const offset = held === undefined ? freeOffset(range) : undefined
    if (held === undefined && offset === undefined) return undefined
    const address = held ?? nth(range.cidr, offset!)
    addresses.push(address)
    ranges.push(
      offset === undefined ? range : { ...range, next: offset + 1, owners: new Map(range.owners).set(address, owner) },
    )
  }
  return { ledger: { ranges }, addresses }
}

function freeOffset(range: Range): number | undefined {
  const span = endOf(range.cidr) - FIRST
  for (let step = 0; step < span; step++) {
    const offset = FIRST + ((Math.max(range.next, FIRST) - FIRST + step) % span)
    if (!range.owners.has(nth(range.cidr, offset))) return offset
  }
  return undefined
}

export const release = (ledger: Ledger, owner: string): Ledger => ({
  ranges: ledger.ranges.map(range => ({
    ...range,
    owners: new Map([...range.owners].filter(([, other]) => other !== owner)),
  })),
})

/** Notes addresses that a pod is known to have, wherever they came from; those outside every range are passed over. */
export function adopt(ledger: Ledger, owner: string, addresses: readonly Ip[]): Ledger {
  const fits = (range: Range): Ip | undefined => addresses.find(address => contains(range.cidr, address))
  return {
    ranges: ledger.ranges.map(range => {
      const address = fits(range)
      return address === undefined ? range : { ...range, owners: new Map(range.owners).set(address, owner) }
    }),
  }
}

interface Stored {
  readonly ranges: readonly { readonly cidr: string; readonly next: number; readonly owners: Record<string, string> }[]
}

export const ledgerText = (ledger: Ledger): string =>
  JSON.stringify({
    ranges: ledger.ranges.map(({ cidr, next, owners }) => ({
      cidr: cidrText(cidr),
      next,
      owners: Object.fromEntries(owners),
    })),
  } satisfies Stored)

/** Reads what ledgerText wrote, for these ranges. What is damaged, or of a range the node no longer has, is left out. */
export function parseLedger(text: string, cidrs: readonly Cidr[]): Ledger {
  const stored = readStored(text)
  return {
    ranges: cidrs.map(cidr => {
      const old = stored.ranges.find(range => parseCidr(range.cidr)?.address === cidr.address)
      const owners = Object.entries(old?.owners ?? {}).filter(
        ([address, owner]) =>
          typeof owner === 'string' && parseIp(address) !== undefined && contains(cidr, ip(address)),
      )
      return {
        cidr,
        next: Number.isSafeInteger(old?.next) ? old!.next : FIRST,
        owners: new Map(owners.map(([address, owner]) => [ip(address), owner])),
      }
    }),
  }
}

function readStored(text: string): Stored {
  try {
    const value = JSON.parse(text) as Stored
    return Array.isArray(value?.ranges) ? value : { ranges: [] }
  } catch {
    return { ranges: [] }
  }
}

import type { Family, Ip } from './ip.ts'
import { familyOf, ipOf, ipToBigint, parseIp } from './ip.ts'

/** A network: `address` has no bits set beyond `bits`. */
export interface Cidr {
  readonly address: Ip
  readonly bits: number
  readonly family: Family
}

export const cidrText = (cidr: Cidr): string => `${cidr.address}/${cidr.bits}`

const widthOf = (family: Family): number => (family === 4 ? 32 : 128)
const maskOf = (bits: number, family: Family): bigint =>
  ((1n << BigInt(widthOf(family))) - 1n) ^ ((1n << BigInt(widthOf(family) - bits)) - 1n)

/** Undefined when the text is not a CIDR; host bits are cleared, as the kernel does. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text)
  const address = match ? parseIp(match[1]!) : undefined
  if (!match || address === undefined) return undefined
  const family = familyOf(address)
  const bits = Number(match[2])
  if (bits > widthOf(family)) return undefined
  return { address: ipOf(ipToBigint(address) & maskOf(bits, family), family), bits, family }
}

/** For text known to be valid; throws on other text. */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new Error(`not a CIDR: ${JSON.stringify(text)}`)
  return parsed
}

export const contains = (network: Cidr, address: Ip): boolean =>
  familyOf(address) === network.family &&
  (ipToBigint(address) & maskOf(network.bits, network.family)) === ipToBigint(network.address)

export const overlaps = (a: Cidr, b: Cidr): boolean =>
  a.family === b.family && (a.bits <= b.bits ? contains(a, b.address) : contains(b, a.address))

/** How many addresses the network holds. */
export const sizeOf = (network: Cidr): bigint => 1n << BigInt(widthOf(network.family) - network.bits)

/** The nth address of the network (0 is the network's own); throws beyond its end. */
export function nth(network: Cidr, index: number | bigint): Ip {
  if (BigInt(index) < 0n || BigInt(index) >= sizeOf(network))
    throw new Error(`${cidrText(network)} has no address ${index}`)
  return ipOf(ipToBigint(network.address) + BigInt(index), network.family)
}

/** The nth subnet of the given length; throws beyond the end. */
export function nthSubnet(network: Cidr, bits: number, index: number): Cidr {
  const step = 1n << BigInt(widthOf(network.family) - bits)
  const offset = step * BigInt(index)
  if (bits < network.bits || offset >= sizeOf(network))
    throw new Error(`${cidrText(network)} has no /${bits} number ${index}`)
  return { address: ipOf(ipToBigint(network.address) + offset, network.family), bits, family: network.family }
}

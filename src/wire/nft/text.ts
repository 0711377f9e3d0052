import type { Cidr } from '../../lib/cidr.ts'
import { cidrText } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'

/**
 * A piece of nft's language that is known to be well formed. Only this file makes one: from literal text in our own
 * source (the `nft` tag), and from values that were checked. Text from elsewhere has no other way in.
 */
export type NftText = string & { readonly '~nft': true }

/** What may stand between the literal parts of the `nft` tag. */
export type NftValue = NftText | Ip | Cidr | number

/** A value that may not stand in nft's language. */
export class NftRefusal extends Error {
  override readonly name = 'NftRefusal'
}

/** `nft` of literal source text and checked values: nft`ip saddr ${address} counter name ${name('x')} drop`. */
export function nft(parts: TemplateStringsArray, ...values: readonly NftValue[]): NftText {
  let text = parts[0]!
  for (let i = 0; i < values.length; i++) text += valueText(values[i]!) + parts[i + 1]!
  return text as NftText
}

const ADDRESS = /^[0-9a-f:.]+$/

/** An address as it stands in a rule. The type says it is one; what only pretends to be is refused here. */
export function addressText(address: Ip): NftText {
  if (!ADDRESS.test(address)) throw new NftRefusal(`not an address: ${JSON.stringify(address)}`)
  return address as string as NftText
}

export function numberText(value: number): NftText {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new NftRefusal(`not a number for nft: ${value}`)
  return String(value) as NftText
}

function valueText(value: NftValue): NftText {
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'string') return value as NftText
  addressText(value.address)
  return cidrText(value) as NftText
}

/** The name of a table, chain, map, set or counter. Throws NftRefusal on what nft would read as something else. */
export function name(text: string): NftText {
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/.test(text)) throw new NftRefusal(`not a name for nft: ${JSON.stringify(text)}`)
  return text as NftText
}

/** A name as a reference to a map or set. */
export const at = (text: string): NftText => `@${name(text)}` as NftText

/**
 * A quoted string: an interface name, or a comment. nft knows no escapes inside quotes, so quotes and backslashes are
 * refused, as are control characters. At most 128 bytes, the kernel's limit for comments.
 */
export function quoted(text: string): NftText {
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]{0,128}$/.test(text))
    throw new NftRefusal(`not a string for nft: ${JSON.stringify(text)}`)
  return `"${text}"` as NftText
}

/** `{ a, b, c }`; nft has no empty set, so that is refused. */
export function oneOf(values: readonly NftValue[]): NftText {
  if (values.length === 0) throw new NftRefusal('a set without elements')
  return `{ ${values.map(valueText).join(', ')} }` as NftText
}

/** A MAC as it stands in a rule: aa:bb:cc:dd:ee:ff. */
export function macText(mac: string): NftText {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) throw new NftRefusal(`not a MAC: ${JSON.stringify(mac)}`)
  return mac as NftText
}

/** Bytes as one number, as raw payload is compared. */
export const hexText = (bytes: Uint8Array): NftText => `0x${Buffer.from(bytes).toString('hex')}` as NftText

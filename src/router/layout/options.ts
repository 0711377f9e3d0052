import { type Cidr, cidr, cidrText } from '../../lib/cidr.ts'
import { ipBytes } from '../../lib/ip.ts'
import type { RouteFacts } from '../../model/routes/types.ts'
import { shortHash } from './keys.ts'

/**
 * The options of a Route as one value: server timeout | tunnel timeout | whether only some are allowed | the three limits |
 * Strict-Transport-Security; 0 where there is none. Undefined when it has no option.
 */
export function optionsOf(route: RouteFacts): string | undefined {
  const isTcp = route.termination === 'passthrough'
  const hsts = route.termination === 'edge' || route.termination === 'reencrypt' ? (route.hsts ?? '0') : '0'
  const { concurrent, connections, requests } = route.rates ?? {}
  const values = [
    isTcp ? 0 : (route.timeoutMs ?? 0),
    isTcp ? 0 : (route.tunnelMs ?? 0),
    route.allow ? 1 : 0,
    limit(concurrent),
    limit(connections),
    isTcp ? 0 : limit(requests),
    hsts,
  ]
  return values.every(value => value === 0 || value === '0') ? undefined : values.join('|')
}

/** A limit of 0 or less shuts everybody out, which is what 1 does: the first one counts already. */
const limit = (value: number | undefined): number => (value === undefined ? 0 : Math.max(1, value))

interface OptionMaps {
  readonly options: Map<string, string>
  readonly allow: Map<string, string>
}

/** The id of a Route's options; empty when it has none. An id's value never changes: other options have another id. */
export function layOutOptions(route: RouteFacts, { options, allow }: OptionMaps): string {
  const value = optionsOf(route)
  if (value === undefined) return ''
  const id = shortHash('options', route.key, value, ...(route.allow ?? []).map(cidrText))
  options.set(id, value)
  for (const network of route.allow ?? []) for (const key of prefixesOf(network)) allow.set(`${id}:${key}`, '1')
  return id
}

/**
 * Keys for a tree of prefixes of hexadecimal addresses: how many digits an address of the family has, then the first ones. A
 * length that is not a multiple of four bits becomes up to eight keys. IPv4 counts in its IPv6 form too.
 */
export function prefixesOf(network: Cidr): readonly string[] {
  const keys = hexPrefixes(network).map(prefix => `${network.family === 4 ? 8 : 32}:${prefix}`)
  if (network.family === 6) return keys
  const mapped = hexPrefixes(cidr(`::ffff:${network.address}/${96 + network.bits}`))
  return [...keys, ...mapped.map(prefix => `32:${prefix}`)]
}

function hexPrefixes({ address, bits }: Cidr): readonly string[] {
  const hex = [...ipBytes(address)]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
  const digits = Math.floor(bits / 4)
  const rest = bits % 4
  if (rest === 0) return [hex.slice(0, digits)]
  const first = Number.parseInt(hex[digits]!, 16)
  return Array.from(
    { length: 1 << (4 - rest) },
    (_, index) => hex.slice(0, digits) + (first + index).toString(16).toUpperCase(),
  )
}

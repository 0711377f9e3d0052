import { nth, parseCidr, sizeOf } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'

/** Where one port of an egress router leads. */
export interface RedirectRule {
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
  readonly to: Ip
  readonly targetPort: number
}

export interface RouterSettings {
  /** The address that outside hosts see, and its prefix; gateway and targets are of its family. */
  readonly address: Ip
  readonly bits: number
  readonly gateway: Ip
  readonly rules: readonly RedirectRule[]
  /** Where all other ports lead; absent: nowhere. */
  readonly fallback?: Ip
}

/** Settings that cannot be understood; the message names the setting and what it may be. */
export class RouterSettingsError extends Error {
  override readonly name = 'RouterSettingsError'
}

export const wrong = (setting: string, text: string, expected: string): RouterSettingsError =>
  new RouterSettingsError(`${setting}: ${text === '' ? 'missing' : JSON.stringify(text)}; it is to be ${expected}`)

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
export const portOf = (text: string, setting: string, line: string): number => {
  if (!isPort(text)) throw wrong(setting, line, 'a line with ports from 1 to 65535')
  return Number(text)
}

/** Lines of a setting without comments and empty ones. */
export const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map(line => line.replace(/#.*/, '').trim())
    .filter(line => line !== '')

/** "192.0.2.5" or "192.0.2.5/24"; IPv4 alone, as the older images. */
export function addressOf(text: string, setting: string): { readonly address: Ip; readonly bits: number } {
  const [, address = '', bits = '32'] = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(text) ?? []
  const parsed = parseIp(address)
  if (!parsed || Number(bits) > 32) throw wrong(setting, text, 'an IPv4 address, or one with its prefix')
  return { address: parsed, bits: Number(bits) }
}

export function ipv4Of(text: string, setting: string): Ip {
  const parsed = /^[\d.]+$/.test(text) ? parseIp(text) : undefined
  if (!parsed) throw wrong(setting, text, 'an IPv4 address')
  return parsed
}

/** The lowest address of the network that is not the router's own. */
export function gatewayIn(address: Ip, bits: number): Ip | undefined {
  const network = parseCidr(`${address}/${bits}`)
  // A network of two addresses has no other that could be meant.
  if (!network || sizeOf(network) < 4n) return undefined
  return [1, 2].map(index => nth(network, index)).find(candidate => candidate !== address)
}

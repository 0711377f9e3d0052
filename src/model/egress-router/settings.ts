import type { Cidr } from '../../lib/cidr.ts'
import { contains, nth, parseCidr } from '../../lib/cidr.ts'
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
  /** The address that outside hosts see, and its prefix. */
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

/** "192.0.2.5" or "192.0.2.5/24"; IPv4 alone, as upstream. */
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
  if (bits > 30) return undefined
  const network = [...Array(33).keys()].includes(bits) ? networkOf(address, bits) : undefined
  return network && [1, 2].map(index => nth(network, index)).find(candidate => candidate !== address)
}

function networkOf(address: Ip, bits: number): Cidr | undefined {
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const base = bits === 0 ? 0 : Math.floor(value / 2 ** (32 - bits)) * 2 ** (32 - bits)
  const text = [24, 16, 8, 0].map(shift => Math.floor(base / 2 ** shift) % 256).join('.')
  const parsed = parseCidr(`${text}/${bits}`)
  return parsed && contains(parsed, address) ? parsed : undefined
}

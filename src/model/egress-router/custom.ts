import type { EgressRouterSpec } from '../../api/network-operator/egress-router.ts'
import { parseCidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import type { RedirectRule, RouterSettings } from './settings.ts'
import { gatewayIn, RouterSettingsError, wrong } from './settings.ts'

/** On pods of the operator: which EgressRouter of their namespace they are. */
export const ROUTER_ANNOTATION = 'network.operator.openshift.io/egress-router'
export const ROUTER_LINK = 'net1'

/** What an EgressRouter says. Throws RouterSettingsError. */
export function routerSettings({ mode, redirect, addresses }: EgressRouterSpec): RouterSettings {
  if (mode !== 'Redirect') throw wrong('spec.mode', mode, 'Redirect')
  const [first, ...more] = addresses
  if (!first || more.length > 0) throw new RouterSettingsError('spec.addresses: it is to have one address')
  const { address, bits } = prefixedOf(first.ip, 'spec.addresses[0].ip')
  const addressIn = (text: string, setting: string): Ip => {
    const parsed = parseIp(text)
    if (!parsed || familyOf(parsed) !== familyOf(address))
      throw wrong(setting, text, `an IPv${familyOf(address)} address, as the router's own is`)
    return parsed
  }
  const gateway = first.gateway ? addressIn(first.gateway, 'spec.addresses[0].gateway') : gatewayIn(address, bits)
  if (!gateway) throw wrong('spec.addresses[0].gateway', '', 'given where the network has no other address')
  if (gateway === address) throw wrong('spec.addresses[0].gateway', gateway, "another address than the router's")
  const rules = (redirect?.redirectRules ?? []).map(
    ({ destinationIP, port, protocol, targetPort }, i): RedirectRule => {
      const to = addressIn(destinationIP, `spec.redirect.redirectRules[${i}].destinationIP`)
      return { protocol: protocol.toLowerCase() as RedirectRule['protocol'], port, to, targetPort: targetPort ?? port }
    },
  )
  const twice = rules.find((rule, i) => rules.findIndex(one => isSamePort(one, rule)) < i)
  if (twice)
    throw new RouterSettingsError(`spec.redirect.redirectRules: ${twice.port}/${twice.protocol} is there twice`)
  const fallback = redirect?.fallbackIP ? addressIn(redirect.fallbackIP, 'spec.redirect.fallbackIP') : undefined
  if (rules.length === 0 && !fallback) throw wrong('spec.redirect', '', 'redirectRules, a fallbackIP or both')
  return { address, bits, gateway, rules, ...(fallback ? { fallback } : {}) }
}

function prefixedOf(text: string, setting: string): { readonly address: Ip; readonly bits: number } {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const parsed = parseIp(address)
  if (!parsed || !parseCidr(text)) throw wrong(setting, text, 'an address with the length of its prefix')
  return { address: parsed, bits: Number(bits) }
}

const isSamePort = (a: RedirectRule, b: RedirectRule): boolean => a.port === b.port && a.protocol === b.protocol

import type { EgressRouterSpec } from '../../api/network-operator/egress-router.ts'
import type { RedirectRule, RouterSettings } from './settings.ts'
import { addressOf, gatewayIn, ipv4Of, RouterSettingsError, wrong } from './settings.ts'

/** On pods of the operator: which EgressRouter of their namespace they are. */
export const ROUTER_ANNOTATION = 'network.operator.openshift.io/egress-router'
export const ROUTER_LINK = 'net1'

/** What an EgressRouter says. Throws RouterSettingsError. */
export function routerSettings({ mode, redirect, addresses }: EgressRouterSpec): RouterSettings {
  if (mode !== 'Redirect') throw wrong('spec.mode', mode, 'Redirect')
  const [first, ...more] = addresses
  if (!first || more.length > 0) throw new RouterSettingsError('spec.addresses: it is to have one address')
  const { address, bits } = addressOf(first.ip, 'spec.addresses[0].ip')
  if (!first.ip.includes('/')) throw wrong('spec.addresses[0].ip', first.ip, 'an address with the length of its prefix')
  const gateway = first.gateway ? ipv4Of(first.gateway, 'spec.addresses[0].gateway') : gatewayIn(address, bits)
  if (!gateway) throw wrong('spec.addresses[0].gateway', '', 'given where the network has no other address')
  if (gateway === address) throw wrong('spec.addresses[0].gateway', gateway, "another address than the router's")
  const rules = (redirect?.redirectRules ?? []).map(
    ({ destinationIP, port, protocol, targetPort }, i): RedirectRule => {
      const to = ipv4Of(destinationIP, `spec.redirect.redirectRules[${i}].destinationIP`)
      return { protocol: protocol.toLowerCase() as RedirectRule['protocol'], port, to, targetPort: targetPort ?? port }
    },
  )
  const twice = rules.find((rule, i) => rules.findIndex(one => isSamePort(one, rule)) < i)
  if (twice)
    throw new RouterSettingsError(`spec.redirect.redirectRules: ${twice.port}/${twice.protocol} is there twice`)
  const fallback = redirect?.fallbackIP ? ipv4Of(redirect.fallbackIP, 'spec.redirect.fallbackIP') : undefined
  if (rules.length === 0 && !fallback) throw wrong('spec.redirect', '', 'redirectRules, a fallbackIP or both')
  return { address, bits, gateway, rules, ...(fallback ? { fallback } : {}) }
}

const isSamePort = (a: RedirectRule, b: RedirectRule): boolean => a.port === b.port && a.protocol === b.protocol

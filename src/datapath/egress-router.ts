import type { Cidr } from '../lib/cidr.ts'
import type { Ip } from '../lib/ip.ts'
import { familyOf } from '../lib/ip.ts'
import type { RouterSettings } from '../model/egress-router/settings.ts'
import type { Command, Table } from '../wire/nft/command.ts'
import { name, nft, quoted } from '../wire/nft/text.ts'
import type { LinkStep } from './links.ts'
import { EVERYWHERE } from './options.ts'
import { familyWord, newChain } from './shape.ts'

/** In the router's own namespace: nothing of the node's has a say there. */
export const ROUTER_TABLE: Table = { family: 'inet', name: 'fairlead-egress-router' }

/**
 * Connections that come by the pod's own link go on by the router's, from the router's address. Nothing that comes from
 * outside goes on into the cluster but answers. Source: egress-router-cni, and the script of the older images.
 */
export function routerTable({ address, rules, fallback }: RouterSettings, link: string): readonly Command[] {
  const inner = nft`iifname "eth0" ct state new`
  const family = familyOf(address)
  const ip = familyWord(family)
  const onward = [
    ...rules.map(
      ({ protocol, port, to, targetPort }) =>
        nft`${inner} ${name(protocol)} dport ${port} dnat ${ip} to ${family === 4 ? to : nft`[${to}]`}:${targetPort}`,
    ),
    ...(fallback === undefined ? [] : [nft`${inner} fib daddr type local dnat ${ip} to ${fallback}`]),
  ]
  const guard = [nft`iifname ${quoted(link)} ct state new,invalid drop`]
  const source = [nft`oifname ${quoted(link)} snat ${ip} to ${address}`]
  return [
    { do: 'add', what: 'table' },
    { do: 'delete', what: 'table' },
    { do: 'add', what: 'table' },
    ...newChain('onward', onward, { type: 'nat', hook: 'prerouting', priority: -100 }),
    ...newChain('forward', guard, { type: 'filter', hook: 'forward', priority: 0 }),
    ...newChain('source', source, { type: 'nat', hook: 'postrouting', priority: 100 }),
  ]
}

/** The way out by the router's link; the cluster's networks stay behind the pod's own gateway. */
export function routerSteps(
  { address, bits, gateway }: RouterSettings,
  link: string,
  inside: { readonly networks: readonly Cidr[]; readonly gateway: Ip },
): readonly LinkStep[] {
  const family = familyOf(address)
  const to = EVERYWHERE[family]
  const own = inside.networks.filter(network => network.family === family)
  return [
    { op: 'address', name: link, address, bits },
    { op: 'up', name: link },
    ...own.map((to): LinkStep => ({ op: 'route-replace', to, via: inside.gateway, dev: 'eth0', onlink: true, family })),
    { op: 'route-delete', dev: 'eth0', family, to },
    { op: 'route-replace', dev: link, via: gateway, onlink: true, family, to },
  ]
}

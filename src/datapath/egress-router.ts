import type { Cidr } from '../lib/cidr.ts'
import type { Ip } from '../lib/ip.ts'
import { familyOf } from '../lib/ip.ts'
import type { RouterSettings } from '../model/egress-router/settings.ts'
import type { Command, Table } from '../wire/nft/command.ts'
import type { NftText } from '../wire/nft/text.ts'
import { name, nft, quoted } from '../wire/nft/text.ts'
import type { LinkStep } from './links.ts'
import { EVERYWHERE } from './options.ts'
import { familyWord } from './shape.ts'

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
  return [
    { do: 'add', what: 'table' },
    { do: 'delete', what: 'table' },
    { do: 'add', what: 'table' },
    ...chain('onward', 'nat', 'prerouting', -100, [
      ...rules.map(
        ({ protocol, port, to, targetPort }) =>
          nft`${inner} ${name(protocol)} dport ${port} dnat ${ip} to ${family === 4 ? to : nft`[${to}]`}:${targetPort}`,
      ),
      ...(fallback === undefined ? [] : [nft`${inner} fib daddr type local dnat ${ip} to ${fallback}`]),
    ]),
    ...chain('forward', 'filter', 'forward', 0, [nft`iifname ${quoted(link)} ct state new,invalid drop`]),
    ...chain('source', 'nat', 'postrouting', 100, [nft`oifname ${quoted(link)} snat ${ip} to ${address}`]),
  ]
}

function chain(
  text: string,
  type: 'nat' | 'filter',
  hook: 'prerouting' | 'forward' | 'postrouting',
  priority: number,
  rules: readonly NftText[],
): readonly Command[] {
  return [
    { do: 'add', what: 'chain', name: text, hook: { type, hook, priority } },
    ...rules.map((rule): Command => ({ do: 'add', what: 'rule', chain: text, rule })),
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

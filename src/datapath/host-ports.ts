import type { Family, Ip } from '../lib/ip.ts'
import { familyOf } from '../lib/ip.ts'
import type { Command, Table } from '../wire/nft/command.ts'
import type { NftText } from '../wire/nft/text.ts'
import { at, name, nft, quoted } from '../wire/nft/text.ts'
import { PLACES } from './marks.ts'
import { POD_LINKS } from './options.ts'
import { chain, familyWord, mapName } from './shape.ts'

/** One port of the node that leads to a pod on it. Without `hostIp`: on every address of the node. */
export interface HostPort {
  readonly hostIp?: Ip
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly hostPort: number
  readonly address: Ip
  readonly port: number
}

export const HOST_PORTS_TABLE: Table = { family: 'inet', name: 'fairlead-host-ports' }

const FAMILIES: readonly Family[] = [4, 6]
const addressType = (family: Family): NftText => (family === 4 ? nft`ipv4_addr` : nft`ipv6_addr`)

/**
 * The table without what is in its maps. Adding what is there changes nothing. managements: whom the node's own packets to
 * pods come from. Source of the rules: the portmap plugin (pods that reach themselves are `forward`'s matter).
 */
export function hostPortTable(managements: readonly Ip[]): readonly Command[] {
  const v4 = managements.find(address => familyOf(address) === 4)
  return [
    { do: 'add', what: 'table' },
    ...FAMILIES.flatMap(maps),
    ...chain('to-host-port', FAMILIES.flatMap(lookups)),
    ...chain(PLACES.hostPort.chain, [nft`fib daddr type local jump to-host-port`], PLACES.hostPort),
    ...chain(PLACES.hostPortOutput.chain, [nft`fib daddr type local jump to-host-port`], PLACES.hostPortOutput),
    ...chain(
      PLACES.hostPortSource.chain,
      v4 ? [nft`oifname ${quoted(POD_LINKS)} ip saddr 127.0.0.0/8 ct status dnat snat ip to ${v4} fully-random`] : [],
      PLACES.hostPortSource,
    ),
    ...chain(
      PLACES.loopbackGuard.chain,
      [nft`iifname ${quoted(POD_LINKS)} ip daddr 127.0.0.0/8 ct direction original drop`],
      PLACES.loopbackGuard,
    ),
  ]
}

/** All that leads to pods, in place of what did so before. No two may have the same port. */
export function hostPortElements(ports: readonly HostPort[]): readonly Command[] {
  const maps = FAMILIES.flatMap(family => [mapName('any', family), mapName('exact', family)])
  return [
    ...maps.map((map): Command => ({ do: 'flush', what: 'map', name: map })),
    ...ports.map((port): Command => {
      const family = familyOf(port.address)
      const key = nft`${name(port.protocol)} . ${port.hostPort}`
      const value = nft`${port.address} . ${port.port}`
      return port.hostIp === undefined
        ? { do: 'add', what: 'element', of: mapName('any', family), elements: [{ key, value }] }
        : {
            do: 'add',
            what: 'element',
            of: mapName('exact', family),
            elements: [{ key: nft`${port.hostIp} . ${key}`, value }],
          }
    }),
  ]
}

function maps(family: Family): readonly Command[] {
  const type = addressType(family)
  const to = nft`${type} . inet_service;`
  return [
    {
      do: 'add',
      what: 'map',
      name: mapName('exact', family),
      definition: nft`type ${type} . inet_proto . inet_service : ${to}`,
    },
    { do: 'add', what: 'map', name: mapName('any', family), definition: nft`type inet_proto . inet_service : ${to}` },
  ]
}

/** A port on one address before the same on all. */
function lookups(family: Family): readonly NftText[] {
  const ip = familyWord(family)
  const transports = nft`meta nfproto ${name(family === 4 ? 'ipv4' : 'ipv6')} meta l4proto { tcp, udp, sctp }`
  return [
    nft`${transports} dnat ${ip} addr . port to ${ip} daddr . meta l4proto . th dport map ${at(mapName('exact', family))}`,
    nft`${transports} dnat ${ip} addr . port to meta l4proto . th dport map ${at(mapName('any', family))}`,
  ]
}

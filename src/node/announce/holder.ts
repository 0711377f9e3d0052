import type { ArpDriver } from '../../host/arp/mod.ts'
import type { AddressState, LinkDriver } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { contains, parseCidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'

/** The node that speaks, and its address on the machine network. */
export interface AnnounceOptions {
  readonly node: string
  readonly netns: Netns
  readonly address: Ip
}

/** The kernel's part of holding an address. */
export interface Holder {
  hold(address: Ip): void
  release(address: Ip): void
  /** Says on the machine network where the address is. */
  tell(address: Ip): void
  /** Those of the given addresses that the node holds already. */
  among(addresses: ReadonlySet<string>): readonly Ip[]
}

/** Where IPv4 addresses are put: on no link of the machine network, so that nothing is sent from them. */
const LOOPBACK = 'lo'

/** It tells of a network: it is not of its link alone, and not one that is held for others. */
export const isOfNetwork = ({ address, bits }: AddressState): boolean =>
  bits < (familyOf(address) === 4 ? 32 : 128) && !/^fe[89ab]/.test(address)

export function createHolder(
  { link, arp }: { readonly link: LinkDriver; readonly arp: ArpDriver },
  { netns, address: own }: AnnounceOptions,
): Holder {
  /** The link whose network the address is of; else that of the machine network. */
  const linkOf = (address: Ip): string | undefined => {
    const all = link.addresses(netns)
    const near = all.find(one => isOfNetwork(one) && contains(parseCidr(`${one.address}/${one.bits}`)!, address))
    return (near ?? all.find(one => one.address === own))?.link
  }
  // ARP is answered for any address of the node, neighbour solicitations only for those of the link that they come by.
  const placeOf = (address: Ip): { readonly name: string; readonly address: Ip; readonly bits: number } =>
    familyOf(address) === 4
      ? { name: LOOPBACK, address, bits: 32 }
      : { name: linkOf(address) ?? LOOPBACK, address, bits: 128 }
  return {
    hold: address =>
      link.apply(netns, [
        { op: 'address', ...placeOf(address), ...(familyOf(address) === 6 ? { isDeprecated: true } : {}) },
      ]),
    release: address => link.apply(netns, [{ op: 'address-delete', ...placeOf(address) }]),
    tell(address) {
      const name = linkOf(address)
      const found = link.links(netns).find(one => one.name === name)
      if (found) arp.announce(netns, found, address)
    },
    among: addresses =>
      link
        .addresses(netns)
        .filter(one => addresses.has(one.address))
        .map(one => one.address),
  }
}

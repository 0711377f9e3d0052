import type { Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'

/** Tells a link's neighbours where an address is now. */
export interface ArpDriver {
  /**
   * Sends a gratuitous ARP request and reply (RFC 5227 3) for an IPv4 address, an unsolicited neighbour advertisement (RFC 4861
   * 7.2.6) for an IPv6 one, from the link's own MAC. Throws ENODEV, EPERM.
   */
  announce(netns: Netns, link: { readonly name: string; readonly mac: string }, address: Ip): void
}

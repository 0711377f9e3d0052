import type { Cidr } from '../../lib/cidr.ts'
import { cidrText, contains, parseCidr } from '../../lib/cidr.ts'
import type { ServiceCIDR } from './service-cidr.ts'

/** Ready: Services get addresses from it. One that is being deleted gives none any more, but what it gave is still in use. */
export const isReady = ({ metadata, status }: ServiceCIDR): boolean =>
  !metadata.deletionTimestamp &&
  (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')

/** The networks of ServiceCIDRs, each once, in an order of their own; what cannot be read is left out. */
export function networksOf(objects: readonly ServiceCIDR[]): readonly Cidr[] {
  const found = new Map<string, Cidr>()
  for (const { spec } of objects)
    for (const text of spec?.cidrs ?? []) {
      const network = parseCidr(text)
      if (network) found.set(cidrText(network), network)
    }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, network]) => network)
}

/** All of them, without those that lie in another. */
export function widestOf(networks: readonly Cidr[]): readonly Cidr[] {
  const kept: Cidr[] = []
  for (const network of networks.toSorted((a, b) => a.bits - b.bits))
    if (!kept.some(wider => wider.family === network.family && contains(wider, network.address))) kept.push(network)
  return kept
}

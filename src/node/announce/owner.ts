import type { Ip } from '../../lib/ip.ts'
import type { Announcement } from '../../model/services/announce.ts'

/** What each node that lives announces: this one included. */
export type Neighbourhood = ReadonlyMap<string, ReadonlySet<Ip>>

/**
 * The node that is to announce: a living candidate that does so already (an address does not move back by itself), the
 * preferred one when two do, else the preferred one that lives. Every node comes to the same answer.
 */
export function ownerOf({ address, candidates }: Announcement, neighbours: Neighbourhood): string | undefined {
  const alive = candidates.filter(name => neighbours.has(name))
  return alive.find(name => neighbours.get(name)?.has(address)) ?? alive[0]
}

import type { Ip } from '../../lib/ip.ts'
import type { Announcement } from '../../model/services/announce.ts'

/** Who lives, and what they announce: this node included. */
export interface Neighbourhood {
  isAlive(name: string): boolean
  announcedBy(name: string): ReadonlySet<Ip>
}

/**
 * The node that is to announce: a living candidate that does so already (an address does not move back by itself), the
 * preferred one when two do, else the preferred one that lives. Every node comes to the same answer.
 */
export function ownerOf({ address, candidates }: Announcement, neighbours: Neighbourhood): string | undefined {
  const alive = candidates.filter(neighbours.isAlive)
  return alive.find(name => neighbours.announcedBy(name).has(address)) ?? alive[0]
}

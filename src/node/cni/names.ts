import { createHash } from 'node:crypto'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, ipBytes } from '../../lib/ip.ts'

/** The namespace under /run/netns: new for each pod, also for one that takes another's name. */
export const netnsOf = (podUid: string): string => `pod-${podUid}`

/** The node's end of a pod's link: at most 15 characters, and all of a node's pods match `pod*`. */
export const linkOf = (podUid: string): string => `pod${createHash('sha256').update(podUid).digest('hex').slice(0, 11)}`

/** As OVN-Kubernetes makes them: 0a:58 and the IPv4 address, or 32 bits of a hash for IPv6. */
export function macOf(address: Ip): string {
  const bytes =
    familyOf(address) === 4 ? ipBytes(address) : createHash('sha256').update(address).digest().subarray(0, 4)
  return [0x0a, 0x58, ...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':')
}

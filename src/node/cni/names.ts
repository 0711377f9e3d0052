import { createHash } from 'node:crypto'

/** The namespace under /run/netns: new for each pod, also for one that takes another's name. */
export const netnsOf = (podUid: string): string => `pod-${podUid}`

/** The node's end of a pod's link: at most 15 characters, and all of a node's pods match `pod*`. */
export const linkOf = (podUid: string): string => `pod${createHash('sha256').update(podUid).digest('hex').slice(0, 11)}`

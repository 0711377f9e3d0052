import type { EventRecorder } from '../../client/events.ts'
import type { Conntrack } from '../../host/conntrack/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ProxyMetrics } from './proxy-metrics.ts'

/** How often the kernel is asked; reading is two small files. */
const LOOK_MS = 10_000
/** Above this share the kernel has begun to throw out what nobody has answered. */
const FULL = 0.95

export interface RoomDeps {
  readonly conntrack: Conntrack
  readonly metrics: ProxyMetrics
  readonly clock: Clock
  readonly events?: EventRecorder
}

/** Tells when the kernel has no room for new connections, which it drops without a word to anybody. Returns the way to stop. */
export function watchRoom({ conntrack, metrics, clock, events }: RoomDeps, node: string): () => void {
  let droppedBefore = conntrack.room()?.dropped ?? 0
  const look = (): void => {
    cancel = clock.after(LOOK_MS, look)
    const room = conntrack.room()
    if (!room) return
    metrics.connections(room)
    const dropped = room.dropped - droppedBefore
    droppedBefore = room.dropped
    // The kernel also drops for other reasons, one packet now and then.
    if (room.count < room.max * FULL) return
    const lost = dropped > 0 ? `; ${dropped} packets of new ones were dropped in the last ${LOOK_MS / 1000} s` : ''
    events?.record(
      { apiVersion: 'v1', kind: 'Node', name: node },
      'Warning',
      'ConntrackFull',
      `nf_conntrack is full: ${room.count} connections of at most ${room.max}${lost}. Raise net.netfilter.nf_conntrack_max`,
    )
  }
  let cancel = clock.after(0, look)
  return () => cancel()
}

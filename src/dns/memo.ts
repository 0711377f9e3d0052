import type { Handled } from './handle.ts'
import type { Counter } from './metrics.ts'

const MAX_ENTRIES = 16_384
/** Longer queries carry options that differ from client to client. */
const MAX_QUERY_BYTES = 128

/** The reply to a query, as bytes but for their identifier, and where such replies are counted. */
export interface Remembered {
  readonly bytes: Buffer
  readonly counter: Counter
}

/**
 * Replies over UDP to queries that are equal but for their identifier. Not a cache of names: what could be another reply
 * now is dropped in the turn in which something changes, and what others said never enters it.
 */
export interface Memo {
  /** `length`: of the query in the packet. */
  find(packet: Buffer, length: number): Remembered | undefined
  keep(packet: Buffer, handled: Handled, counter: Counter): void
  clear(): void
  /** Drops the replies for the names of one Service ("namespace/name"), and all those that are not one Service's. */
  forget(service: string): void
}

/** `domain`: "cluster.local". */
export function createMemo(domain = 'cluster.local'): Memo {
  const replies = new Map<string, Remembered>()
  const byService = new Map<string, Set<string>>()
  const suffix = `.svc.${domain}.`
  const drop = (service: string): void => {
    for (const key of byService.get(service) ?? []) replies.delete(key)
    byService.delete(service)
  }
  return {
    find: (packet, length) =>
      length > MAX_QUERY_BYTES ? undefined : replies.get(packet.toString('latin1', ID_BYTES, length)),
    keep(packet, { bytes, query, reply, isVolatile }, counter) {
      if (!query || isVolatile || packet.length > MAX_QUERY_BYTES || replies.size >= MAX_ENTRIES) return
      const key = packet.toString('latin1', ID_BYTES)
      replies.set(key, { bytes, counter })
      const service = serviceOf(reply.questions[0]?.name.toLowerCase() ?? '', suffix)
      const keys = byService.get(service)
      if (keys) keys.add(key)
      else byService.set(service, new Set([key]))
    },
    clear() {
      replies.clear()
      byService.clear()
    },
    forget(service) {
      drop(service)
      drop(NOBODY)
    },
  }
}

const ID_BYTES = 2
const NOBODY = ''

/** Whose name it is: that of the last two labels before svc.<domain>. */
function serviceOf(name: string, suffix: string): string {
  if (!name.endsWith(suffix)) return NOBODY
  const [service, namespace] = name.slice(0, -suffix.length).split('.').slice(-2)
  return namespace === undefined ? NOBODY : `${namespace}/${service}`
}

import type { Handled, Transport } from './handle.ts'

const MAX_ENTRIES = 16_384
/** Longer queries carry options that differ from client to client. */
const MAX_QUERY_BYTES = 128

/**
 * Replies to queries that are equal but for their identifier, as bytes. Not a cache of names: what could be another reply
 * now is dropped in the turn in which something changes, and what others said never enters it.
 */
export interface Memo {
  through(
    packet: Buffer,
    transport: Transport,
    isSynced: boolean,
    make: () => Handled | undefined | Promise<Handled>,
  ): Handled | undefined | Promise<Handled>
  clear(): void
  /** Drops the replies for the names of one Service ("namespace/name"), and all those that are not one Service's. */
  forget(service: string): void
}

/** `domain`: "cluster.local". */
export function createMemo(domain = 'cluster.local'): Memo {
  const replies = new Map<string, Handled>()
  const byService = new Map<string, Set<string>>()
  const suffix = `.svc.${domain}.`
  const remember = (key: string, made: Handled): void => {
    replies.set(key, made)
    const service = serviceOf(made.reply.questions[0]?.name.toLowerCase() ?? '', suffix)
    const keys = byService.get(service)
    if (keys) keys.add(key)
    else byService.set(service, new Set([key]))
  }
  const drop = (service: string): void => {
    for (const key of byService.get(service) ?? []) replies.delete(key)
    byService.delete(service)
  }
  return {
    through(packet, transport, isSynced, make) {
      // While a cache fills up "unknown" is not worth keeping.
      if (!isSynced || packet.length < 12 || packet.length > MAX_QUERY_BYTES) return make()
      const key = transport + packet.toString('latin1', 2)
      const known = replies.get(key)
      if (known) return withId(known, packet)
      const made = make()
      if (made && !(made instanceof Promise) && made.query && !made.isVolatile && replies.size < MAX_ENTRIES)
        remember(key, made)
      return made
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

const NOBODY = ''

/** Whose name it is: that of the last two labels before svc.<domain>. */
function serviceOf(name: string, suffix: string): string {
  if (!name.endsWith(suffix)) return NOBODY
  const [service, namespace] = name.slice(0, -suffix.length).split('.').slice(-2)
  return namespace === undefined ? NOBODY : `${namespace}/${service}`
}

function withId(known: Handled, packet: Buffer): Handled {
  const bytes = Buffer.from(known.bytes)
  bytes[0] = packet[0]!
  bytes[1] = packet[1]!
  return { ...known, reply: { ...known.reply, id: packet.readUInt16BE(0) }, bytes }
}

import type { Handled, Transport } from './handle.ts'

const MAX_ENTRIES = 16_384
/** Longer queries carry options that differ from client to client. */
const MAX_QUERY_BYTES = 128

/**
 * Replies to queries that are equal but for their identifier, as bytes. Not a cache of names: it is emptied in the turn in
 * which anything changes, and what others said never enters it.
 */
export interface Memo {
  through(
    packet: Buffer,
    transport: Transport,
    isSynced: boolean,
    make: () => Handled | undefined | Promise<Handled>,
  ): Handled | undefined | Promise<Handled>
  clear(): void
}

export function createMemo(): Memo {
  const replies = new Map<string, Handled>()
  return {
    through(packet, transport, isSynced, make) {
      // While a cache fills up "unknown" is not worth keeping.
      if (!isSynced || packet.length < 12 || packet.length > MAX_QUERY_BYTES) return make()
      const key = transport + packet.toString('latin1', 2)
      const known = replies.get(key)
      if (known) return withId(known, packet)
      const made = make()
      if (made && !(made instanceof Promise) && made.query && !made.isVolatile && replies.size < MAX_ENTRIES)
        replies.set(key, made)
      return made
    },
    clear: () => replies.clear(),
  }
}

function withId(known: Handled, packet: Buffer): Handled {
  const bytes = Buffer.from(known.bytes)
  bytes[0] = packet[0]!
  bytes[1] = packet[1]!
  return { ...known, reply: { ...known.reply, id: packet.readUInt16BE(0) }, bytes }
}

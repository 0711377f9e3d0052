import { updateMessage, type WantedRecord } from '../../controllers/dns-record/update.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import { decode } from '../../wire/dns/decode.ts'
import { encode } from '../../wire/dns/encode.ts'
import { RCODE, rcodeName } from '../../wire/dns/message.ts'

const DNS_PORT = 53
const ANSWER_MS = 2000
const IDS = 0x10000

/** Tells a DNS server of records, one packet each. Rejects when it refuses or does not answer. */
export function publisher(
  { sockets, clock }: { readonly sockets: SocketDriver; readonly clock: Clock },
  server: { readonly netns: Netns; readonly address: Ip },
): (record: WantedRecord) => Promise<void> {
  let last = 0
  return async record => {
    last = (last + 1) % IDS
    const id = last
    const socket = await sockets.udp({ netns: server.netns, port: 0 })
    try {
      const rcode = await new Promise<number>((resolve, reject) => {
        const cancel = clock.after(ANSWER_MS, () => reject(new Error(`${server.address} does not answer`)))
        socket.once('error', reject)
        socket.on('message', packet => {
          const rcode = rcodeOf(packet, id)
          if (rcode === undefined) return
          cancel()
          resolve(rcode)
        })
        socket.send(encode(updateMessage(id, record)), DNS_PORT, server.address)
      })
      if (rcode !== RCODE.NOERROR) throw new Error(`${server.address} answers ${rcodeName(rcode)}`)
    } finally {
      socket.close()
    }
  }
}

/** Undefined for what is no answer to it. */
function rcodeOf(packet: Buffer, id: number): number | undefined {
  try {
    const reply = decode(packet)
    return reply.isResponse && reply.id === id ? reply.rcode : undefined
  } catch {
    return undefined
  }
}

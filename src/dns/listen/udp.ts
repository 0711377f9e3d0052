import type { Netns } from '../../host/netns/mod.ts'
import type { DatagramService, SocketDriver } from '../../host/socket/mod.ts'
import { codeOf } from '../../lib/errors.ts'
import type { Answering } from './tcp.ts'

/** Queries that wait for an upstream; beyond, new ones are dropped and their clients ask again. */
const MAX_PENDING = 2000

export interface UdpAnswers {
  /** Writes a reply that is known already and returns its length, or 0. The buffers are lent. */
  quick(packet: Buffer, length: number, reply: Buffer): number
  readonly answer: Answering
  /** What had arrived has been looked at. */
  answered(): void
}

/** Every reply is made when it is asked for. */
export const madeAnew = (answer: Answering): UdpAnswers => ({ quick: () => 0, answer, answered: () => {} })

/** Serves DNS over UDP on every address; resolves with the way to stop. Rejects with EADDRINUSE, EACCES. */
export async function listenUdp(
  sockets: SocketDriver,
  at: { readonly netns: Netns; readonly port: number },
  answers: UdpAnswers,
): Promise<() => void> {
  const open: { close(): void }[] = []
  const close = (): void => {
    for (const socket of open) socket.close()
  }
  for (const family of [4, 6] as const) {
    try {
      open.push(await sockets.serveUdp({ netns: at.netns, port: at.port, family }, serving(answers)))
    } catch (error) {
      // A network without IPv6 is a network all the same.
      if (family === 6 && codeOf(error) !== 'EADDRINUSE') continue
      close()
      throw error
    }
  }
  return close
}

function serving({ quick, answer, answered }: UdpAnswers): DatagramService {
  let pending = 0
  return {
    answer(packet, length, into, sender) {
      const known = quick(packet, length, into)
      if (known > 0) return known
      if (pending >= MAX_PENDING) return 0
      const from = sender()
      const reply = answer(Buffer.from(packet.subarray(0, length)), from)
      if (!(reply instanceof Promise)) return reply ? reply.copy(into) : 0
      pending++
      void reply.then(bytes => bytes && from.send(bytes)).finally(() => pending--)
      return 0
    },
    answered,
  }
}

import type { Socket } from 'node:net'
import type { SocketDriver, TcpTarget } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'

/** The connection, paused, or undefined when it is refused or takes longer. */
export function dial(
  { sockets, clock }: { readonly sockets: SocketDriver; readonly clock: Clock },
  target: TcpTarget,
  limitMs: number,
): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = sockets.connect({ ...target, allowHalfOpen: true })
    const fail = (): void => {
      cancel()
      socket.destroy()
      resolve(undefined)
    }
    const cancel = clock.after(limitMs, fail)
    socket.once('error', fail)
    socket.once('connect', () => {
      cancel()
      socket.off('error', fail)
      socket.pause()
      resolve(socket)
    })
  })
}

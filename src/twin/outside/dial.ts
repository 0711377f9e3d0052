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
    let isConnected = false
    const fail = (): void => {
      if (isConnected) return
      cancel()
      socket.destroy()
      resolve(undefined)
    }
    // On a busy machine this process may be later than the answer: what came meanwhile is looked at first.
    const cancel = clock.after(limitMs, () => setImmediate(fail))
    socket.once('error', fail)
    socket.once('connect', () => {
      isConnected = true
      cancel()
      socket.off('error', fail)
      socket.pause()
      resolve(socket)
    })
  })
}

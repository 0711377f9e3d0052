import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SocketDriver } from '../../host/socket/mod.ts'

/** Whoever has come in. `node`: where it is known to be; undefined where everybody who may come in may also say that. */
export type OnAgent = (socket: Duplex, node?: string) => void

/** A way for agents to a DNS server. */
export interface NamesDoor {
  /** Resolves when agents can come in, which they may until the signal aborts. Rejects with EADDRINUSE, EACCES. */
  open(onAgent: OnAgent, signal: AbortSignal): Promise<void>
}

/** A Unix socket, mode 0600: whoever may open it is trusted. */
export function unixDoor(sockets: Pick<SocketDriver, 'server' | 'listenUnix'>, path: string): NamesDoor {
  return {
    async open(onAgent, signal) {
      const open = new Set<Socket>()
      const server = sockets.server(socket => {
        open.add(socket)
        socket.on('end', () => socket.end())
        socket.on('close', () => open.delete(socket))
        onAgent(socket)
      })
      await sockets.listenUnix(server, path)
      signal.addEventListener('abort', () => {
        server.close()
        for (const socket of open) socket.destroy()
      })
    },
  }
}

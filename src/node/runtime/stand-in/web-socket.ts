import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocketServer } from 'ws'

const MAX_BYTES = 1 << 20
let server: Promise<WebSocketServer> | undefined

/** Loaded when the first client comes. */
const load = async (): Promise<WebSocketServer> => {
  const { WebSocketServer } = await import('ws')
  return new WebSocketServer({ noServer: true, maxPayload: MAX_BYTES })
}

/** Sends every message back as it came. */
export function echoWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  server ??= load()
  socket.on('error', () => socket.destroy())
  server.then(
    ready =>
      ready.handleUpgrade(request, socket, head, client => {
        client.on('message', (data, isBinary) => client.send(data as Buffer, { binary: isBinary }))
        client.on('error', () => client.terminate())
      }),
    () => socket.destroy(),
  )
}

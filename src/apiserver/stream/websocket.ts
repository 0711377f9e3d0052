import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { badRequest } from '../status-error.ts'
import { keepAlive } from './carrier.ts'
import type { Upgrade } from './mod.ts'

/** Of one message from a client, in bytes. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

export const offeredProtocols = (request: IncomingMessage): readonly string[] =>
  String(request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(text => text.trim())
    .filter(text => text !== '')

/**
 * Completes the handshake with the given subprotocol (none when empty). The header is ours to write: `ws` refuses
 * `SPDY/3.1+portforward.k8s.io`, whose slash is no token character. Rejects with StatusError before anything is written.
 */
export async function acceptWebSocket({ request, socket, head }: Upgrade, protocol: string): Promise<WebSocket> {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  })
  keepAlive(socket)
  delete request.headers['sec-websocket-protocol']
  return new Promise((resolve, reject) => {
    server.on('wsClientError', (error: Error, _: Duplex) => reject(badRequest(error.message)))
    server.on('headers', headers => {
      if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
    })
    server.handleUpgrade(request, socket, head, resolve)
  })
}

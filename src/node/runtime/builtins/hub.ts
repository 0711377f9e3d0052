import type { IncomingMessage, Server } from 'node:http'
import { createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { TLSSocket } from 'node:tls'
import type { HttpHandler, Request, Response, TlsOptions } from './mod.ts'

const HANDLER = Symbol('handler')
interface Marked {
  [HANDLER]?: HttpHandler
}

/** Where a connection goes, by its first bytes; undefined means that more are needed. */
export type Sniffer = (seen: Buffer) => ((socket: Socket) => void) | undefined

/** One HTTP/1 and one HTTP/2 server for the whole process, that listen nowhere: connections are handed to them. */
export interface Hub {
  http(socket: Socket, handler: HttpHandler): void
  h2(socket: Socket, handler: HttpHandler): void
  /** HTTP/2 where the connection begins with its preface, else HTTP/1. */
  httpOrH2(socket: Socket, handler: HttpHandler): void
  /** Looks at the first bytes, puts them back, and hands the connection, paused, to what was chosen. */
  sniff(socket: Socket, sniffer: Sniffer): void
  secure(socket: Socket, tls: TlsOptions, protocols: readonly string[], onSecure: (socket: TLSSocket) => void): void
}

const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export function createHub(): Hub {
  const dispatch = (request: Request, response: Response): void => {
    const handler = (connectionOf(request) as Socket & Marked)[HANDLER]
    if (handler) handler(request, response)
    else response.socket?.destroy()
  }
  const http1 = http1Server(dispatch)
  // A server that knows of upgrades takes every request for one: those that are not for WebSocket go on to one that does not.
  const plain = http1Server(dispatch)
  http1.on('upgrade', (request, socket, head) => {
    const { upgrade } = (socket as Socket & Marked)[HANDLER] ?? {}
    if (upgrade && request.headers.upgrade?.toLowerCase() === 'websocket') return upgrade(request, socket, head)
    socket.unshift(Buffer.concat([withoutUpgrade(request), head]))
    plain.emit('connection', socket)
    socket.resume()
  })
  const http2 = createHttp2(dispatch)
  http2.on('sessionError', () => {})
  const mark = (socket: Socket, handler: HttpHandler): void => {
    ;(socket as Socket & Marked)[HANDLER] = handler
  }
  const hub: Hub = {
    // A session takes what is buffered by itself; an HTTP/1 server needs the socket to flow.
    http: (socket, handler) => {
      mark(socket, handler)
      http1.emit('connection', socket)
      socket.resume()
    },
    h2: (socket, handler) => {
      mark(socket, handler)
      http2.emit('connection', socket)
    },
    httpOrH2: (socket, handler) =>
      hub.sniff(socket, seen => {
        const preface = startsLikePreface(seen)
        if (preface === undefined) return undefined
        return preface ? rest => hub.h2(rest, handler) : rest => hub.http(rest, handler)
      }),
    sniff: (socket, sniffer) => {
      let seen = Buffer.alloc(0)
      const look = (chunk: Buffer): void => {
        seen = Buffer.concat([seen, chunk])
        const chosen = sniffer(seen)
        if (!chosen) return
        socket.off('data', look)
        socket.pause()
        socket.unshift(seen)
        chosen(socket)
      }
      socket.on('data', look)
    },
    secure: (socket, tls, protocols, onSecure) => {
      tls.context().then(
        context => secureWith(socket, context, tls, protocols, onSecure),
        () => socket.destroy(),
      )
    },
  }
  return hub
}

function http1Server(dispatch: (request: Request, response: Response) => void): Server {
  const server = createHttp1({ keepAlive: true }, dispatch)
  server.keepAliveTimeout = 65_000
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })
  return server
}

/** The request as it came, but for the wish to speak something else. */
function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (!/^(upgrade|connection|http2-settings)$/i.test(rawHeaders[index]!))
      lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function secureWith(
  socket: Socket,
  secureContext: SecureContext,
  tls: TlsOptions,
  protocols: readonly string[],
  onSecure: (socket: TLSSocket) => void,
): void {
  if (socket.destroyed) return
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ALPNProtocols: [...protocols],
    ...(tls.requestCertificate ? { requestCert: true } : {}),
  })
  secured.on('error', () => secured.destroy())
  secured.once('secure', () => {
    // Only Node's own TLS server clears it; an HTTP/2 session would wait for ever.
    Object.assign(secured, { secureConnecting: false })
    onSecure(secured)
  })
}

/** The session's socket is a proxy that answers for unknown properties with the real one's. */
const connectionOf = (request: Request): unknown =>
  'stream' in request ? (request.stream.session?.socket ?? {}) : request.socket

/** Undefined while it may still turn out either way. */
export function startsLikePreface(seen: Buffer): boolean | undefined {
  const length = Math.min(seen.length, HTTP2_PREFACE.length)
  if (!seen.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length))) return false
  return length === HTTP2_PREFACE.length ? true : undefined
}

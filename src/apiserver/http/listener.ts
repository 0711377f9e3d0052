import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Http2SecureServer, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { constants, createSecureServer } from 'node:http2'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/clock.ts'
import type { User } from '../auth/user.ts'
import type { ApiRequest } from '../context.ts'
import { unauthorized } from '../errors.ts'
import type { Handle } from '../handle.ts'
import type { ApiResponse } from '../respond.ts'
import { respondError } from '../respond.ts'
import { StatusError } from '../status-error.ts'
import type { ByteStream } from '../stream-body.ts'
import { takeBearer } from './bearer-protocol.ts'
import { readBody } from './body.ts'
import type { Budget } from './budget.ts'
import { createBudget } from './budget.ts'
import type { Connection, Connections } from './connections.ts'
import { createConnections, RECEIVE_MS } from './connections.ts'
import { plainHeaders } from './headers.ts'
import { sinkOf } from './sink.ts'

export interface TlsOptions {
  /** PEM texts. */
  readonly cert: string
  readonly key: string
  /** Who signs the certificates of clients. */
  readonly clientCa: string
}

/** A request that leaves HTTP behind: the socket is the handler's from here on. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, user: User) => void

/** Who a request is from; undefined refuses it. */
export type Authenticate = (
  socket: TLSSocket,
  headers: Readonly<Record<string, string>>,
) => Promise<User | undefined> | User | undefined

export interface Listener {
  /** To be made listening by whoever owns the address: `listen({ fd })`, or host/socket in a namespace. */
  readonly server: Http2SecureServer
  /** Stops listening and lets go of every connection. */
  close(): void
}

/** An idle HTTP/1.1 connection is kept for longer than clients keep theirs, so that they are the ones to close. */
const KEEP_ALIVE_MS = 120_000
/** For all streams of a connection, in MB: the default of 10 would refuse a hundred concurrent lists. */
const MAX_SESSION_MB = 1024
const MAX_STREAMS = 10_000

/** Bodies and answers that clients have begun and not finished; whoever has kept one for longest makes room. */
const MAX_HELD_BYTES = 512 << 20
/** Smaller answers are gone before they count. */
const LARGE_BYTES = 64 << 10
const HANDSHAKE_MS = 10_000

/** What is known of all clients of a listener. */
interface Clients {
  readonly connections: Connections
  readonly held: Budget
}

/** HTTP/2, and HTTP/1.1 for what needs an upgrade, on one TLS port. */
export function createListener(
  tls: TlsOptions,
  handle: Handle,
  authenticate: Authenticate,
  upgrade: UpgradeHandler,
  clock: Clock,
): Listener {
  const sessions = new Map<Http2Session, Connection>()
  const sockets = new WeakMap<Duplex, Connection>()
  const clients: Clients = { connections: createConnections(clock), held: createBudget(MAX_HELD_BYTES) }
  const timeouts = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: RECEIVE_MS, headersTimeout: RECEIVE_MS }
  const http1 = createServer(timeouts, (request, response) => {
    if (sockets.has(request.socket)) response.once('close', sockets.get(request.socket)!.busy())
    answer1(clients, handle, authenticate, request, response).catch(() => response.destroy())
  })
  // It is given its connections by another server; without this it would watch over none of them.
  http1.emit('listening')
  http1.on('upgrade', (request, socket, head) => {
    sockets.get(request.socket)?.busy()
    upgradeAs(authenticate, upgrade, request, socket, head).catch(() => socket.destroy())
  })
  http1.on('clientError', (_, socket) => socket.destroy())
  const server = createSecureServer({
    cert: tls.cert,
    key: tls.key,
    ca: tls.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    maxSessionMemory: MAX_SESSION_MB,
    handshakeTimeout: HANDSHAKE_MS,
    settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: 1 << 20 },
  })
  server.on('unknownProtocol', socket => {
    const connection = clients.connections.opened(() => socket.destroy())
    sockets.set(socket, connection)
    socket.once('close', connection.closed)
    http1.emit('connection', socket)
  })
  server.on('session', session => {
    const connection = clients.connections.opened(() => session.destroy())
    sessions.set(session, connection)
    session.on('error', () => {})
    session.once('close', () => {
      sessions.delete(session)
      connection.closed()
    })
  })
  server.on('stream', (stream, headers) => {
    const over = sessions.get(stream.session!)?.busy()
    if (over) stream.once('close', over)
    // It may be gone before the answer is made; whatever else is wrong with one answer, the others go on.
    answer2(clients, handle, authenticate, stream, headers).catch(() => stream.destroy())
  })
  // What goes wrong with one connection is its client's business.
  for (const event of ['sessionError', 'tlsClientError', 'clientError'] as const) server.on(event, () => {})
  return {
    server,
    close() {
      server.close()
      clients.connections.close()
      for (const session of sessions.keys()) session.close()
      http1.closeAllConnections()
    },
  }
}

async function answer2(
  clients: Clients,
  handle: Handle,
  authenticate: Authenticate,
  stream: ServerHttp2Stream,
  incoming: IncomingHttpHeaders,
): Promise<void> {
  stream.on('error', () => {})
  const method = incoming[':method'] ?? 'GET'
  const headers = { host: incoming[':authority'] ?? '', ...plainHeaders(incoming) }
  const socket = stream.session!.socket as TLSSocket
  const aborted = abortOnClose(stream)
  const response = await answer(handle, authenticate, socket, {
    method,
    url: incoming[':path'] ?? '/',
    headers,
    read: () => receive(clients, stream),
    signal: aborted,
  })
  if (!response || stream.destroyed) return
  const { status, body } = response
  const sent = sentHeaders(response, { ':status': status })
  if (typeof body === 'function') {
    stream.respond(sent)
    startBody(body, stream)
  } else if (method === 'HEAD' || body.length === 0) {
    stream.respond(sent, { endStream: true })
  } else {
    stream.respond(sent)
    // Ended once it is written: of a stream that closes before its last write is told of, Node makes an error with a
    // stack, a quarter of what a small request costs.
    stream.write(body, () => stream.end())
    holdAnswer(clients, stream, body.length)
  }
  // The rest of a body that was too large: told not to send it.
  if (status === 413) stream.close(constants.NGHTTP2_NO_ERROR)
}

async function answer1(
  clients: Clients,
  handle: Handle,
  authenticate: Authenticate,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answered = await answer(handle, authenticate, request.socket as TLSSocket, {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    headers: plainHeaders(request.headers),
    read: () => receive(clients, request),
    signal: abortOnClose(response),
  })
  if (!answered || response.destroyed) return
  const { status, body } = answered
  response.writeHead(status, sentHeaders(answered))
  if (typeof body === 'function') {
    response.flushHeaders()
    startBody(body, response)
  } else {
    response.end(body)
    holdAnswer(clients, response, body.length)
  }
}

/** With the length of a body that is there as a whole. Several values of one header are separated by line feeds. */
function sentHeaders({ headers, body }: ApiResponse, sent: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  for (const name in headers) {
    const value = headers[name]!
    sent[name] = value.includes('\n') ? value.split('\n') : value
  }
  if (typeof body !== 'function') sent['content-length'] = body.length
  return sent
}

/** A body that does not come in time, or for whose bytes there is no room, breaks its request off. */
async function receive({ connections, held }: Clients, stream: Readable): Promise<Buffer> {
  const cut = (): void => void stream.destroy()
  const received = connections.receiving(cut)
  try {
    return await readBody(stream, held.holder(cut))
  } finally {
    received()
  }
}

/** Until the client has read it. */
function holdAnswer({ held }: Clients, writable: Writable, bytes: number): void {
  if (bytes < LARGE_BYTES || writable.destroyed) return
  const holder = held.holder(() => void writable.destroy())
  writable.once('close', holder.release)
  holder.hold(bytes)
}

/** The headers are sent: what goes wrong now can only be told by breaking off. */
function startBody(body: ByteStream, writable: Writable): void {
  try {
    body(sinkOf(writable))
  } catch {
    writable.destroy()
  }
}

interface Incoming {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  read(): Promise<Buffer>
  readonly signal: () => AbortSignal
}

const NO_BODY = new Set(['GET', 'HEAD'])
const EMPTY = Buffer.alloc(0)

/** Undefined when the client is gone before it could be answered. */
async function answer(
  handle: Handle,
  authenticate: Authenticate,
  socket: TLSSocket,
  { method, url, headers, read, signal }: Incoming,
): Promise<ApiResponse | undefined> {
  const question = url.indexOf('?')
  const request: Omit<ApiRequest, 'body'> = {
    method,
    path: question < 0 ? url : url.slice(0, question),
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
    headers,
    get signal() {
      return signal()
    },
  }
  try {
    const body = NO_BODY.has(method) ? EMPTY : await read()
    const user = await authenticate(socket, headers)
    if (!user) throw unauthorized()
    return await handle(Object.assign(request, { body }), user)
  } catch (error) {
    if (!(error instanceof StatusError)) return undefined
    return respondError(Object.assign(request, { body: EMPTY }), error)
  }
}

async function upgradeAs(
  authenticate: Authenticate,
  upgrade: UpgradeHandler,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => {})
  const user = await authenticate(request.socket as TLSSocket, takeBearer(request.headers))
  if (user) upgrade(request, socket, head, user)
  else socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
}

/** The signal is made when first asked for: most requests are over before anybody would. */
function abortOnClose(stream: { once(event: 'close', f: () => void): unknown }): () => AbortSignal {
  let controller: AbortController | undefined
  let closed = false
  stream.once('close', () => {
    closed = true
    controller?.abort(new Error('the client is gone'))
  })
  return () => {
    if (!controller) {
      controller = new AbortController()
      if (closed) controller.abort(new Error('the client is gone'))
    }
    return controller.signal
  }
}

import type { SecureClientSessionOptions } from 'node:http2'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Clock } from '../lib/clock.ts'
import { codeOf, messageOf } from '../lib/errors.ts'
import type { Connection } from './kubeconfig.ts'
import { ConnectionError, type Transport, type TransportRequest, type TransportResponse } from './transport.ts'

export interface Http2Deps {
  readonly clock: Clock
  /** Opens the connection, where it must start elsewhere than in this process's own network. */
  readonly connect?: (url: URL) => Duplex
}

export interface Http2Options {
  readonly connectTimeoutMs: number
  /** A ping each so often while connected; without an answer within the timeout the connection is given up. */
  readonly pingEveryMs: number
  readonly pingTimeoutMs: number
  /** A token is read again after so long. */
  readonly tokenMaxAgeMs: number
}

export const HTTP2_DEFAULTS: Http2Options = {
  connectTimeoutMs: 5000,
  pingEveryMs: 15_000,
  pingTimeoutMs: 10_000,
  tokenMaxAgeMs: 60_000,
}

/** Lists are large and watches many: the defaults (64 KiB a stream and for all of them) would stop-and-go. */
const WINDOW_BYTES = 4 * 1024 * 1024
const SESSION_WINDOW_BYTES = 32 * 1024 * 1024

/** Requests to one server, all over one HTTP/2 connection that is opened at the first and again after it broke. */
export function http2Transport(
  connection: Connection,
  deps: Http2Deps,
  options: Partial<Http2Options> = {},
): Transport {
  const settings = { ...HTTP2_DEFAULTS, ...options }
  const token = cachedToken(connection, deps.clock, settings.tokenMaxAgeMs)
  let current: Promise<ClientHttp2Session> | undefined
  let closed = false

  const session = (): Promise<ClientHttp2Session> => {
    if (closed) return Promise.reject(new ConnectionError('this client is closed'))
    if (current) return current
    const opening = open(connection, deps, settings, () => {
      if (current === opening) current = undefined
    })
    current = opening
    return opening
  }
  return {
    async request(request) {
      request.signal?.throwIfAborted()
      const bearer = await token()
      const headers = bearer === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${bearer}` }
      return send(connection.server, await session(), { ...request, headers })
    },
    close() {
      closed = true
      current?.then(
        opened => opened.close(),
        () => {},
      )
      current = undefined
    },
  }
}

/** lost is called once, as soon as the session can take no more requests. */
function open(
  connection: Connection,
  deps: Http2Deps,
  options: Http2Options,
  lost: () => void,
): Promise<ClientHttp2Session> {
  const url = new URL(connection.server)
  const session = http2.connect(url, {
    ...tlsOptions(connection, url),
    settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    maxSessionMemory: 1024,
    ...(deps.connect ? { createConnection: () => deps.connect!(url) } : {}),
  })
  return new Promise((resolve, reject) => {
    const cancelTimeout = deps.clock.after(options.connectTimeoutMs, () =>
      fail(
        new ConnectionError(
          `cannot reach the API at ${connection.server}: no answer within ${options.connectTimeoutMs} ms`,
        ),
      ),
    )
    let stopPings = (): void => {}
    const fail = (error: unknown): void => {
      cancelTimeout()
      stopPings()
      lost()
      session.destroy()
      reject(error)
    }
    session.on('error', error => fail(unreachableError(connection.server, error)))
    session.on('close', () => fail(new ConnectionError(`the API at ${connection.server} closed the connection`)))
    session.on('goaway', lost)
    session.once('connect', () => {
      cancelTimeout()
      session.setLocalWindowSize(SESSION_WINDOW_BYTES)
      stopPings = keepAlive(session, deps.clock, options)
      resolve(session)
    })
  })
}

function tlsOptions(connection: Connection, url: URL): SecureClientSessionOptions {
  if (url.protocol === 'http:') return {}
  return {
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    ...(connection.cert === undefined ? {} : { cert: connection.cert }),
    ...(connection.key === undefined ? {} : { key: connection.key }),
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
    ...(connection.insecure ? { rejectUnauthorized: false } : {}),
    ALPNProtocols: ['h2'],
  }
}

function keepAlive(session: ClientHttp2Session, clock: Clock, options: Http2Options): () => void {
  let cancelDeadline = (): void => {}
  const beat = (): void => {
    if (session.destroyed) return
    cancelDeadline = clock.after(options.pingTimeoutMs, () => session.destroy(new Error('no answer to a ping')))
    const sent = session.ping(() => cancelDeadline())
    if (!sent) cancelDeadline()
    cancelBeat = clock.after(options.pingEveryMs, beat)
  }
  let cancelBeat = clock.after(options.pingEveryMs, beat)
  return () => {
    cancelBeat()
    cancelDeadline()
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name does not resolve',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  ETIMEDOUT: 'no answer',
  ERR_HTTP2_ERROR: 'it does not speak HTTP/2',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not from the CA of the kubeconfig',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not from the CA of the kubeconfig',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not from the CA of the kubeconfig',
}

function unreachableError(server: string, cause: unknown): ConnectionError {
  const code = codeOf(cause)
  const hint = code === undefined ? undefined : HINTS[code]
  const detail = hint === undefined ? messageOf(cause) : `${hint} (${code})`
  return new ConnectionError(`cannot reach the API at ${server}: ${detail}`, { code, cause })
}

function send(server: string, session: ClientHttp2Session, request: TransportRequest): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const broke = (error: unknown): void =>
      reject(request.signal?.aborted ? request.signal.reason : brokenError(server, error))
    let stream: ClientHttp2Stream
    try {
      stream = session.request(
        { ...request.headers, ':method': request.method, ':path': request.path },
        { endStream: request.body === undefined, ...(request.signal ? { signal: request.signal } : {}) },
      )
    } catch (error) {
      return broke(error)
    }
    stream.on('error', broke)
    // A stream that is torn down with its session may close without an error.
    stream.on('close', () => broke(new Error('closed before the answer was complete')))
    stream.once('response', headers => {
      const status = Number(headers[':status'])
      if (request.stream) resolve({ status, headers: plain(headers), body: pieces(server, stream, request.signal) })
      else collect(stream, body => resolve({ status, headers: plain(headers), body }))
    })
    if (request.body !== undefined) stream.end(request.body)
  })
}

/** done is not called when the stream breaks: its error and close events tell. */
function collect(stream: ClientHttp2Stream, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.once('end', () => {
    // A reset stream ends too, but with a code.
    if (stream.rstCode === http2.constants.NGHTTP2_NO_ERROR)
      done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
  })
}

async function* pieces(
  server: string,
  stream: ClientHttp2Stream,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* stream as AsyncIterable<Uint8Array>
  } catch (error) {
    throw signal?.aborted ? signal.reason : brokenError(server, error)
  } finally {
    stream.close(http2.constants.NGHTTP2_CANCEL)
  }
}

const brokenError = (server: string, cause: unknown): ConnectionError =>
  cause instanceof ConnectionError
    ? cause
    : new ConnectionError(`the connection to the API at ${server} broke: ${messageOf(cause)}`, {
        code: codeOf(cause),
        cause,
      })

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !name.startsWith(':'))
      result[name] = Array.isArray(value) ? value.join(', ') : String(value)
  return result
}

function cachedToken(connection: Connection, clock: Clock, maxAgeMs: number): () => Promise<string | undefined> {
  let cached: { readonly value: Promise<string>; readonly readMs: number } | undefined
  return async () => {
    if (!connection.token) return undefined
    if (!cached || clock.monotonic() - cached.readMs > maxAgeMs)
      cached = { value: connection.token(), readMs: clock.monotonic() }
    return cached.value.catch(error => {
      cached = undefined
      throw error
    })
  }
}

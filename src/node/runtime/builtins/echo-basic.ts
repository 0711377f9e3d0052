import type { TLSSocket } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { parseDuration } from './flags.ts'
import type { Answer } from './http.ts'
import { answering, authorityOf, bodyOf, clientOf, headerLines, targetOf } from './http.ts'
import type { Builtin, BuiltinContext, HttpHandler, Request } from './mod.ts'
import { untilStopped } from './mod.ts'

/** The Gateway API conformance suite's echo server: HTTP/1.1 on 3000, h2c on 3001, TLS on 8443 where it has a certificate. */
export const echoBasic: Builtin = async context => {
  const port = (name: string, fallback: number): number => Number(context.env[name] || fallback)
  const httpPort = port('HTTP_PORT', 3000)
  const handler = answering(request => answer(context, request, httpPort)) satisfies HttpHandler
  await context.sockets.http(httpPort, handler)
  context.out(`Starting server, listening on port ${httpPort} (http)`)
  const h2cPort = port('H2C_PORT', 3001)
  await context.sockets.http(h2cPort, handler, { h2cOnly: 'Expected h2c request' })
  context.out(`Starting server, listening on port ${h2cPort} (h2c)`)
  await serveTls(context, port('HTTPS_PORT', 8443), handler)
  return untilStopped(context.signal)
}

async function serveTls(context: BuiltinContext, port: number, handler: HttpHandler): Promise<void> {
  const { TLS_SERVER_CERT, TLS_SERVER_PRIVKEY, TLS_CLIENT_CACERTS } = context.env
  if (!TLS_SERVER_CERT || !TLS_SERVER_PRIVKEY) return
  const [cert, key, ca] = [TLS_SERVER_CERT, TLS_SERVER_PRIVKEY, TLS_CLIENT_CACERTS].map(
    path => path && context.file(path),
  )
  if (!cert || !key) throw new Error(`cannot read ${cert ? TLS_SERVER_PRIVKEY : TLS_SERVER_CERT}`)
  const secure = createSecureContext({ cert, key, ...(ca ? { ca } : {}) })
  await context.sockets.https(port, handler, {
    context: async () => secure,
    ...(ca ? { requestCertificate: true } : {}),
  })
  context.out(`Starting server, listening on port ${port} (https)`)
}

async function answer(context: BuiltinContext, request: Request, httpPort: number): Promise<Answer> {
  const { path, query } = targetOf(request)
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  const fields = form ? new URLSearchParams((await bodyOf(request)).toString('utf8')) : query
  const delayMs = parseDuration(query.get('delay') ?? fields.get('delay') ?? '0s') ?? 0
  if (delayMs > 0) await context.clock.sleep(delayMs, context.signal)
  const route = path.replace(/\/{2,}/g, '/')
  if (route === '/health') return { body: 'OK' }
  const status = /^\/status\/(.*)$/.exec(route)?.[1]
  if (status !== undefined)
    return /^[1-5]\d\d$/.test(status) && Number(status) >= 200 ? { status: Number(status) } : { status: 400 }
  context.out(`Echoing back request made to ${request.url} to client (${clientOf(request)})`)
  return {
    headers: { ...wished(request), 'content-type': 'application/json', 'x-content-type-options': 'nosniff' },
    body: `${JSON.stringify(echo(context, request, httpPort), null, 1)}\n`,
  }
}

/** X-Echo-Set-Header: "Name:value,Other:value"; a name that comes twice is joined. */
function wished(request: Request): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const pair of String(request.headers['x-echo-set-header'] ?? '').split(',')) {
    const at = pair.indexOf(':')
    const name = pair.slice(0, at).trim()
    if (at < 1 || !/^[\w-]+$/.test(name)) continue
    const value = pair.slice(at + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`
  }
  return headers
}

function echo(context: BuiltinContext, request: Request, httpPort: number): object {
  const headers: Record<string, string[]> = {}
  for (const [name, value] of headerLines(request)) {
    const canonical = canonicalName(name)
    if (canonical !== 'Host') headers[canonical] = [...(headers[canonical] ?? []), value]
  }
  const tls = tlsOf(request)
  return {
    path: request.url,
    host: authorityOf(request),
    method: request.method,
    proto: request.httpVersionMajor === 2 ? 'HTTP/2.0' : `HTTP/${request.httpVersion}`,
    headers,
    httpPort: String(httpPort),
    namespace: context.env.NAMESPACE ?? '',
    ingress: context.env.INGRESS_NAME ?? '',
    service: context.env.SERVICE_NAME ?? '',
    pod: context.env.POD_NAME ?? '',
    ...(tls ? { tls } : {}),
  }
}

/** As Go writes header names: each word's first letter in upper case. */
const canonicalName = (name: string): string =>
  name
    .toLowerCase()
    .split('-')
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('-')

function tlsOf(request: Request): object | undefined {
  const socket = request.socket as Partial<TLSSocket>
  if (!socket.encrypted) return undefined
  const peer = socket.getPeerX509Certificate?.()
  return {
    version: socket.getProtocol?.() ?? '',
    ...(peer ? { peerCertificates: [peer.toString()] } : {}),
    serverName: typeof socket.servername === 'string' ? socket.servername : '',
    negotiatedProtocol: socket.alpnProtocol || '',
    cipherSuite: socket.getCipher?.().standardName ?? '',
  }
}

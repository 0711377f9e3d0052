/** The proxy subresource of pods, services and nodes: requests that go through the server to what runs in the cluster. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DialDriver } from '../../host/dial/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import { admitConnection } from '../admission/connect.ts'
import type { Context, Reply } from '../context.ts'
import type { ByteSink } from '../stream-body.ts'
import { askKubelet } from './kubelet.ts'
import type { Location } from './location.ts'
import { locate, unavailable } from './location.ts'
import { passedBack, passedOn, splitProxyPath } from './path.ts'

const DIAL_MS = 30_000

/** Any method of /proxy and what is below it. Throws StatusError. */
export async function proxy(dial: DialDriver | undefined, context: Context): Promise<Reply> {
  const { kernel, resource, info, request } = context
  const { prefix, path } = splitProxyPath(request.path, resource.namespaced)
  const query = request.query.size > 0 ? `?${request.query}` : ''
  const location = locate(kernel, resource, info.namespace, info.name!)
  if (path === undefined && (request.method === 'GET' || request.method === 'HEAD'))
    return { is: 'raw', code: 301, headers: { location: `${request.path}/${query}` }, body: EMPTY }
  const where = { resource, subresource: 'proxy', namespace: info.namespace, name: info.name! }
  await admitConnection(kernel, { ...where, query: request.query, path: info.rest ?? '', user: context.user })
  if (location.kubelet !== undefined) return askKubelet(context, location.kubelet, path ?? '/')
  const authority = authorityOf(location)
  const headers = { host: authority, ...passedOn(request.headers, prefix, path ?? '/') }
  const response = await ask(await connect(dial, location), {
    ...{ method: request.method, path: (path ?? '/') + query, headers, body: request.body },
    signal: request.signal,
  })
  return {
    is: 'raw',
    code: response.statusCode ?? 502,
    headers: passedBack(response.headers, prefix, [authority, headers.host]),
    body: sink => pump(response, sink),
  }
}

const EMPTY = Buffer.alloc(0)

export const authorityOf = ({ host, port }: Location): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Throws StatusError 503. */
export async function connect(dial: DialDriver | undefined, location: Location): Promise<Duplex> {
  if (!dial) throw unavailable('error trying to reach service: this server reaches nothing')
  try {
    return await dial.dial({ ...location, timeoutMs: DIAL_MS })
  } catch (error) {
    throw unavailable(`error trying to reach service: ${messageOf(error)}`)
  }
}

interface Question {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly signal: AbortSignal
}

/** One request on a connection of its own. Throws StatusError 503. */
function ask(socket: Duplex, { method, path, headers, body, signal }: Question): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking: ClientRequest = httpRequest({
      ...{ method, path, signal, setHost: false },
      headers: body.length > 0 ? { ...headers, 'content-length': body.length } : headers,
      createConnection: () => socket as never,
    })
    asking.once('error', error => reject(unavailable(`error trying to reach service: ${error.message}`)))
    asking.once('response', resolve)
    asking.end(body)
  })
}

function pump(response: IncomingMessage, sink: ByteSink): void {
  sink.onClose(() => response.destroy())
  sink.onDrain(() => response.resume())
  response.on('data', chunk => {
    if (!sink.write(chunk)) response.pause()
  })
  response.on('end', () => sink.end())
  response.on('error', () => sink.destroy())
}

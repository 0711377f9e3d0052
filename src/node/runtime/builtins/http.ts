import type { BuiltinContext, HttpHandler, Request, Response } from './mod.ts'

/** IPv4 clients of a socket that serves both families appear as mapped addresses. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')

export const hostPort = (address: string, port: number | undefined): string =>
  address.includes(':') ? `[${address}]:${port ?? 0}` : `${address}:${port ?? 0}`

export const clientOf = (request: Request): string =>
  hostPort(plainAddress(request.socket.remoteAddress), request.socket.remotePort)

/** Path without query, and the query. Requests with anything but a path (OPTIONS *, CONNECT) have the path "/". */
export function targetOf(request: Request): { readonly path: string; readonly query: URLSearchParams } {
  const url = request.url?.startsWith('/') ? request.url : '/'
  const at = url.indexOf('?')
  return { path: at < 0 ? url : url.slice(0, at), query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)) }
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
}

export const TEXT = 'text/plain; charset=utf-8'

const TYPES: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html'],
  ['css', 'text/css'],
  ['js', 'application/javascript'],
  ['json', 'application/json'],
  ['svg', 'image/svg+xml'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['txt', 'text/plain'],
  ['xml', 'text/xml'],
])

/** Of a file, by its name; undefined where that says nothing. */
export const contentTypeOf = (file: string): string | undefined => TYPES.get(file.split('.').at(-1)!)

/** A response cannot be asked for what was passed to writeHead. */
const lengths = new WeakMap<Response, number>()

export function send(request: Request, response: Response, answer: Answer): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? Buffer.alloc(0))
  const headers: Record<string, string | string[]> = { 'content-type': TEXT }
  for (const [name, value] of Object.entries(answer.headers ?? {}))
    headers[name.toLowerCase()] = typeof value === 'string' ? value : [...value]
  headers['content-length'] = String(body.length)
  lengths.set(response, body.length)
  response.writeHead(answer.status ?? 200, headers as Record<string, string>)
  ;(response as { end(body?: Uint8Array): void }).end(request.method === 'HEAD' ? undefined : body)
}

/** The body as far as `limitBytes`; the rest is read and dropped, so that the connection stays usable. */
export function bodyOf(request: Request, limitBytes = 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = []
  let left = limitBytes
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      if (left > 0) chunks.push(chunk.subarray(0, left))
      left -= chunk.length
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', reject)
  })
}

/** Answers what `handle` returns; its failure is a 500 with the message. Unread bodies are drained. */
export function answering(handle: (request: Request) => Answer | Promise<Answer>): HttpHandler {
  return (request, response) => {
    const answer = (value: Answer): void => {
      request.resume()
      if (!response.writableEnded) send(request, response, value)
    }
    const failed = (error: unknown): void => answer({ status: 500, body: `${String(error)}\n` })
    try {
      const value = handle(request)
      if (value instanceof Promise) value.then(answer, failed)
      else answer(value)
    } catch (error) {
      failed(error)
    }
  }
}

/** A line to the container's log for each request answered: client, request, status, bytes. */
export const accessLogged = (context: Pick<BuiltinContext, 'out'>, handler: HttpHandler): HttpHandler => {
  return (request, response) => {
    const client = clientOf(request)
    const { method, url, httpVersion } = request
    response.once('finish', () => {
      const length = lengths.get(response) ?? '-'
      context.out(`${client} "${method} ${printable(url ?? '')} HTTP/${httpVersion}" ${response.statusCode} ${length}`)
    })
    handler(request, response)
  }
}

/** Control characters as escapes: a client must not be able to forge log lines. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\x00-\x1f\x7f]/g, char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** Request headers in their order, names as they came. */
export function headerLines(request: Request): readonly (readonly [string, string])[] {
  const lines: [string, string][] = []
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2)
    if (!request.rawHeaders[at]!.startsWith(':')) lines.push([request.rawHeaders[at]!, request.rawHeaders[at + 1]!])
  return lines
}

/** The Host header, or HTTP/2's :authority. */
export const authorityOf = (request: Request): string =>
  request.headers.host ?? (request.headers as Readonly<Record<string, string | undefined>>)[':authority'] ?? ''

import { createGzip, gzip } from 'node:zlib'
import type { ApiRequest, Context, ListPage, Reply } from './context.ts'
import { oneStoredIn, storedIn } from './converted.ts'
import type { Output } from './negotiate/accept.ts'
import { chooseOutput } from './negotiate/accept.ts'
import type { Rendered, RenderedPieces } from './negotiate/render.ts'
import { renderList, renderObject, renderOptions, renderStored } from './negotiate/render.ts'
import { toYaml } from './negotiate/yaml.ts'
import type { Resource } from './resource/resource.ts'
import type { StatusError } from './status-error.ts'
import type { ByteSink, ByteStream } from './stream-body.ts'
import { createPump } from './watch/pump.ts'

export interface ApiResponse {
  readonly status: number
  /** Lower-case names; several values of one name are separated by line feeds. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | ByteStream
}

const MEDIA = { json: 'application/json', yaml: 'application/yaml' } as const

/** A verb's reply as the client asked for it. Throws StatusError 406. */
export async function respond(context: Context, reply: Reply): Promise<ApiResponse> {
  const { request, resource, kernel } = context
  const headers = warningHeaders(context.warnings)
  if (reply.is === 'raw') return { status: reply.code, headers: { ...reply.headers, ...headers }, body: reply.body }
  const output = chooseOutput(request.headers.accept)
  const options = renderOptions(output, request.query, kernel.clock)
  switch (reply.is) {
    case 'stored':
      return send(
        request,
        reply.code,
        output,
        renderStored(resource, resource.conversion ? await oneStoredIn(resource, reply.stored) : reply.stored, options),
        headers,
      )
    case 'object':
      return send(request, reply.code, output, renderObject(reply.resource ?? resource, reply.object, options), headers)
    case 'list':
      return sendList(context, output, renderList(resource, await pageIn(resource, reply.page), options), headers)
    case 'status':
      return send(request, reply.code, output, { tree: reply.status }, headers)
  }
}

const pageIn = async (resource: Resource, page: ListPage): Promise<ListPage> =>
  resource.conversion ? { ...page, items: await storedIn(resource, page.items) } : page

/** A refusal. Where the client takes neither JSON nor YAML it gets JSON. */
export function respondError(request: ApiRequest, error: StatusError): Promise<ApiResponse> {
  const accept = request.headers.accept ?? ''
  const output: Output = { format: accept.includes('yaml') && !accept.includes('json') ? 'yaml' : 'json' }
  const seconds = error.status.details?.retryAfterSeconds
  const headers: Record<string, string> = seconds === undefined ? {} : { 'retry-after': String(seconds) }
  return send(request, error.status.code, output, { tree: error.status }, headers)
}

/** Upstream compresses above this, when asked to. */
const COMPRESS_ABOVE_BYTES = 128 * 1024

async function send(
  request: ApiRequest,
  status: number,
  output: Output,
  rendered: Rendered,
  more: Readonly<Record<string, string>>,
): Promise<ApiResponse> {
  const plain = await bytesOf(output, rendered)
  const headers = { 'content-type': MEDIA[output.format], 'cache-control': 'no-cache, private', ...more }
  return compressed(request, { status, headers, body: plain })
}

/** What is small goes as a whole; of a large list no more is made than the client takes. */
async function sendList(
  { request, kernel }: Context,
  output: Output,
  rendered: Rendered | RenderedPieces,
  more: Readonly<Record<string, string>>,
): Promise<ApiResponse> {
  if (!('pieces' in rendered)) return send(request, 200, output, rendered, more)
  const { pieces } = rendered
  const first: Uint8Array[] = []
  let bytes = 0
  let isLarge = true
  while (bytes <= COMPRESS_ABOVE_BYTES) {
    const step = pieces.next()
    isLarge = step.done !== true
    if (step.done) break
    first.push(step.value)
    bytes += step.value.length
  }
  const start = Buffer.concat(first)
  if (!isLarge) return send(request, 200, output, { json: start }, more)
  const headers = { 'content-type': MEDIA.json, 'cache-control': 'no-cache, private', ...more }
  if (request.method === 'HEAD') return { status: 200, headers, body: EMPTY }
  const stream: ByteStream = sink => {
    const failed = (error: unknown): void => {
      kernel.log.error({ error, path: request.path }, 'a list failed')
      sink.destroy()
    }
    createPump(sink, startingWith(start, pieces), failed, kernel.watches.behind).end()
  }
  if (!takesGzip(request)) return { status: 200, headers, body: stream }
  return { status: 200, headers: { ...headers, ...GZIP_HEADERS }, body: sink => stream(gzipSink(sink)) }
}

const EMPTY = Buffer.alloc(0)

function* startingWith(first: Uint8Array, rest: Iterator<Uint8Array>): Generator<Uint8Array> {
  yield first
  for (let step = rest.next(); !step.done; step = rest.next()) yield step.value
}

/** Compresses on the way, no faster than the other side takes it. */
function gzipSink(to: ByteSink): ByteSink {
  const zip = createGzip({ level: GZIP_LEVEL })
  zip.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) zip.pause()
  })
  zip.on('end', () => to.end())
  zip.on('error', () => to.destroy())
  to.onDrain(() => void zip.resume())
  to.onClose(() => void zip.destroy())
  return {
    write: chunk => !zip.destroyed && zip.write(chunk),
    end: () => void zip.end(),
    destroy: () => to.destroy(),
    onDrain: f => void zip.on('drain', f),
    onClose: to.onClose,
  }
}

const GZIP_LEVEL = 4
const GZIP_HEADERS = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } as const

const takesGzip = ({ headers }: ApiRequest): boolean => /\bgzip\b/.test(headers['accept-encoding'] ?? '')

/** The response, compressed where it is large and the client takes gzip. */
export async function compressed(
  request: ApiRequest,
  response: ApiResponse & { readonly body: Uint8Array },
): Promise<ApiResponse> {
  if (response.body.length <= COMPRESS_ABOVE_BYTES || !takesGzip(request)) return response
  const body = await new Promise<Buffer>((resolve, reject) =>
    gzip(response.body, { level: GZIP_LEVEL }, (error, result) => (error ? reject(error) : resolve(result))),
  )
  return { ...response, headers: { ...response.headers, ...GZIP_HEADERS }, body }
}

async function bytesOf(output: Output, rendered: Rendered): Promise<Uint8Array> {
  if ('json' in rendered) return rendered.json
  return Buffer.from(output.format === 'yaml' ? await toYaml(rendered.tree) : JSON.stringify(rendered.tree))
}

/** RFC 7234 warnings, code 299. Several are separated by commas, as several headers would be. */
function warningHeaders(warnings: readonly string[]): Record<string, string> {
  if (warnings.length === 0) return {}
  return { warning: warnings.map(text => `299 - ${quoted(text)}`).join(', ') }
}

/** Header values are ASCII without control characters. */
const quoted = (text: string): string =>
  `"${text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&')
    .slice(0, 4096)}"`

import { gzip } from 'node:zlib'
import type { ApiRequest, Context, ListPage, Reply } from './context.ts'
import { oneStoredIn, storedIn } from './converted.ts'
import type { Output } from './negotiate/accept.ts'
import { chooseOutput } from './negotiate/accept.ts'
import type { Rendered } from './negotiate/render.ts'
import { renderList, renderObject, renderOptions, renderStored } from './negotiate/render.ts'
import { toYaml } from './negotiate/yaml.ts'
import type { Resource } from './resource/resource.ts'
import type { StatusError } from './status-error.ts'
import type { ByteStream } from './stream-body.ts'

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
      return send(request, 200, output, renderList(resource, await pageIn(resource, reply.page), options), headers)
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

/** The response, compressed where it is large and the client takes gzip. */
export async function compressed(
  request: ApiRequest,
  response: ApiResponse & { readonly body: Uint8Array },
): Promise<ApiResponse> {
  if (response.body.length <= COMPRESS_ABOVE_BYTES || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? ''))
    return response
  const body = await new Promise<Buffer>((resolve, reject) =>
    gzip(response.body, { level: 4 }, (error, result) => (error ? reject(error) : resolve(result))),
  )
  return { ...response, headers: { ...response.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }, body }
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

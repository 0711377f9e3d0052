import type { ApiObject, Kind } from '../schema/kind.ts'
import { apiVersionOf } from '../schema/kind.ts'
import { jsonLines } from './lines.ts'
import type {
  Client,
  DeleteOptions,
  Draft,
  ListOptions,
  ListResult,
  ObjectKey,
  Patch,
  StatusLike,
  WatchEvent,
  WatchOptions,
} from './mod.ts'
import { ApiError, isNotFound } from './mod.ts'
import { collectionPath, listPath, objectPath, watchPath, withQuery } from './paths.ts'
import { readAll, type Transport, type TransportResponse } from './transport.ts'

const PATCH_TYPES: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
}

export interface ClientOptions {
  /** Names the program to the server; its first part owns the fields of updates in managedFields. */
  readonly userAgent?: string
}

/** A Client over any transport. Closing it closes the transport. */
export function createClient(transport: Transport, options: ClientOptions = {}): Client {
  const call = caller(transport, options.userAgent ?? 'fairlead')
  const client: Client = {
    get: <T extends ApiObject>(kind: Kind<T>, key: ObjectKey) => call<T>('GET', objectPath(kind, key)),
    find: async <T extends ApiObject>(kind: Kind<T>, key: ObjectKey) => {
      try {
        return await client.get(kind, key)
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    list: async <T extends ApiObject>(kind: Kind<T>, selection: ListOptions = {}) =>
      listResult(kind, await call<RawList<T>>('GET', listPath(kind, selection))),
    create: <T extends ApiObject>(kind: Kind<T>, object: Draft<T>) =>
      call<T>('POST', collectionPath(kind, object.metadata.namespace), { ...typeMeta(kind), ...object }),
    update: <T extends ApiObject>(kind: Kind<T>, object: T) =>
      call<T>('PUT', objectPath(kind, object.metadata), object),
    updateStatus: <T extends ApiObject>(kind: Kind<T>, object: T) =>
      call<T>('PUT', objectPath(kind, object.metadata, 'status'), object),
    patch: <T extends ApiObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, subresource?: string) =>
      call<T>('PATCH', patchPath(objectPath(kind, key, subresource), patch), patch.body, PATCH_TYPES[patch.type]),
    delete: async <T extends ApiObject>(kind: Kind<T>, key: ObjectKey, how?: DeleteOptions) => {
      const body = how && { apiVersion: 'v1', kind: 'DeleteOptions', ...how }
      const answer = await call<Partial<T> | undefined>('DELETE', objectPath(kind, key), body)
      // What is gone at once is answered with a Status, or by some kinds with the object as it last was.
      return answer?.metadata?.deletionTimestamp ? (answer as T) : undefined
    },
    watch: (kind, watched, signal) => watch(transport, options.userAgent ?? 'fairlead', kind, watched, signal),
    request: (method, path, body) => call(method, path, body),
    close: () => transport.close(),
  }
  return client
}

const typeMeta = (kind: Kind): { apiVersion: string; kind: string } => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
})

const patchPath = (path: string, patch: Patch): string =>
  patch.type === 'apply' ? withQuery(path, { fieldManager: patch.fieldManager, force: patch.force }) : path

interface RawList<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly T[] | null
}

/** Items of a list carry neither apiVersion nor kind on the wire of a real server. */
function listResult<T extends ApiObject>(kind: Kind<T>, raw: RawList<T>): ListResult<T> {
  const type = typeMeta(kind)
  const items = (raw.items ?? []).map(item => (item.kind === undefined ? { ...type, ...item } : item))
  const next = raw.metadata?.continue
  return { items, resourceVersion: raw.metadata?.resourceVersion ?? '', ...(next ? { continue: next } : {}) }
}

type Call = <T>(method: string, path: string, body?: unknown, contentType?: string) => Promise<T>

function caller(transport: Transport, userAgent: string): Call {
  return async <T>(method: string, path: string, body?: unknown, contentType = 'application/json') => {
    const headers = { accept: 'application/json', 'user-agent': userAgent }
    const answer = await transport.request(
      body === undefined
        ? { method, path, headers }
        : {
            method,
            path,
            headers: { ...headers, 'content-type': contentType },
            body: Buffer.from(JSON.stringify(body)),
          },
    )
    const text = (await readAll(answer.body)).toString('utf8')
    if (answer.status < 200 || answer.status > 299) throw errorOf(answer.status, text)
    return parseBody(answer, text) as T
  }
}

function parseBody(answer: TransportResponse, text: string): unknown {
  if (text === '') return undefined
  const type = answer.headers['content-type']
  return type === undefined || type.includes('json') ? JSON.parse(text) : text
}

/** The Status the server sent, or one made of whatever else stands in front of it said. */
function errorOf(status: number, text: string): ApiError {
  try {
    const body = JSON.parse(text) as StatusLike & { readonly kind?: string }
    if (body.kind === 'Status') return new ApiError({ ...body, code: body.code ?? status })
  } catch {}
  return new ApiError({ code: status, reason: 'Unknown', message: `HTTP ${status}: ${text.slice(0, 300)}` })
}

async function* watch<T extends ApiObject>(
  transport: Transport,
  userAgent: string,
  kind: Kind<T>,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const headers = { accept: 'application/json', 'user-agent': userAgent }
  const answer = await transport.request({
    method: 'GET',
    path: watchPath(kind, options),
    headers,
    stream: true,
    signal,
  })
  if (answer.status !== 200) throw errorOf(answer.status, (await readAll(answer.body)).toString('utf8'))
  for await (const line of jsonLines(answer.body)) yield line as WatchEvent<T>
}

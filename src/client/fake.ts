import { type Clock, rfc3339 } from '../lib/clock.ts'
import { type ApiObject, apiVersionOf, type Kind } from '../schema/kind.ts'
import { createClient } from './client.ts'
import { fieldSelector, labelSelector } from './fake/selector.ts'
import { createState, type HistoryEvent, Refusal, type State, type Stored } from './fake/state.ts'
import { createVerbs, type Target, type Verbs } from './fake/verbs.ts'
import type { Client, ObjectKey } from './mod.ts'
import { ConnectionError, loopbackTransport, type TransportRequest, type TransportResponse } from './transport.ts'

/**
 * An API in memory for tests: storage, watches, conflicts, finalizers, graceful pod deletion, binding. It knows no schema:
 * no defaults, no checks, no garbage collection. The client's conformance suite holds it to what the real server does.
 */
export interface FakeApi {
  readonly client: Client
  readonly handle: (request: TransportRequest) => Promise<TransportResponse>
  /** Stores an object as it is, status included, over what was there. */
  put<T extends ApiObject>(kind: Kind<T>, object: SeedOf<T>): T
  get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): T | undefined
  all<T extends ApiObject>(kind: Kind<T>): readonly T[]
  /** Removes an object at once, whatever holds it. */
  drop<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): void
  readonly revision: number
  /** Sends a bookmark to every watch. */
  bookmark(): string
  /** Forgets history: whoever resumes from before gets 410. */
  compact(): void
  /** Breaks every open watch: with an error as a cut connection does, after these bytes if any. */
  cutWatches(lastBytes?: string): void
  /** Ends every open watch as a server does at its deadline. */
  endWatches(): void
  /** Watches are told nothing until the returned function is called. */
  holdWatches(): () => void
  /** Called before each request; may throw (ConnectionError: nothing listens) or answer itself. */
  intercept:
    | ((request: TransportRequest) => Promise<TransportResponse | undefined> | TransportResponse | undefined)
    | undefined
  /** Every request served, as "GET /path". */
  readonly requests: readonly string[]
}

type SeedOf<T extends ApiObject> = Omit<T, 'metadata' | 'apiVersion' | 'kind'> & {
  readonly metadata: Partial<T['metadata']> & ObjectKey
}

interface Watcher {
  hold(value: boolean): void
  send(bytes: Buffer): void
  end(error?: Error): void
}

export function fakeApi(clock: Pick<Clock, 'now'> = { now: () => Date.UTC(2026, 0, 1) }): FakeApi {
  const state = createState()
  const verbs = createVerbs(state, () => rfc3339(clock.now()))
  const watchers = new Set<Watcher>()
  const requests: string[] = []
  const nameOf = (kind: Kind): string => `${kind.group}/${kind.plural}`
  const keyOf = ({ namespace, name }: ObjectKey): string => (namespace === undefined ? name : `${namespace}/${name}`)
  const fake: FakeApi = {
    client: createClient(loopbackTransport(request => fake.handle(request))),
    async handle(request) {
      requests.push(`${request.method} ${request.path}`)
      request.signal?.throwIfAborted()
      const intercepted = await fake.intercept?.(request)
      if (intercepted) return intercepted
      try {
        return serve(state, verbs, watchers, request)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return json(error.status.code ?? 500, {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          ...error.status,
        })
      }
    },
    put<T extends ApiObject>(kind: Kind<T>, object: SeedOf<T>) {
      const old = state.collection(nameOf(kind)).get(keyOf(object.metadata))
      const metadata = {
        uid: old?.metadata.uid ?? `seed-${kind.plural}-${keyOf(object.metadata)}`,
        creationTimestamp: rfc3339(clock.now()),
        generation: 1,
        ...object.metadata,
      }
      const seed = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object, metadata } as unknown as Stored
      return state.write(nameOf(kind), keyOf(object.metadata), seed) as unknown as T
    },
    get: <T extends ApiObject>(kind: Kind<T>, key: ObjectKey) =>
      state.collection(nameOf(kind)).get(keyOf(key)) as unknown as T,
    all: <T extends ApiObject>(kind: Kind<T>) => [...state.collection(nameOf(kind)).values()] as unknown as T[],
    drop: (kind, key) => void state.remove(nameOf(kind), keyOf(key)),
    get revision() {
      return state.revision
    },
    bookmark() {
      for (const watcher of watchers) watcher.send(bookmark(state.revision))
      return String(state.revision)
    },
    compact: () => state.compact(),
    cutWatches(lastBytes) {
      for (const watcher of [...watchers]) {
        if (lastBytes) watcher.send(Buffer.from(lastBytes))
        watcher.end(new ConnectionError('the connection was cut', { code: 'ECONNRESET' }))
      }
    },
    endWatches() {
      for (const watcher of [...watchers]) watcher.end()
    },
    holdWatches() {
      for (const watcher of watchers) watcher.hold(true)
      return () => {
        for (const watcher of watchers) watcher.hold(false)
      }
    },
    intercept: undefined,
    requests,
  }
  return fake
}

const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`)
const bookmark = (revision: number, annotations?: Record<string, string>): Buffer =>
  line({
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: String(revision), ...(annotations ? { annotations } : {}) } },
  })
const json = (status: number, value: unknown): TransportResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
})

/** /api/v1/namespaces/shop/pods/web-1/status */
function parseTarget(pathname: string): Target {
  const parts = pathname.split('/').slice(1).map(decodeURIComponent)
  const group = parts[0] === 'api' ? '' : parts[1]!
  let rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  let namespace: string | undefined
  const isItsOwn = rest[2] === undefined || rest[2] === 'status' || rest[2] === 'finalize'
  if (rest[0] === 'namespaces' && !isItsOwn) {
    namespace = rest[1]
    rest = rest.slice(2)
  }
  const [plural, name, subresource] = rest
  if (plural === undefined) throw new Refusal(404, 'NotFound', 'the server could not find the requested resource')
  return { collection: `${group}/${plural}`, plural, namespace, name, subresource }
}

function serve(state: State, verbs: Verbs, watchers: Set<Watcher>, request: TransportRequest): TransportResponse {
  const url = new URL(request.path, 'http://fake')
  const target = parseTarget(url.pathname)
  const body = (): Stored => JSON.parse(Buffer.from(request.body ?? []).toString('utf8'))
  switch (request.method) {
    case 'GET':
      if (target.name !== undefined) return json(200, verbs.get(target))
      return url.searchParams.has('watch')
        ? watch(state, watchers, target, url.searchParams, request.signal)
        : list(state, target, url.searchParams)
    case 'POST': {
      const made = verbs.create(target, body())
      return json(201, target.subresource === 'binding' ? { kind: 'Status', status: 'Success' } : made)
    }
    case 'PUT':
      return json(200, verbs.update(target, body()))
    case 'PATCH':
      return json(200, verbs.patch(target, request.headers['content-type'] ?? '', body()))
    case 'DELETE': {
      const left = verbs.remove(target, request.body?.length ? (body() as object) : {})
      return json(200, left ?? { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })
    }
    default:
      throw new Refusal(405, 'MethodNotAllowed', `${request.method} is not supported`)
  }
}

type Selects = (object: Stored) => boolean

function selection(target: Target, query: URLSearchParams): Selects {
  const labels = labelSelector(query.get('labelSelector'))
  const fields = fieldSelector(query.get('fieldSelector'))
  return object =>
    (target.namespace === undefined || object.metadata.namespace === target.namespace) &&
    labels(object.metadata.labels ?? {}) &&
    fields(object)
}

function list(state: State, target: Target, query: URLSearchParams): TransportResponse {
  const token = query.get('continue')
  const start = token
    ? (JSON.parse(Buffer.from(token, 'base64url').toString()) as { key: string; revision: number })
    : undefined
  if (start && start.revision < state.compacted)
    throw new Refusal(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result')
  const selects = selection(target, query)
  const keys = [...state.collection(target.collection)]
    .filter(([, object]) => selects(object))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const limit = Number(query.get('limit') ?? 0) || Infinity
  const from = start ? keys.filter(([key]) => key > start.key) : keys
  const page = from.slice(0, limit)
  const revision = start?.revision ?? state.revision
  const next = Buffer.from(JSON.stringify({ key: page.at(-1)?.[0], revision })).toString('base64url')
  const metadata = { resourceVersion: String(revision), ...(from.length > page.length ? { continue: next } : {}) }
  return json(200, { kind: 'List', apiVersion: 'v1', metadata, items: page.map(([, object]) => object) })
}

function watch(
  state: State,
  watchers: Set<Watcher>,
  target: Target,
  query: URLSearchParams,
  signal: AbortSignal | undefined,
): TransportResponse {
  const selects = selection(target, query)
  const version = Number(query.get('resourceVersion') ?? 0)
  const first: Buffer[] = []
  if (version === 0) {
    for (const object of state.collection(target.collection).values())
      if (selects(object)) first.push(line({ type: 'ADDED', object }))
    if (query.get('sendInitialEvents') === 'true')
      first.push(bookmark(state.revision, { 'k8s.io/initial-events-end': 'true' }))
  } else if (version < state.compacted) {
    const object = { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${version}` }
    return { status: 200, headers: {}, body: line({ type: 'ERROR', object }) }
  } else for (const event of state.since(version)) first.push(...seen(target, selects, event))
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: stream(state, watchers, target, selects, first, signal),
  }
}

/** The event as a watch with this selection sees it: what leaves the selection is deleted, what enters it is new. */
function seen(target: Target, selects: Selects, event: HistoryEvent): Buffer[] {
  if (event.collection !== target.collection) return []
  const before = event.old !== undefined && selects(event.old)
  const after = event.type !== 'DELETED' && selects(event.object)
  if (!before && !after) return []
  return [line({ type: after ? (before ? 'MODIFIED' : 'ADDED') : 'DELETED', object: event.object })]
}

function stream(
  state: State,
  watchers: Set<Watcher>,
  target: Target,
  selects: Selects,
  first: Buffer[],
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const queue = first
  let wake = (): void => {}
  let ended: { readonly error: Error | undefined } | undefined
  let isHeld = false
  const watcher: Watcher = {
    hold(value) {
      isHeld = value
      wake()
    },
    send(bytes) {
      if (ended) return
      queue.push(bytes)
      wake()
    },
    end(error) {
      ended ??= { error }
      wake()
    },
  }
  watchers.add(watcher)
  const stop = state.onEvent(event => {
    for (const bytes of seen(target, selects, event)) watcher.send(bytes)
  })
  const abort = (): void => watcher.end(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  return (async function* () {
    try {
      for (;;) {
        while (queue.length > 0 && !isHeld && !signal?.aborted) yield Buffer.concat(queue.splice(0))
        if (ended?.error) throw ended.error
        if (ended) return
        await new Promise<void>(resolve => {
          wake = resolve
          if ((queue.length > 0 && !isHeld) || ended) resolve()
        })
      }
    } finally {
      stop()
      watchers.delete(watcher)
      signal?.removeEventListener('abort', abort)
    }
  })()
}

import type { Stored, StoreEvent } from '../../store/mod.ts'
import { RevisionCompacted, RevisionInFuture } from '../../store/mod.ts'
import type { Context, Reply } from '../context.ts'
import { eventsIn, storedIn } from '../converted.ts'
import { expired, tooLargeResourceVersion } from '../errors.ts'
import { chooseOutput } from '../negotiate/accept.ts'
import { renderOptions } from '../negotiate/render.ts'
import { collectionPrefix, keyOf } from '../resource/resource.ts'
import type { Selection } from '../select/selection.ts'
import { selectionOf } from '../select/selection.ts'
import { visibleTo } from '../select/visible.ts'
import { decodeStored } from '../stored.ts'
import type { ByteSink } from '../stream-body.ts'
import { inPieces } from '../stream-body.ts'
import type { FrameFormat } from '../watch/frames.ts'
import {
  bookmarkFrame,
  eventFrame,
  eventFrames,
  formatOf,
  frame,
  leftFrame,
  objectOf,
  previousOf,
  storedFrame,
} from '../watch/frames.ts'
import type { Pump } from '../watch/pump.ts'
import { createPump } from '../watch/pump.ts'
import type { ListOptions } from './list-options.ts'
import { parseListOptions } from './list-options.ts'

/** The default length of a watch; half of it is added by chance upstream, by the length of the plural here. */
const MIN_SECONDS = 1800

interface Watching {
  readonly context: Context
  readonly options: ListOptions
  readonly selection: Selection
  readonly format: FrameFormat
  readonly prefix: string
}

/** A collection's changes as lines of JSON, for as long as the client listens. */
export function watch(context: Context): Reply {
  const { resource, request, info, kernel } = context
  const options = parseListOptions(request.query, true)
  const output = chooseOutput(request.headers.accept)
  const selection = visibleTo(context, selectionOf(resource, request.query, info.name))
  const exact = selection.name !== undefined && (info.namespace !== undefined || !resource.namespaced)
  const watching: Watching = {
    context,
    options,
    selection,
    format: formatOf(resource, renderOptions({ ...output, format: 'json' }, request.query, kernel.clock)),
    prefix: exact ? keyOf(resource, info.namespace, selection.name!) : collectionPrefix(resource, info.namespace),
  }
  if (options.revision !== undefined && options.revision > kernel.store.revision)
    throw tooLargeResourceVersion(options.revision, kernel.store.revision)
  return {
    is: 'raw',
    code: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
    body: sink => run(watching, sink),
  }
}

/** Everything that decides what is sent first happens in this one turn, so that nothing is missed or sent twice. */
function run(watching: Watching, sink: ByteSink): void {
  const { context, options, format, prefix } = watching
  const { store, watches, clock, log } = context.kernel
  const present = store.revision
  const initial = startsWithState(options)
  const backlog: StoreEvent[][] = []
  let push = (events: readonly StoreEvent[]): void => {
    backlog.push([...events])
  }
  let stopStore: () => void
  try {
    stopStore = store.watch(prefix, initial ? present : options.revision!, events => push(events))
  } catch (error) {
    sink.write(errorFrame(error))
    sink.end()
    return
  }
  const failed = (error: unknown): void => {
    log.error({ error, resource: context.resource.plural }, 'a watch failed')
    sink.destroy()
  }
  const lines = { failed, sink, revision: initial ? present : undefined }
  const { deliver, afterwards } = context.resource.conversion
    ? convertedLines(watching, lines)
    : plainLines(watching, lines)
  push = deliver
  for (const events of backlog) push(events)
  const bookmark = (): void => {
    const bytes = options.bookmarks && bookmarkFrame(format, store.revision)
    if (bytes) afterwards(pump => pump.push(bytes))
  }
  const end = (): void => {
    bookmark()
    afterwards(pump => pump.end())
  }
  const removeWatch = watches.add({ bookmark, end, prefix: context.resource.prefix })
  const cancelTimer = clock.after(1000 * (options.timeoutSeconds || defaultSeconds(context)), end)
  sink.onClose(() => {
    stopStore()
    removeWatch()
    cancelTimer()
  })
}

const NOTHING: readonly Uint8Array[] = []

interface LineOptions {
  readonly sink: ByteSink
  readonly failed: (error: unknown) => void
  /** Of the state that comes first; undefined where none does. */
  readonly revision: number | undefined
}

/** How events get to the client, and what else must wait its turn behind them. */
interface Lines {
  readonly deliver: (events: readonly StoreEvent[]) => void
  readonly afterwards: (act: (pump: Pump) => void) => void
}

function plainLines(watching: Watching, { sink, failed, revision }: LineOptions, items?: readonly Stored[]): Lines {
  const first =
    revision === undefined
      ? NOTHING[Symbol.iterator]()
      : inPieces(initialFrames(watching, items ?? present(watching, revision), revision), PIECE_BYTES)
  const pump = createPump(sink, first, failed, watching.context.kernel.watches.behind)
  return {
    deliver(events) {
      try {
        const bytes = framesOf(watching, events)
        if (bytes) pump.push(bytes)
      } catch (error) {
        failed(error)
      }
    },
    afterwards: act => act(pump),
  }
}

/** One after another, as the definition's webhook answers. */
function convertedLines(watching: Watching, options: LineOptions): Lines {
  const { resource } = watching.context
  let closed = false
  options.sink.onClose(() => {
    closed = true
  })
  const begin = async (): Promise<Lines> => {
    if (options.revision === undefined) return plainLines(watching, options)
    return plainLines(watching, options, await storedIn(resource, [...present(watching, options.revision)]))
  }
  let last = begin()
  const inTurn = (act: (lines: Lines) => Promise<void> | void): void => {
    last = last.then(async lines => {
      if (!closed) await act(lines)
      return lines
    })
    last.catch(error => {
      if (!closed) options.failed(error)
    })
  }
  inTurn(() => {})
  return {
    deliver: events => inTurn(async lines => lines.deliver(await eventsIn(resource, events))),
    afterwards: act => inTurn(lines => lines.afterwards(act)),
  }
}

const defaultSeconds = ({ resource, info }: Context): number =>
  MIN_SECONDS + ((resource.plural.length * 97 + (info.namespace?.length ?? 0) * 31) % MIN_SECONDS)

/** Without a revision, or with 0, a watch begins with what exists; with sendInitialEvents it says so itself. */
const startsWithState = ({ revision, sendInitialEvents }: ListOptions): boolean =>
  sendInitialEvents ?? (revision === undefined || revision === 0)

function* initialFrames(watching: Watching, items: Iterable<Stored>, revision: number): Generator<Uint8Array> {
  const { context, selection, format, options } = watching
  const { resource } = context
  for (const stored of items)
    if (nameMatches(watching, stored.key) && (selection.matches?.(decodeStored(resource, stored)) ?? true))
      yield storedFrame(format, stored)
  if (options.sendInitialEvents && options.bookmarks) yield bookmarkFrame(format, revision, true)
}

const PIECE_BYTES = 32 << 10
const PAGE = 500

/**
 * Page by page, as the client takes them: a thousand clients that do not read must not hold a thousand copies. One that is so slow
 * that the past is forgotten meanwhile is cut off, and lists again.
 */
function* present({ context, prefix }: Watching, revision: number): Generator<Stored> {
  const { store } = context.kernel
  let startAfter: string | undefined
  for (;;) {
    const page = {
      atRevision: revision,
      limit: PAGE,
      uncounted: true,
      ...(startAfter === undefined ? {} : { startAfter }),
    }
    const { items, remaining } = store.range(prefix, page)
    yield* items
    if (remaining === 0) return
    startAfter = items.at(-1)!.key
  }
}

/** A prefix that is a whole key also begins longer names. */
const nameMatches = ({ selection }: Watching, key: string): boolean =>
  selection.name === undefined || key.endsWith(`/${selection.name}`)

const shared = new WeakMap<readonly StoreEvent[], Map<string, Uint8Array>>()

/** The frames of a batch as one chunk. Watches without a selection share it: they are given the same array. */
function framesOf(watching: Watching, events: readonly StoreEvent[]): Uint8Array | undefined {
  if (watching.selection.name !== undefined || watching.selection.matches) return join(selected(watching, events))
  let chunks = shared.get(events)
  if (!chunks) {
    chunks = new Map()
    shared.set(events, chunks)
  }
  let chunk = chunks.get(watching.format.key)
  if (!chunk) {
    chunk = eventFrames(watching.format, events, plainType)
    chunks.set(watching.format.key, chunk)
  }
  return chunk
}

const join = (frames: readonly Uint8Array[]): Uint8Array | undefined =>
  frames.length <= 1 ? frames[0] : Buffer.concat(frames)

const plainType = (event: StoreEvent): 'ADDED' | 'MODIFIED' | 'DELETED' => {
  if (event.type === 'delete') return 'DELETED'
  return event.previous ? 'MODIFIED' : 'ADDED'
}

function selected(watching: Watching, events: readonly StoreEvent[]): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (const event of events) {
    const bytes = nameMatches(watching, event.key) ? selectedFrame(watching, event) : undefined
    if (bytes) frames.push(bytes)
  }
  return frames
}

/** What enters the selection was added, what leaves it was deleted, as far as this client can see. */
function selectedFrame({ context, selection, format }: Watching, event: StoreEvent): Uint8Array | undefined {
  const { resource } = context
  const { matches } = selection
  if (!matches) return eventFrame(format, plainType(event), event)
  const before = event.previous !== undefined && matches(previousOf(resource, event))
  if (event.type === 'delete') return before ? eventFrame(format, 'DELETED', event) : undefined
  const now = matches(objectOf(resource, event))
  if (now) return eventFrame(format, before ? 'MODIFIED' : 'ADDED', event)
  return before ? leftFrame(format, event) : undefined
}

function errorFrame(error: unknown): Uint8Array {
  if (error instanceof RevisionCompacted)
    return frame(
      'ERROR',
      Buffer.from(JSON.stringify(expired(`too old resource version: ${error.requested} (${error.oldest})`).status)),
    )
  if (error instanceof RevisionInFuture)
    return frame('ERROR', Buffer.from(JSON.stringify(tooLargeResourceVersion(error.requested, error.current).status)))
  throw error
}

import type { Stored } from '../../store/mod.ts'
import { RevisionCompacted, RevisionInFuture } from '../../store/mod.ts'
import type { Context, ListPage, Reply } from '../context.ts'
import { oneStoredIn, storedIn } from '../converted.ts'
import { expired, tooLargeResourceVersion } from '../errors.ts'
import type { Resource } from '../resource/resource.ts'
import { collectionPrefix, keyOf } from '../resource/resource.ts'
import type { Selection } from '../select/selection.ts'
import { selectionOf } from '../select/selection.ts'
import { visibleTo } from '../select/visible.ts'
import { StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import type { ContinueToken } from './continue-token.ts'
import { decodeContinue, encodeContinue } from './continue-token.ts'
import type { ListOptions } from './list-options.ts'
import { parseListOptions } from './list-options.ts'

/** A collection, or a page of it, at one revision. */
export async function list(context: Context): Promise<Reply> {
  const { resource, request, kernel } = context
  const options = parseListOptions(request.query, false)
  const selection = visibleTo(context, selectionOf(resource, request.query))
  if (options.revision !== undefined && options.revision > kernel.store.revision)
    throw tooLargeResourceVersion(options.revision, kernel.store.revision)
  try {
    return { is: 'list', page: await readPage(context, selection, options) }
  } catch (error) {
    if (error instanceof RevisionCompacted) throw tooOld(options)
    if (error instanceof RevisionInFuture) throw tooLargeResourceVersion(error.requested, error.current)
    throw error
  }
}

async function readPage(
  { resource, info, kernel }: Context,
  selection: Selection,
  options: ListOptions,
): Promise<ListPage> {
  const { store } = kernel
  const prefix = collectionPrefix(resource, info.namespace)
  const token = options.continue === undefined ? undefined : decodeContinue(options.continue)
  const revision = revisionOf(options, token, store.revision)
  if (selection.name !== undefined && (info.namespace !== undefined || !resource.namespaced)) {
    const found = store.get(keyOf(resource, info.namespace, selection.name), revision)
    const stored = found && (await oneStoredIn(resource, found))
    const items = stored && (selection.matches?.(decodeStored(resource, stored)) ?? true) ? [stored] : []
    return { items, revision }
  }
  const matches = matcherOf(resource, selection)
  const startAfter = token && prefix + token.after
  const limit = isUnlimited(options) ? Number.POSITIVE_INFINITY : options.limit
  const { items, more, remaining } = await collect(
    resource,
    page => store.range(prefix, { ...page, lazy: true }),
    matches,
    {
      limit,
      revision,
      startAfter,
    },
  )
  if (!more) return { items, revision }
  const after = items.at(-1)!.key.slice(prefix.length)
  return {
    items,
    revision,
    continue: encodeContinue({ revision, after }),
    ...(matches ? {} : { remaining }),
  }
}

/** As upstream, whose cache answers resourceVersion=0 with all that it has. */
const isUnlimited = (options: ListOptions): boolean =>
  options.limit === 0 || (options.revision === 0 && options.continue === undefined)

/** A limit with a revision and nothing else means that revision exactly: k8s.io/apiserver calls it legacy, and it stands in its docs. */
function revisionOf(options: ListOptions, token: ContinueToken | undefined, current: number): number {
  if (token) return token.revision < 0 ? current : token.revision
  const { match, revision = 0, limit } = options
  const exact = match === 'Exact' || (match === undefined && revision > 0 && limit > 0)
  return exact ? revision : current
}

function matcherOf(resource: Resource, { name, matches }: Selection): ((stored: Stored) => boolean) | undefined {
  if (name === undefined && !matches) return undefined
  return stored =>
    (name === undefined || stored.key.endsWith(`/${name}`)) && (!matches || matches(decodeStored(resource, stored)))
}

type Read = (options: { limit?: number; startAfter?: string; atRevision: number }) => {
  readonly items: readonly Stored[]
  readonly remaining: number
}

/** So many keys are read at a time where a filter may reject most of them. */
const SCAN = 1000

async function collect(
  resource: Resource,
  read: Read,
  matches: ((stored: Stored) => boolean) | undefined,
  page: { readonly limit: number; readonly revision: number; readonly startAfter: string | undefined },
): Promise<{ items: readonly Stored[]; more: boolean; remaining: number }> {
  const at = { atRevision: page.revision }
  let { startAfter } = page
  if (!matches) {
    const { items, remaining } = read({ ...at, limit: page.limit, ...(startAfter === undefined ? {} : { startAfter }) })
    return { items, remaining, more: remaining > 0 }
  }
  const found: Stored[] = []
  for (;;) {
    const { items, remaining } = read({ ...at, limit: SCAN, ...(startAfter === undefined ? {} : { startAfter }) })
    for (const item of await storedIn(resource, items)) {
      if (!matches(item)) continue
      if (found.length === page.limit) return { items: found, more: true, remaining: 0 }
      found.push(item)
    }
    if (remaining === 0) return { items: found, more: false, remaining: 0 }
    startAfter = items.at(-1)!.key
    // Others have their turn.
    await new Promise(resolve => setImmediate(resolve))
  }
}

function tooOld(options: ListOptions): StatusError {
  if (options.continue === undefined) return expired('The resourceVersion for the provided list is too old.')
  const { after } = decodeContinue(options.continue)
  return new StatusError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    undefined,
    { continue: encodeContinue({ revision: -1, after }) },
  )
}

import type { Clock } from '../../lib/clock.ts'
import type { Stored } from '../../store/mod.ts'
import type { ListPage } from '../context.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'
import { decodeStored, servedBytes } from '../stored.ts'
import { inPieces } from '../stream-body.ts'
import type { Output } from './accept.ts'
import { partialMetadata, partialMetadataList } from './partial.ts'
import type { TableOptions } from './table.ts'
import { rowOf, tableOf } from './table.ts'

/** A value on its way out: bytes of JSON that need no more work, or a tree. */
export type Rendered = { readonly json: Uint8Array } | { readonly tree: object }

/** A list in JSON, made as it is taken: many clients that do not read hold no copies. */
export interface RenderedPieces {
  readonly pieces: Iterator<Uint8Array>
}

export interface RenderOptions {
  readonly output: Output
  readonly includeObject: TableOptions['includeObject']
  readonly nowMs: number
}

/** Ages count from the moment of rendering: a watch outlives the one it began at. Throws StatusError 400. */
export function renderOptions(output: Output, query: URLSearchParams, clock: Clock): RenderOptions {
  const includeObject = query.get('includeObject') ?? 'Metadata'
  if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object')
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(includeObject)}`)
  return {
    output,
    includeObject,
    get nowMs() {
      return clock.now()
    },
  }
}

const tableOptions = ({ output, includeObject, nowMs }: RenderOptions): TableOptions => ({
  version: output.version!,
  includeObject,
  nowMs,
})

export function renderObject(resource: Resource, object: Obj, options: RenderOptions): Rendered {
  const { as, version } = options.output
  if (as === 'Table')
    return {
      tree: tableOf(resource, [object], { resourceVersion: object.metadata.resourceVersion }, tableOptions(options)),
    }
  if (as === 'PartialObjectMetadata') return { tree: partialMetadata(object, version!) }
  return { tree: object }
}

export const renderStored = (resource: Resource, stored: Stored, options: RenderOptions): Rendered =>
  options.output.as === undefined && options.output.format === 'json'
    ? { json: servedBytes(resource, stored.value) }
    : renderObject(resource, decodeStored(resource, stored), options)

export function renderList(resource: Resource, page: ListPage, options: RenderOptions): Rendered | RenderedPieces {
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  }
  if (options.output.format === 'json')
    return { pieces: inPieces(listParts(resource, page, metadata, options), PIECE_BYTES) }
  const objects = page.items.map(item => decodeStored(resource, item))
  return { tree: listOf(resource, objects, metadata, options) }
}

function listOf(resource: Resource, objects: readonly Obj[], metadata: object, options: RenderOptions): object {
  const { as, version } = options.output
  if (as === 'Table') return tableOf(resource, objects, metadata, tableOptions(options))
  if (as !== undefined) return partialMetadataList(objects, metadata, version!)
  return { kind: resource.listKind, apiVersion: resource.apiVersion, metadata, items: objects }
}

const PIECE_BYTES = 64 << 10
const COMMA = Buffer.from(',')
const TAIL = ']}'

/** Whatever the form of the list, its items or rows come last. */
function* listParts(
  resource: Resource,
  page: ListPage,
  metadata: object,
  options: RenderOptions,
): Generator<Uint8Array> {
  const head = JSON.stringify(listOf(resource, [], metadata, options)).slice(0, -TAIL.length)
  yield Buffer.from(head)
  let isFirst = true
  for (const item of page.items) {
    if (!isFirst) yield COMMA
    isFirst = false
    yield itemBytes(resource, item, options)
  }
  yield Buffer.from(TAIL)
}

/** One item or row of a list. Of a list as stored nothing is decoded. */
function itemBytes(resource: Resource, item: Stored, options: RenderOptions): Uint8Array {
  const { as, version } = options.output
  if (as === undefined) return servedBytes(resource, item.value)
  const object = decodeStored(resource, item)
  const shown = as === 'Table' ? rowOf(resource, object, tableOptions(options)) : partialMetadata(object, version!)
  return Buffer.from(JSON.stringify(shown))
}

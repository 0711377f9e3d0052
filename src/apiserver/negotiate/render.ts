import type { Clock } from '../../lib/clock.ts'
import type { Stored } from '../../store/mod.ts'
import type { ListPage } from '../context.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'
import { decodeStored, servedBytes } from '../stored.ts'
import type { Output } from './accept.ts'
import { partialMetadata, partialMetadataList } from './partial.ts'
import type { TableOptions } from './table.ts'
import { tableOf } from './table.ts'

/** A value on its way out: bytes of JSON that need no more work, or a tree. */
export type Rendered = { readonly json: Uint8Array } | { readonly tree: object }

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

export function renderList(resource: Resource, page: ListPage, options: RenderOptions): Rendered {
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  }
  const { as, format, version } = options.output
  if (as === undefined && format === 'json') return { json: listBytes(resource, page, metadata) }
  const objects = page.items.map(item => decodeStored(resource, item))
  if (as === 'Table') return { tree: tableOf(resource, objects, metadata, tableOptions(options)) }
  if (as === 'PartialObjectMetadataList' || as === 'PartialObjectMetadata')
    return { tree: partialMetadataList(objects, metadata, version!) }
  return { tree: { kind: resource.listKind, apiVersion: resource.apiVersion, metadata, items: objects } }
}

const COMMA = Buffer.from(',')
const END = Buffer.from(']}')

/** The items' stored bytes with a head before and commas between; nothing is decoded. */
function listBytes(resource: Resource, page: ListPage, metadata: object): Uint8Array {
  const head = JSON.stringify({ kind: resource.listKind, apiVersion: resource.apiVersion, metadata }).slice(0, -1)
  const parts: Uint8Array[] = [Buffer.from(`${head},"items":[`)]
  for (const [index, item] of page.items.entries()) {
    if (index > 0) parts.push(COMMA)
    parts.push(servedBytes(resource, item.value))
  }
  parts.push(END)
  return Buffer.concat(parts)
}

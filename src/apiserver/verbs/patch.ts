import type { Context, Reply } from '../context.ts'
import { invalid, notFound } from '../errors.ts'
import type { JsonObject, Obj } from '../object.ts'
import type { Patch } from '../patch/mod.ts'
import { applyPatch, readPatch } from '../patch/mod.ts'
import type { DecodedTree } from '../resource/codec.ts'
import { decodeTree } from '../resource/codec.ts'
import { keyOf } from '../resource/resource.ts'
import type { StatusError } from '../status-error.ts'
import { report } from '../write/body.ts'
import { createObject } from '../write/create.ts'
import { checkName, checkNamespace } from '../write/metadata.ts'
import type { WriteOptions } from '../write/options.ts'
import { parseWriteOptions } from '../write/options.ts'
import { separateStatus } from '../write/status.ts'
import { updateObject } from '../write/update.ts'
import { flag } from './list-options.ts'

/** PATCH of an object or its status, in any of the four forms. */
export async function patch(context: Context): Promise<Reply> {
  const { kernel, resource, info, request } = context
  const options = parseWriteOptions(request, 'PatchOptions')
  const target = resource.patchTarget(info.subresource ?? '')
  const change = await readPatch(patchRequest(context, options), target)
  report(context, resource, change.strictErrors, options.fieldValidation)
  const key = keyOf(resource, info.namespace, info.name!)
  if (!kernel.store.head(key)) {
    if (change.type !== 'apply' || info.subresource !== undefined) throw notFound(resource, info.name!)
    return applyNew(context, change, options)
  }
  return updateObject(
    context,
    current => {
      const { object, tracked } = applyPatch(change, current, target, kernel.clock.now())
      const next = decoded(context, change, object, options)
      return { object: separateStatus(context, current, next), tracked }
    },
    options,
  )
}

export function patchRequest({ request }: Context, { fieldValidation }: WriteOptions) {
  const { query, headers, body } = request
  const fieldManager = query.get('fieldManager')
  const userAgent = headers['user-agent']
  return {
    contentType: headers['content-type'] ?? '',
    body,
    ...(fieldManager === null ? {} : { fieldManager }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(query.has('force') ? { force: flag(query.get('force')) } : {}),
    fieldValidation,
  }
}

function applyNew(context: Context, change: Patch, options: WriteOptions): Promise<Reply> {
  const target = context.resource.patchTarget('')
  const { object, tracked } = applyPatch(change, undefined, target, context.kernel.clock.now())
  return createObject(context, decoded(context, change, object, options), options, tracked)
}

/** What a patch made, checked as a body would be. */
function decoded(context: Context, change: Patch, patched: JsonObject, options: WriteOptions): Obj {
  const { object: tree, problems } = decodePatched(context, change, patched)
  if (problems.length > 0 && options.fieldValidation === 'Strict' && change.type !== 'apply')
    throw unusable(change, patched, `strict decoding error: ${problems.join(', ')}`)
  report(context, context.resource, problems, options.fieldValidation)
  const object = tree as Obj
  object.metadata = { ...object.metadata }
  checkNamespace(context, object)
  checkName(context, object)
  return object
}

function decodePatched({ resource }: Context, change: Patch, patched: JsonObject): DecodedTree {
  try {
    return decodeTree(resource, patched)
  } catch (error) {
    if (change.type === 'apply' || !(error instanceof Error)) throw error
    // Strategic merges go from maps to structs, whose converter has words of its own.
    const type = change.type === 'strategic' ? / of type (\S+)$/.exec(error.message)?.[1] : undefined
    throw unusable(change, patched, type === undefined ? error.message : `unrecognized type: ${type}`)
  }
}

/** What a patch makes of an object is none of its type: of a merge upstream shows the outcome, of a strategic merge the patch. */
const unusable = (change: Patch, patched: JsonObject, detail: string): StatusError =>
  invalid({ group: '', kind: '' }, '', [
    {
      type: 'Invalid',
      field: 'patch',
      value: change.type === 'strategic' ? goText(change.value) : JSON.stringify(patched),
      detail,
    },
  ])

/** As Go's %+v prints what JSON decodes to. */
function goText(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const members = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${members.map(([key, member]) => `${key}:${goText(member)}`).join(' ')}]`
}

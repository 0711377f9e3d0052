/** What a conversion may change: everything but what the object is; of its metadata labels and annotations alone. */
import { metadataErrors } from '../../../api/meta/rules.ts'
import { isObject } from '../../../wire/json/value.ts'
import type { JsonObject, Meta, Obj } from '../../object.ts'
import { textAt } from '../../object.ts'

/** Throws Error. */
export function checkConverted(object: Obj, converted: unknown, apiVersion: string): void {
  const invalid = (why: string): Error => new Error(`returned invalid object at index 0: ${why}`)
  const version = textAt(converted, 'apiVersion')
  if (version !== apiVersion) throw invalid(`invalid groupVersion (expected ${apiVersion}, received ${version})`)
  const kind = textAt(converted, 'kind')
  if (kind !== object.kind) throw invalid(`invalid kind (expected ${object.kind}, received ${kind})`)
  for (const [name, field] of IDENTITY) {
    const [expected, found] = [textAt(object.metadata, field), textAt(converted, 'metadata', field)]
    if (expected !== found)
      throw new Error(`returned invalid object: must have the same ${name}: ${expected} != ${found}`)
  }
}

const IDENTITY = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['UID', 'uid'],
] as const

/** The converted object with the metadata it had, but for labels and annotations. Throws Error. */
export function restoreMetadata(object: Obj, converted: Obj): Obj {
  const invalid = (why: string): Error => new Error(`returned invalid metadata: ${why}`)
  const { metadata: given } = converted as JsonObject
  if (given === undefined) throw invalid('missing metadata in converted object')
  if (!isObject(given)) throw invalid(`invalid metadata of type ${goType(given)} in converted object`)
  const { labels: _, annotations: __, ...kept } = object.metadata
  const metadata: Meta = { ...kept }
  for (const field of ['labels', 'annotations'] as const) {
    const value = given[field]
    if (value === undefined || value === null) continue
    if (!isObject(value)) throw invalid(`invalid metadata.${field} of type ${goType(value)} in converted object`)
    for (const [key, text] of Object.entries(value))
      if (typeof text !== 'string')
        throw invalid(`metadata.${field}[${key}] must be a string, but is ${goType(text)} in converted object`)
    metadata[field] = value as Record<string, string>
  }
  const [error] = metadataErrors({ name: object.metadata.name, ...pick(metadata) } as never)
  if (error) throw invalid(`${error.field}: ${error.detail}`)
  return { ...converted, metadata }
}

const pick = ({ labels, annotations }: Meta) => ({
  ...(labels ? { labels } : {}),
  ...(annotations ? { annotations } : {}),
})

function goType(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return 'map[string]interface {}'
}

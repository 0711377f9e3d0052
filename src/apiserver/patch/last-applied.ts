/** The annotation of client-side apply, which server-side apply by `kubectl` takes over and keeps in step. */

import { compare } from '../../schema/merge/compare.ts'
import type { FieldSet } from '../../schema/merge/field-set.ts'
import { difference, EMPTY } from '../../schema/merge/field-set.ts'
import { toFieldSet } from '../../schema/merge/to-field-set.ts'
import { readJsonText } from '../../wire/json/read.ts'
import { isObject } from '../../wire/json/value.ts'
import type { JsonObject } from '../object.ts'
import type { PatchTarget } from './mod.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** Of all annotations of an object, in bytes. */
const MAX_ANNOTATIONS_BYTES = 256 * 1024

const annotationsOf = (object: JsonObject): Readonly<Record<string, unknown>> => {
  const metadata = isObject(object.metadata) ? object.metadata : {}
  return isObject(metadata.annotations) ? metadata.annotations : {}
}

/** The fields that client-side apply set and that nobody has changed since: an apply by kubectl may take them. */
export function fieldsOfLastApplied(live: JsonObject, target: PatchTarget): FieldSet {
  const text = annotationsOf(live)[LAST_APPLIED]
  const last = typeof text === 'string' ? parse(text) : undefined
  if (!isObject(last) || last.apiVersion !== target.apiVersion) return EMPTY
  const { removed, modified, added } = compare(target.type, last, live)
  return [modified, added, removed].reduce(difference, toFieldSet(target.type, last))
}

function parse(text: string): unknown {
  try {
    return readJsonText(text).value
  } catch {
    return undefined
  }
}

/** Where the outcome carries the annotation, it now says what was applied. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const annotations = annotationsOf(object)
  if (typeof annotations[LAST_APPLIED] !== 'string' || annotations[LAST_APPLIED] === '') return object
  const next: Record<string, unknown> = { ...annotations, [LAST_APPLIED]: lastAppliedText(config) }
  const bytes = Object.entries(next).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + String(value)), 0)
  if (bytes > MAX_ANNOTATIONS_BYTES) delete next[LAST_APPLIED]
  return { ...object, metadata: { ...(object.metadata as JsonObject), annotations: next } }
}

function lastAppliedText(config: JsonObject): string {
  const { [LAST_APPLIED]: _, ...annotations } = annotationsOf(config)
  const metadata = isObject(config.metadata) ? config.metadata : {}
  const bare = 'annotations' in metadata ? { ...config, metadata: { ...metadata, annotations } } : config
  return `${sortedJson(bare)}\n`
}

/** As Go writes JSON: keys sorted, and nothing that HTML could mistake. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  if (!isObject(value)) return goString(JSON.stringify(value))
  const keys = Object.keys(value)
    .filter(key => value[key] !== undefined)
    .sort()
  return `{${keys.map(key => `${goString(JSON.stringify(key))}:${sortedJson(value[key])}`).join(',')}}`
}

const goString = (text: string): string =>
  text.replace(/[<>&\u2028\u2029]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

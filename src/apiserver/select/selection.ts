import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { matchesFields, parseFieldSelector } from './fields.ts'
import { parseLabelSelector } from './labels.ts'

/** What of a collection a request wants. */
export interface Selection {
  /** The only name that can match, where a selector says so: then one key is read instead of all. */
  readonly name?: string
  /** Absent: everything (of that name) matches, and no object need be decoded. */
  readonly matches?: (object: Obj) => boolean
}

/** Throws StatusError 400. */
export function selectionOf(resource: Resource, query: URLSearchParams, pathName?: string): Selection {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const terms = parseFieldSelector(query.get('fieldSelector') ?? '', resource)
  const byName = terms.find(term => term.field === 'metadata.name' && term.equal)
  const name = pathName ?? byName?.value
  const rest = terms.filter(term => term !== byName || pathName !== undefined)
  if (!labels && rest.length === 0) return name === undefined ? {} : { name }
  return {
    ...(name === undefined ? {} : { name }),
    matches: object => (!labels || labels(object.metadata.labels)) && matchesFields(resource, rest, object),
  }
}

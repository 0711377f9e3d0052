import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'

export interface FieldTerm {
  readonly field: string
  readonly equal: boolean
  readonly value: string
}

/** A field selector's terms. Throws StatusError 400 for text it cannot be and for fields the type does not offer. */
export function parseFieldSelector(text: string, resource: Resource): readonly FieldTerm[] {
  return split(text).map(term => {
    const match = /^((?:\\.|[^=!\\])*)(==|!=|=)([\s\S]*)$/.exec(term)
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    const field = withoutEscapes(match[1]!)
    if (!isSelectable(resource, field)) throw badRequest(notSelectable(resource, field))
    return { field, equal: match[2] !== '!=', value: withoutEscapes(match[3]!) }
  })
}

/** In the words of types that add fields of their own, or of those that do not. */
const notSelectable = ({ custom, namespaced, selectable }: Resource, field: string): string =>
  custom || !namespaced || Object.keys(selectable).length > 0
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`

const isSelectable = (resource: Resource, field: string): boolean =>
  field === 'metadata.name' ||
  (field === 'metadata.namespace' && resource.namespaced) ||
  Object.hasOwn(resource.selectable, field)

export const matchesFields = (resource: Resource, terms: readonly FieldTerm[], object: Obj): boolean =>
  terms.every(({ field, equal, value }) => (fieldValue(resource, object, field) === value) === equal)

function fieldValue(resource: Resource, object: Obj, field: string): string {
  if (field === 'metadata.name') return object.metadata.name ?? ''
  if (field === 'metadata.namespace') return object.metadata.namespace ?? ''
  return resource.selectable[field]!(object as never)
}

/** At commas that no backslash stands before. Empty terms are dropped. */
function split(text: string): string[] {
  const terms: string[] = []
  let term = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) term += text[i]! + text[++i]!
    else if (text[i] === ',') {
      terms.push(term)
      term = ''
    } else term += text[i]
  }
  terms.push(term)
  return terms.filter(found => found !== '')
}

const withoutEscapes = (text: string): string => text.replace(/\\(.)/g, '$1')

/** How a value of a type is walked: what the type says, or what the value is where there is no schema. */
import { isObject } from '../../wire/json/value.ts'
import type { MergeType } from '../merge-type.ts'
import type { Element } from './element.ts'
import { keyElement, valueElement } from './element.ts'

export type Shape = 'scalar' | 'list' | 'map'

/** A value that is absent or null takes the shape of the other side; alone it counts as a map. */
export function shapeOf(type: MergeType, value: unknown): Shape {
  switch (type.kind) {
    case 'scalar':
      return 'scalar'
    case 'list':
      return 'list'
    case 'map':
    case 'struct':
      return 'map'
    case 'any':
      if (value === undefined || value === null || isObject(value)) return 'map'
      return Array.isArray(value) ? 'list' : 'scalar'
  }
}

/** One owner for the whole: scalars, atomic lists and maps, and lists that have no schema. */
export const isLeaf = (type: MergeType, shape: Shape): boolean =>
  shape === 'scalar' || type.atomic || (type.kind === 'any' && shape === 'list')

export const itemsOf = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined)
export const membersOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  isObject(value) ? value : undefined

/** A struct's own field. Keys of maps, and of values without a schema, are items, which are owned by themselves. */
export const isNamedField = (type: MergeType, name: string): boolean =>
  type.kind === 'struct' && type.field(name) !== undefined && type.field(name)!.kind !== 'any'

/** What went wrong, with the path so far. */
export class MergeError extends Error {
  override readonly name = 'MergeError'
  readonly path: string
  readonly problem: string
  constructor(path: string, problem: string) {
    super(path === '' ? problem : `${path}: ${problem}`)
    this.path = path
    this.problem = problem
  }
}

/** The element that stands for an item of a set or of a list with keys; a sentence when the item cannot have one. */
export function itemElement(type: MergeType, item: unknown): Element | { readonly problem: string } {
  if (type.listType === 'set') return setElement(item)
  if (item === null || item === undefined) return { problem: 'associative list with keys may not have a null element' }
  if (!isObject(item)) return { problem: 'associative list with keys may not have non-map elements' }
  const keys: [string, unknown][] = []
  for (const name of type.listKeys) {
    const value = item[name] ?? type.item()?.field(name)?.default
    if (value !== undefined) keys.push([name, value])
  }
  if (keys.length === 0) {
    const names = `[${type.listKeys.map(key => JSON.stringify(key)).join(' ')}]`
    return {
      problem: `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
    }
  }
  return keyElement(keys)
}

function setElement(item: unknown): Element | { readonly problem: string } {
  if (item === null || item === undefined)
    return { problem: "associative list without keys has an element that's an explicit null" }
  if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' }
  if (typeof item === 'object') return { problem: "associative list without keys has an element that's a map type" }
  return valueElement(item)
}

import type { Element } from './element.ts'
import { compareElements, parseElement } from './element.ts'
import type { FieldNode, FieldSet } from './field-set.ts'

/** The JSON of metadata.managedFields[].fieldsV1. */
export interface FieldsV1 {
  readonly [element: string]: FieldsV1
}

const LEAF: FieldsV1 = Object.freeze({})

/** Sorted as Kubernetes sorts it; `.` stands for the node itself where it has children too. */
export const encodeFieldsV1 = (set: FieldSet): FieldsV1 => encodeInto({}, set)

function encodeInto(result: Record<string, FieldsV1>, set: FieldSet): FieldsV1 {
  for (const element of sorted(set)) {
    const { owned, children } = set.get(element)!
    if (children.size === 0) result[element] = LEAF
    else result[element] = encodeInto(owned ? { '.': LEAF } : {}, children)
  }
  return result
}

/** Sets of plain fields, which most are, need no order but that of text. */
function sorted(set: FieldSet): readonly Element[] {
  const elements = [...set.keys()]
  if (elements.length < 2) return elements
  return elements.every(element => element.startsWith('f:')) ? elements.sort() : elements.sort(compareElements)
}

/** Deeper than any object the API takes. */
const MAX_DEPTH = 300

/** Undefined when it is not a field set. */
export function decodeFieldsV1(value: unknown, depth = 0): FieldSet | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > MAX_DEPTH) return undefined
  const result = new Map<Element, FieldNode>()
  for (const [text, below] of Object.entries(value)) {
    if (text === '.') continue
    const element = parseElement(text)
    const children = element === undefined ? undefined : decodeFieldsV1(below, depth + 1)
    if (element === undefined || children === undefined) return undefined
    result.set(element, { owned: children.size === 0 || Object.hasOwn(below, '.'), children })
  }
  return result
}

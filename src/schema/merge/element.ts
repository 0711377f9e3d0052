/**
 * One step of a field path, as the text that FieldsV1 writes: `f:name` (a field), `k:{"name":"c"}` (a list item by its
 * keys), `v:"x"` (an item of a set), `i:0` (an index). The text is canonical, so equal steps are equal strings.
 */
export type Element = string

export const fieldElement = (name: string): Element => `f:${name}`
export const valueElement = (value: unknown): Element => `v:${JSON.stringify(value)}`

/** Keys are written in alphabetical order. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): Element {
  const sorted = [...keys].sort(([a], [b]) => compareText(a, b))
  return `k:{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

/** Undefined when the text is not an element. */
export function parseElement(text: string): Element | undefined {
  if (text.startsWith('f:')) return text
  if (text.startsWith('i:')) return /^i:(0|[1-9]\d{0,15})$/.test(text) ? text : undefined
  if (!text.startsWith('k:') && !text.startsWith('v:')) return undefined
  const value = parse(text.slice(2))
  if (value === undefined) return undefined
  if (text.startsWith('v:')) return valueElement(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return keyElement(Object.entries(value))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As conflicts print a path: .spec.ports[port=80,protocol="TCP"].name */
export const formatPath = (path: readonly Element[]): string => path.map(formatElement).join('')

export function formatElement(element: Element): string {
  const body = element.slice(2)
  switch (element[0]) {
    case 'f':
      return `.${body}`
    case 'k': {
      const keys = Object.entries(JSON.parse(body) as Record<string, unknown>)
      return `[${keys.map(([name, value]) => `${name}=${formatValue(value)}`).join(',')}]`
    }
    case 'v':
      return `[=${formatValue(JSON.parse(body))}]`
    default:
      return `[${body}]`
  }
}

function formatValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(',')}]`
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, item]) => `${key}=${formatValue(item)}`)
      .join('')
  return JSON.stringify(value)
}

const RANK: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 }

/** The order in which FieldsV1 lists elements: fields, keys, values, indexes; each by its own order. */
export function compareElements(a: Element, b: Element): number {
  if (a === b) return 0
  const rank = RANK[a[0]!]! - RANK[b[0]!]!
  if (rank !== 0) return rank
  switch (a[0]) {
    case 'f':
      return compareText(a, b)
    case 'i':
      return Number(a.slice(2)) - Number(b.slice(2))
    default:
      return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)))
  }
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const VALUE_RANK: Readonly<Record<string, number>> = { number: 0, string: 1, boolean: 2, object: 3 }

function compareValues(a: unknown, b: unknown): number {
  const rank = VALUE_RANK[typeof a]! - VALUE_RANK[typeof b]!
  if (rank !== 0) return rank
  if (typeof a === 'number' || typeof a === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'string') return compareText(a, b as string)
  return compareEntries(Object.entries(a ?? {}), Object.entries(b ?? {}))
}

type Entries = readonly (readonly [string, unknown])[]

function compareEntries(a: Entries, b: Entries): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareText(a[i]![0], b[i]![0]) || compareValues(a[i]![1], b[i]![1])
    if (order !== 0) return order
  }
  return a.length - b.length
}

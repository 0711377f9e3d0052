/** How each scalar is read from JSON and brought into the one form in which it is stored. */
import type { Scalar } from './field.ts'
import { canonicalQuantity } from './quantity.ts'

export type Read = { readonly value: unknown } | { readonly mismatch: true } | { readonly error: string }

const MISMATCH: Read = { mismatch: true }

/** A mismatch is a value of another JSON type, which the caller words; an error is worded here, as Go words it. */
export function readScalar(scalar: Scalar, value: unknown): Read {
  switch (scalar) {
    case 'string':
      return typeof value === 'string' ? { value } : MISMATCH
    case 'boolean':
      return typeof value === 'boolean' ? { value } : MISMATCH
    case 'int32':
      return isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31 ? { value } : MISMATCH
    case 'int64':
      return isInteger(value) ? { value } : MISMATCH
    case 'double':
      return typeof value === 'number' ? { value } : MISMATCH
    case 'bytes':
      return typeof value === 'string' ? readBytes(value) : MISMATCH
    case 'quantity':
      return readQuantity(value)
    case 'intOrString':
      return typeof value === 'string' || isInteger(value) ? { value } : MISMATCH
    case 'time':
      return typeof value === 'string' ? readTime(value, 0) : MISMATCH
    case 'microTime':
      return typeof value === 'string' ? readTime(value, 6) : MISMATCH
    case 'json':
      return { value }
  }
}

const isInteger = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value)

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function readBytes(text: string): Read {
  const packed = text.replace(/[\r\n]/g, '')
  if (BASE64.test(packed)) return { value: packed }
  const at = packed.search(/[^A-Za-z0-9+/]/)
  return { error: `illegal base64 data at input byte ${at < 0 ? packed.length - (packed.length % 4) : at}` }
}

const QUANTITY_HELP =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" as const

function readQuantity(value: unknown): Read {
  if (typeof value !== 'string' && typeof value !== 'number') return { error: QUANTITY_HELP }
  const canonical = canonicalQuantity(String(value).trim())
  return canonical === undefined ? { error: QUANTITY_HELP } : { value: canonical }
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/

/** RFC 3339 in, UTC with the given number of decimals out. */
function readTime(text: string, decimals: number): Read {
  const match = TIME.exec(text)
  const atMs = match ? Date.parse(match[1]! + match[3]!) : Number.NaN
  if (Number.isNaN(atMs)) return { error: timeError(text) }
  const seconds = new Date(atMs).toISOString().slice(0, 19)
  const fraction = (match?.[2] ?? '').slice(0, decimals).padEnd(decimals, '0')
  return { value: decimals === 0 ? `${seconds}Z` : `${seconds}.${fraction}Z` }
}

const PARTS: readonly (readonly [pattern: RegExp, layout: string])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d\d/, '01'],
  [/^-/, '-'],
  [/^\d\d/, '02'],
  [/^T/, 'T'],
  [/^\d\d/, '15'],
  [/^:/, ':'],
  [/^\d\d/, '04'],
  [/^:/, ':'],
  [/^\d\d(?:\.\d+)?/, '05'],
  [/^(?:Z|[+-]\d\d:\d\d)$/, 'Z07:00'],
]

/** The words of Go's time.Parse, which name the first part that does not fit. */
function timeError(text: string): string {
  const prefix = `parsing time ${JSON.stringify(text)}`
  let rest = text
  for (const [pattern, layout] of PARTS) {
    const match = pattern.exec(rest)
    if (!match)
      return `${prefix} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(layout)}`
    rest = rest.slice(match[0].length)
  }
  return `${prefix}: day out of range`
}

import { CelError } from './ast.ts'

/** int is bigint, double is number; lists, maps and what the libraries add are objects. */
export type Value = null | boolean | bigint | number | string | Uint8Array | readonly Value[] | ValueMap | Special

export type ValueMap = ReadonlyMap<Value, Value>

export type Special =
  | { readonly cel: 'uint'; readonly value: bigint }
  | { readonly cel: 'type'; readonly name: string }
  /** In milliseconds since 1970. */
  | { readonly cel: 'timestamp'; readonly ms: number }
  /** In nanoseconds. */
  | { readonly cel: 'duration'; readonly nanos: bigint }
  | { readonly cel: 'optional'; readonly value?: Value }
  | { readonly cel: 'quantity'; readonly nano: bigint }
  | { readonly cel: 'url'; readonly url: Url }
  | { readonly cel: 'ip'; readonly text: string }
  | { readonly cel: 'cidr'; readonly text: string }
  | { readonly cel: 'format'; readonly name: string }
  | { readonly cel: 'authorizer'; readonly question: Question; readonly decide: Decide; readonly request: Question }
  | ({ readonly cel: 'decision' } & Verdict)
  /** Sorts as versions do; see library/semver.ts. */
  | { readonly cel: 'semver'; readonly text: string }

/** What may be done to what; the parts are given one by one. */
export interface Question {
  readonly is: 'user' | 'path' | 'group' | 'resource'
  /** Instead of whoever makes the request. */
  readonly account?: { readonly namespace: string; readonly name: string }
  readonly path?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}

export interface Verdict {
  readonly allowed: boolean
  readonly reason: string
}

export type Decide = (question: Question, verb: string) => Verdict

export interface Url {
  readonly scheme: string
  readonly host: string
  readonly hostname: string
  readonly port: string
  readonly path: string
  readonly query: ReadonlyMap<string, readonly string[]>
}

export const NONE: Special = { cel: 'optional' }
export const some = (value: Value): Special => ({ cel: 'optional', value })

export const isMap = (value: Value): value is ValueMap => value instanceof Map
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)
export const isSpecial = (value: Value): value is Special =>
  typeof value === 'object' && value !== null && 'cel' in value

export function typeName(value: Value): string {
  if (value === null) return 'null_type'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'string') return 'string'
  if (value instanceof Uint8Array) return 'bytes'
  if (isList(value)) return 'list'
  if (isMap(value)) return 'map'
  return SPECIAL_NAMES[value.cel]
}

const SPECIAL_NAMES: Readonly<Record<Special['cel'], string>> = {
  uint: 'uint',
  type: 'type',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  optional: 'optional_type',
  quantity: 'kubernetes.Quantity',
  url: 'kubernetes.URL',
  ip: 'net.IP',
  cidr: 'net.CIDR',
  semver: 'kubernetes.Semver',
  authorizer: 'kubernetes.authorization.Authorizer',
  decision: 'kubernetes.authorization.Decision',
  format: 'kubernetes.NamedFormat',
}

/** Numbers of all kinds compare by what they are worth. */
export const numberOf = (value: Value): bigint | number | undefined =>
  typeof value === 'bigint' || typeof value === 'number'
    ? value
    : isSpecial(value) && value.cel === 'uint'
      ? value.value
      : undefined

export function equal(a: Value, b: Value): boolean {
  const x = numberOf(a)
  const y = numberOf(b)
  // biome-ignore lint/suspicious/noDoubleEquals: it compares integers with doubles exactly
  if (x !== undefined && y !== undefined) return x == y
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, index) => equal(item, b[index]!))
  if (isMap(a) && isMap(b)) return a.size === b.size && [...a].every(([key, value]) => has(b, key, value))
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, index) => byte === b[index])
  if (isSpecial(a) && isSpecial(b)) return equalSpecial(a, b)
  return a === b
}

function has(map: ValueMap, key: Value, value: Value): boolean {
  const found = lookup(map, key)
  return found !== undefined && equal(found, value)
}

function equalSpecial(a: Special, b: Special): boolean {
  if (a.cel !== b.cel) return false
  if (a.cel === 'optional' && b.cel === 'optional') {
    if (a.value === undefined || b.value === undefined) return a.value === b.value
    return equal(a.value, b.value)
  }
  if (a.cel === 'url' && b.cel === 'url') return JSON.stringify(a.url) === JSON.stringify(b.url)
  if (a.cel === 'authorizer' || a.cel === 'decision') return a === b
  const { cel: _, ...x } = a
  const { cel: __, ...y } = b
  return Object.values(x)[0] === Object.values(y)[0]
}

/** What a map has under a key; whole doubles find integers. */
export function lookup(map: ValueMap, key: Value): Value | undefined {
  const found = map.get(key)
  if (found !== undefined) return found
  const number = numberOf(key)
  return number === undefined || typeof key === 'bigint' || !Number.isInteger(Number(number))
    ? undefined
    : map.get(BigInt(number))
}

/** Negative, zero or positive. Throws CelError for what has no order. */
export function compare(a: Value, b: Value): number {
  const x = orderOf(a)
  const y = orderOf(b)
  if (x === undefined || y === undefined || (typeof x === 'string') !== (typeof y === 'string') || !alike(a, b))
    throw noOverload('_<_', [a, b])
  return x < y ? -1 : x > y ? 1 : 0
}

const alike = (a: Value, b: Value): boolean =>
  (numberOf(a) !== undefined && numberOf(b) !== undefined) || typeName(a) === typeName(b)

function orderOf(value: Value): bigint | number | string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof Uint8Array) return Array.from(value, byte => String.fromCharCode(byte)).join('')
  if (isSpecial(value)) {
    if (value.cel === 'timestamp') return value.ms
    if (value.cel === 'duration') return value.nanos
    if (value.cel === 'quantity') return value.nano
  }
  return numberOf(value)
}

export const noOverload = (name: string, args: readonly Value[]): CelError =>
  new CelError(`found no matching overload for '${name}' applied to '(${args.map(typeName).join(', ')})'`)

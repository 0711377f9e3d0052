/** The words of strategic merge patch. */
import { isObject } from '../../../wire/json/value.ts'

export const PATCH = '$patch'
export const RETAIN_KEYS = '$retainKeys'
export const DELETE_FROM_LIST = '$deleteFromPrimitiveList'
export const SET_ORDER = '$setElementOrder'

export type Obj = Readonly<Record<string, unknown>>

/** A patch that cannot be applied; `code` is the HTTP status that the API gives it. */
export class StrategicMergeError extends Error {
  override readonly name = 'StrategicMergeError'
  readonly code: 400 | 422 | 500
  constructor(code: 400 | 422 | 500, message: string) {
    super(message)
    this.code = code
  }
}

export const badOrder = (): StrategicMergeError =>
  new StrategicMergeError(400, 'invalid patch format of setElementOrder list')
export const badRetainKeys = (): StrategicMergeError =>
  new StrategicMergeError(400, 'invalid patch format of retainKeys')
export const internal = (message: string): StrategicMergeError => new StrategicMergeError(500, message)

/** The field that a parallel directive such as `$setElementOrder/containers` is about. */
export function fieldOf(key: string, directive: string): string {
  const slash = key.indexOf('/')
  if (slash >= 0 && key.slice(0, slash) === directive) return key.slice(slash + 1)
  throw directive === SET_ORDER ? badOrder() : new StrategicMergeError(400, 'invalid patch format of primitive list')
}

/** `undefined` where the value itself says `$patch`: it is then not to be kept. Lists and objects are searched. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter(item => item !== undefined)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, PATCH)) return undefined
  return mapMembers(value, withoutDirectives)
}

/** Without members that are null, at any depth. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  return isObject(value) ? mapMembers(value, member => (member === null ? undefined : withoutNulls(member))) : value
}

function mapMembers(value: Obj, f: (member: unknown) => unknown): Obj {
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const next = f(member)
    if (next !== undefined) result[key] = next
  }
  return result
}

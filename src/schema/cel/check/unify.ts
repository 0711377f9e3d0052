/** What types parameters stand for, found as types are compared. Source: cel-go, checker/types.go. */
import type { Type } from './type.ts'
import { allPairs, DYN, isAnything, isSame } from './type.ts'

export type Bindings = ReadonlyMap<string, Type>

/** Whether each type can be used where the other is wanted. What parameters come to stand for is kept only where all can. */
export function unify(bindings: Map<string, Type>, given: readonly Type[], wanted: readonly Type[]): boolean {
  const found: Found = { bindings, before: [] }
  if (allPairs(given, wanted, (a, b) => fits(found, a, b))) return true
  for (const [name, type] of found.before.reverse())
    if (type) bindings.set(name, type)
    else bindings.delete(name)
  return false
}

interface Found {
  readonly bindings: Map<string, Type>
  /** What parameters stood for, in the order in which they were bound. */
  readonly before: (readonly [name: string, type: Type | undefined])[]
}

function keep({ bindings, before }: Found, name: string, type: Type): void {
  before.push([name, bindings.get(name)])
  bindings.set(name, type)
}

function fits(found: Found, a: Type, b: Type): boolean {
  if (b.is === 'param') {
    const verdict = bind(found, a, b)
    if (verdict !== 'free') return verdict === 'bound'
  }
  if (a.is === 'param') return bind(found, b, a) === 'bound'
  if (isAnything(a) || isAnything(b)) return true
  if (isNull(a)) return isNullable(b)
  if (isNull(b)) return isNullable(a)
  if (a.is === 'made' && b.is === 'made')
    return a.name === b.name && (a.name === 'type' || allPairs(a.of, b.of, (x, y) => fits(found, x, y)))
  return isSame(a, b)
}

const isNull = (type: Type): boolean => type.is === 'plain' && type.name === 'null'

/** Objects, times, optionals and what the libraries add. */
const isNullable = (type: Type): boolean =>
  type.is === 'object' ||
  (type.is === 'made' && type.name === 'optional_type') ||
  (type.is === 'plain' && !/^(bool|int|uint|double|string|bytes)$/.test(type.name))

/** free: the parameter stands for nothing yet, and cannot stand for this. */
function bind(found: Found, type: Type, param: Type & { readonly is: 'param' }): 'bound' | 'other' | 'free' {
  if (isSame(type, param)) return 'bound'
  const known = found.bindings.get(param.name)
  if (known) {
    if (isSame(type, known)) return 'bound'
    if (!fits(found, type, known)) return 'other'
    const general = moreGeneral(type, known)
    if (!isWithin(found.bindings, param, general)) keep(found, param.name, general)
    return 'bound'
  }
  if (isWithin(found.bindings, param, type)) return 'free'
  keep(found, param.name, type)
  return 'bound'
}

function isWithin(found: Bindings, param: Type, type: Type): boolean {
  if (isSame(param, type)) return true
  if (type.is === 'made') return type.of.some(part => isWithin(found, param, part))
  const known = type.is === 'param' ? found.get(type.name) : undefined
  return known !== undefined && isWithin(found, param, known)
}

export const moreGeneral = (a: Type, b: Type): Type => (isAsGeneral(a, b) ? a : b)

function isAsGeneral(a: Type, b: Type): boolean {
  const isOpen = (type: Type): boolean => type.is === 'param' || (type.is === 'plain' && type.name === 'dyn')
  if (isOpen(a)) return true
  if (isOpen(b)) return false
  if (a.is !== 'made' || b.is !== 'made') return isSame(a, b)
  return a.name === b.name && (a.name === 'type' || allPairs(a.of, b.of, isAsGeneral))
}

/** The type with parameters replaced by what they stand for; `last`: those that stand for nothing are dyn. */
export function resolved(bindings: Bindings, type: Type, last = false): Type {
  if (type.is === 'param') {
    const known = bindings.get(type.name)
    return known ? resolved(bindings, known, last) : last ? DYN : type
  }
  return type.is === 'made' ? { ...type, of: type.of.map(part => resolved(bindings, part, last)) } : type
}

/** Whether a type has more parts than this. */
export function isLarger(bindings: Bindings, type: Type, parts: number): boolean {
  let left = parts
  const rest = [type]
  for (let next = rest.pop(); next; next = rest.pop()) {
    if (--left < 0) return true
    if (next.is === 'made') rest.push(...next.of)
    const known = next.is === 'param' ? bindings.get(next.name) : undefined
    if (known) rest.push(known)
  }
  return false
}

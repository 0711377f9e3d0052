import { CelError } from '../ast.ts'
import type { Special, Value } from '../value.ts'
import { isList, isMap, isSpecial, NONE, numberOf, some } from '../value.ts'
import type { Library } from './mod.ts'

type Optional = Special & { readonly cel: 'optional' }

const isOptional = (value: Value | undefined): value is Optional =>
  value !== undefined && isSpecial(value) && value.cel === 'optional'

function isZero(value: Value): boolean {
  if (typeof value === 'string' || isList(value) || value instanceof Uint8Array) return value.length === 0
  if (isMap(value)) return value.size === 0
  return value === null || value === false || Number(numberOf(value) ?? 1) === 0
}

export const optionals: Library = {
  functions: {
    'optional.of': value => some(value!),
    'optional.none': () => NONE,
    'optional.ofNonZeroValue': value => (isZero(value!) ? NONE : some(value!)),
  },
  methods: {
    hasValue: of => (isOptional(of) ? of.value !== undefined : undefined),
    value: of => {
      if (!isOptional(of)) return undefined
      if (of.value === undefined) throw new CelError('optional.none() dereference')
      return of.value
    },
    or: (of, other) => (isOptional(of) ? (of.value === undefined ? other : of) : undefined),
    orValue: (of, other) => (isOptional(of) ? (of.value === undefined ? other : of.value) : undefined),
  },
}

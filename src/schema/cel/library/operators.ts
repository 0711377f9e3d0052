import { CelError } from '../ast.ts'
import type { Value } from '../value.ts'
import { compare, equal, isList, isMap, isSpecial, lookup } from '../value.ts'
import type { Library } from './mod.ts'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

/** Throws CelError outside 64 bits. */
export function int(value: bigint): bigint {
  if (value < MIN || value > MAX) throw new CelError('integer overflow')
  return value
}

const uint = (value: bigint): Value => {
  if (value < 0n || value > 2n ** 64n - 1n) throw new CelError('unsigned integer overflow')
  return { cel: 'uint', value }
}

type Op = '+' | '-' | '*' | '/' | '%'

function ints(op: Op, a: bigint, b: bigint): bigint {
  if ((op === '/' || op === '%') && b === 0n) throw new CelError(op === '/' ? 'division by zero' : 'modulus by zero')
  if (op === '+') return a + b
  if (op === '-') return a - b
  if (op === '*') return a * b
  return op === '/' ? a / b : a % b
}

function doubles(op: Op, a: number, b: number): number | undefined {
  if (op === '+') return a + b
  if (op === '-') return a - b
  if (op === '*') return a * b
  return op === '/' ? a / b : undefined
}

const arithmetic =
  (op: Op) =>
  (a: Value = null, b: Value = null): Value | undefined => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return int(ints(op, a, b))
    if (typeof a === 'number' && typeof b === 'number') return doubles(op, a, b)
    if (isSpecial(a) && isSpecial(b) && a.cel === 'uint' && b.cel === 'uint') return uint(ints(op, a.value, b.value))
    return op === '+' ? (joined(a, b) ?? moved(a, b, 1n)) : op === '-' ? moved(a, b, -1n) : undefined
  }

function joined(a: Value, b: Value): Value | undefined {
  if (typeof a === 'string' && typeof b === 'string') return a + b
  if (isList(a) && isList(b)) return [...a, ...b]
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Uint8Array.from([...a, ...b])
  return undefined
}

/** Times and durations. */
function moved(a: Value, b: Value, sign: bigint): Value | undefined {
  if (!isSpecial(a) || !isSpecial(b)) return undefined
  if (a.cel === 'duration' && b.cel === 'duration') return { cel: 'duration', nanos: a.nanos + sign * b.nanos }
  if (a.cel === 'timestamp' && b.cel === 'duration')
    return { cel: 'timestamp', ms: a.ms + Number(sign) * (Number(b.nanos) / 1e6) }
  if (a.cel === 'duration' && b.cel === 'timestamp' && sign === 1n)
    return { cel: 'timestamp', ms: b.ms + Number(a.nanos) / 1e6 }
  if (a.cel === 'timestamp' && b.cel === 'timestamp' && sign === -1n)
    return { cel: 'duration', nanos: BigInt(Math.round((a.ms - b.ms) * 1e6)) }
  return undefined
}

export const operators: Library = {
  functions: {
    '_+_': arithmetic('+'),
    '_-_': arithmetic('-'),
    '_*_': arithmetic('*'),
    '_/_': arithmetic('/'),
    '_%_': arithmetic('%'),
    '_==_': (a, b) => equal(a!, b!),
    '_!=_': (a, b) => !equal(a!, b!),
    '_<_': (a, b) => compare(a!, b!) < 0,
    '_<=_': (a, b) => compare(a!, b!) <= 0,
    '_>_': (a, b) => compare(a!, b!) > 0,
    '_>=_': (a, b) => compare(a!, b!) >= 0,
    _in_: (item, of) => {
      if (isList(of!)) return of.some(other => equal(item!, other))
      return isMap(of!) ? lookup(of, item!) !== undefined : undefined
    },
    '!_': value => (typeof value === 'boolean' ? !value : undefined),
    '-_': value => (typeof value === 'bigint' ? int(-value) : typeof value === 'number' ? -value : undefined),
  },
}

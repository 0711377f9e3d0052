import { CelError } from '../ast.ts'
import type { Value } from '../value.ts'
import { isSpecial, numberOf, typeName } from '../value.ts'
import type { Library } from './mod.ts'
import { int } from './operators.ts'
import { durationOf, durationText, timestampOf } from './times.ts'

const bad = (what: string, text: Value): never => {
  throw new CelError(`${what} conversion error for ${JSON.stringify(text)}`)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function toInt(value: Value): Value | undefined {
  if (typeof value === 'string') return /^[+-]?\d+$/.test(value) ? int(BigInt(value)) : bad('int', value)
  if (isSpecial(value) && value.cel === 'timestamp') return BigInt(Math.floor(value.ms / 1000))
  const number = numberOf(value)
  if (typeof number !== 'number') return number === undefined ? undefined : int(number)
  return Number.isFinite(number) ? int(BigInt(Math.trunc(number))) : bad('int', String(number))
}

function toUint(value: Value): Value | undefined {
  const number = toInt(value)
  return typeof number === 'bigint'
    ? number < 0n
      ? bad('uint', String(number))
      : { cel: 'uint', value: number }
    : undefined
}

function toDouble(value: Value): Value | undefined {
  if (typeof value === 'string')
    return value.trim() === '' || Number.isNaN(Number(value)) ? bad('double', value) : Number(value)
  const number = numberOf(value)
  return number === undefined ? undefined : Number(number)
}

function toText(value: Value): Value | undefined {
  if (value instanceof Uint8Array) return utf8.decode(value)
  if (isSpecial(value)) {
    if (value.cel === 'timestamp') return new Date(value.ms).toISOString().replace('.000Z', 'Z')
    if (value.cel === 'duration') return durationText(value.nanos)
    if (value.cel === 'uint') return String(value.value)
    if (value.cel === 'ip' || value.cel === 'cidr') return value.text
    return undefined
  }
  return value === null || typeof value === 'object' ? undefined : String(value)
}

export const convert: Library = {
  functions: {
    int: value => toInt(value!),
    uint: value => toUint(value!),
    double: value => toDouble(value!),
    string: value => toText(value!),
    bool: value =>
      typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined,
    bytes: value =>
      typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : undefined,
    dyn: value => value,
    type: value => ({ cel: 'type', name: typeName(value!) }),
    timestamp: value => {
      if (typeof value === 'bigint') return { cel: 'timestamp', ms: Number(value) * 1000 }
      if (typeof value !== 'string') return value
      return timestampOf(value) ?? bad('timestamp', value)
    },
    duration: value => (typeof value === 'string' ? (durationOf(value) ?? bad('duration', value)) : value),
  },
}

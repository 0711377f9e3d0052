/** Scalars of JSON that are messages on the wire. */
import type { Cursor } from '../../wire/protobuf/read.ts'
import { BYTES, ProtobufError, readInt64, readTag, readText, skip, VARINT } from '../../wire/protobuf/read.ts'
import { join, textField, varintField } from '../../wire/protobuf/write.ts'

export type Special = 'time' | 'microTime' | 'quantity' | 'intOrString' | 'json'

export function readSpecial(scalar: Special, cursor: Cursor): unknown {
  const { numbers, texts } = readParts(cursor)
  switch (scalar) {
    case 'time':
    case 'microTime':
      return timeText(numbers[1] ?? 0, numbers[2] ?? 0, scalar)
    case 'quantity':
      return texts[1] ?? '0'
    case 'intOrString':
      return numbers[1] === 1 ? (texts[3] ?? '') : (numbers[2] ?? 0) | 0
    case 'json':
      return jsonOf(texts[1])
  }
}

interface Parts {
  readonly numbers: Record<number, number>
  readonly texts: Record<number, string>
}

/** None of these messages has a field above 3. */
function readParts(cursor: Cursor): Parts {
  const parts: Parts = { numbers: {}, texts: {} }
  while (cursor.at < cursor.end) {
    const { field, wire } = readTag(cursor)
    if (field > 3 || (wire !== VARINT && wire !== BYTES)) skip(cursor, wire)
    else if (wire === VARINT) parts.numbers[field] = readInt64(cursor)
    else parts.texts[field] = readText(cursor)
  }
  return parts
}

/** No seconds and no nanoseconds: a time that was never set. */
function timeText(seconds: number, nanos: number, scalar: 'time' | 'microTime'): string | null {
  if (seconds === 0 && nanos === 0) return null
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || date.getUTCFullYear() < 0) {
    throw new ProtobufError('a time beyond the year 9999')
  }
  const text = date.toISOString().slice(0, 19)
  if (scalar === 'time') return `${text}Z`
  const micros = Math.floor(Math.min(Math.max(nanos, 0), 999_999_999) / 1000)
  return `${text}.${String(micros).padStart(6, '0')}Z`
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined || text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    throw new ProtobufError('raw JSON that is none')
  }
}

export function writeSpecial(scalar: Special, value: unknown): Uint8Array {
  switch (scalar) {
    case 'time':
    case 'microTime': {
      const text = String(value)
      const nanos = Number((/\.(\d+)/.exec(text)?.[1] ?? '').slice(0, 9).padEnd(9, '0'))
      return join([varintField(1, Math.floor(Date.parse(text) / 1000)), varintField(2, nanos)])
    }
    case 'quantity':
      return textField(1, String(value))
    case 'intOrString':
      return typeof value === 'number'
        ? join([varintField(1, 0), varintField(2, value), textField(3, '')])
        : join([varintField(1, 1), varintField(2, 0), textField(3, String(value))])
    case 'json':
      return textField(1, JSON.stringify(value))
  }
}

import type { Name } from './message.ts'
import { DnsFormatError } from './message.ts'

const MAX_NAME = 255
const MAX_LABEL = 63
const POINTER = 0xc0
const DOT = 0x2e
const BACKSLASH = 0x5c

export interface ReadName {
  readonly name: Name
  /** Where the next field begins. */
  readonly next: number
}

/**
 * Reads a name that may be compressed. Each pointer must lead to before the name it stands in began, so no loop can be
 * made; the whole is at most 255 bytes (RFC 1035 3.1).
 */
export function readName(bytes: Buffer, start: number): ReadName {
  let at = start
  let limit = start
  let next = -1
  let length = 1
  let name = ''
  for (;;) {
    const size = bytes[at]
    if (size === undefined) throw new DnsFormatError('a name runs beyond the message')
    if (size === 0) return { name: name === '' ? '.' : name, next: next < 0 ? at + 1 : next }
    if ((size & POINTER) === POINTER) {
      const low = bytes[at + 1]
      if (low === undefined) throw new DnsFormatError('a name runs beyond the message')
      if (next < 0) next = at + 2
      at = ((size & 0x3f) << 8) | low
      if (at >= limit) throw new DnsFormatError('a name points forward')
      limit = at
      continue
    }
    if ((size & POINTER) !== 0) throw new DnsFormatError('an unknown kind of label')
    length += size + 1
    if (length > MAX_NAME) throw new DnsFormatError('a name is longer than 255 bytes')
    if (at + size >= bytes.length) throw new DnsFormatError('a name runs beyond the message')
    name += `${labelText(bytes, at + 1, at + 1 + size)}.`
    at += size + 1
  }
}

const PLAIN = /^[\x21-\x2d\x2f-\x5b\x5d-\x7e]*$/

function labelText(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('latin1', from, to)
  if (PLAIN.test(text)) return text
  let escaped = ''
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!
    if (byte === DOT || byte === BACKSLASH) escaped += `\\${String.fromCharCode(byte)}`
    else if (byte > 0x20 && byte < 0x7f) escaped += String.fromCharCode(byte)
    else escaped += `\\${String(byte).padStart(3, '0')}`
  }
  return escaped
}

/** The labels of a name as Latin-1 text. Throws DnsFormatError when they cannot be a name. */
export function labelsOf(name: Name): readonly string[] {
  if (name === '.' || name === '') return []
  const labels = name.includes('\\') ? unescaped(name) : (name.endsWith('.') ? name.slice(0, -1) : name).split('.')
  let length = 1
  for (const label of labels) {
    length += label.length + 1
    if (label.length === 0 || label.length > MAX_LABEL || length > MAX_NAME)
      throw new DnsFormatError(`not a domain name: ${JSON.stringify(name)}`)
  }
  return labels
}

function unescaped(name: Name): readonly string[] {
  const labels = ['']
  const add = (text: string): void => {
    labels.push(labels.pop()! + text)
  }
  for (let i = 0; i < name.length; i++) {
    if (name[i] === '.') labels.push('')
    else if (name[i] !== '\\') add(name[i]!)
    else {
      const number = /^\d{3}/.exec(name.slice(i + 1, i + 4))?.[0]
      add(number === undefined ? (name[i + 1] ?? '') : String.fromCharCode(Number(number) & 0xff))
      i += number === undefined ? 1 : 3
    }
  }
  return labels.at(-1) === '' ? labels.slice(0, -1) : labels
}

/** A label as it stands in a name. */
export function escapeLabel(label: string): string {
  return labelText(Buffer.from(label, 'latin1'), 0, label.length)
}

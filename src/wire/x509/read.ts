/** X.690: reading DER, as far as requests for certificates need it. */

/** A value that is not what it should be. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** One value: its tag, what it holds, and all of its bytes. */
export interface Der {
  readonly tag: number
  readonly body: Buffer
  readonly whole: Buffer
}

/** The value that fills these bytes. Throws DerError. */
export function readDer(bytes: Uint8Array): Der {
  const values = readAll(bytes)
  if (values.length !== 1) throw new DerError('trailing data')
  return values[0]!
}

/** All values that stand one after the other. Throws DerError. */
export function readAll(bytes: Uint8Array): readonly Der[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values: Der[] = []
  for (let at = 0; at < buffer.length; ) {
    const { start, end } = bounds(buffer, at)
    values.push({ tag: buffer[at]!, body: buffer.subarray(start, end), whole: buffer.subarray(at, end) })
    at = end
  }
  return values
}

/** Lengths take four bytes at most: nothing real is longer. */
function bounds(buffer: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = buffer[at + 1]
  if (first === undefined || (buffer[at]! & 0x1f) === 0x1f) throw new DerError('truncated tag or length')
  const more = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || more > 4 || at + 2 + more > buffer.length) throw new DerError('invalid length')
  const length = more === 0 ? first : buffer.readUIntBE(at + 2, more)
  const start = at + 2 + more
  if (start + length > buffer.length) throw new DerError('data truncated')
  return { start, end: start + length }
}

/** The parts of a constructed value with this tag. Throws DerError. */
export function partsOf(value: Der | undefined, tag: number): readonly Der[] {
  if (value?.tag !== tag) throw new DerError('structure error: tags do not match')
  return readAll(value.body)
}

/** Dotted. Throws DerError. */
export function readOid(value: Der | undefined): string {
  if (value?.tag !== 0x06 || value.body.length === 0) throw new DerError('not an object identifier')
  const numbers: number[] = []
  let current = 0
  for (const byte of value.body) {
    current = current * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    numbers.push(current)
    current = 0
  }
  const [first = 0, ...rest] = numbers
  const high = Math.min(2, Math.floor(first / 40))
  return [high, first - high * 40, ...rest].join('.')
}

/** The bytes of a bit string of whole bytes. Throws DerError. */
export function readBits(value: Der | undefined): Buffer {
  if (value?.tag !== 0x03 || value.body[0] !== 0) throw new DerError('not a string of whole bytes')
  return value.body.subarray(1)
}

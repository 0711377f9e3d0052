/** X.690: the few DER values that a certificate is made of. */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body])
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(TAG.sequence, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => tlv(TAG.set, ...parts)
export const octets = (...parts: readonly Uint8Array[]): Buffer => tlv(TAG.octetString, ...parts)
export const utf8 = (text: string): Buffer => tlv(TAG.utf8String, Buffer.from(text))
export const truth = tlv(TAG.boolean, Buffer.of(0xff))
/** Big-endian, without a sign: a zero goes before a leading one bit. */
export const integer = (bytes: Uint8Array): Buffer =>
  tlv(TAG.integer, Buffer.from(bytes[0]! & 0x80 ? [0, ...bytes] : bytes))
/** `unused` bits at the end do not count. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => tlv(TAG.bitString, Buffer.of(unused), bytes)
/** A constructed value with a context's own tag. */
export const tagged = (tag: number, ...parts: readonly Uint8Array[]): Buffer => tlv(0xa0 | tag, ...parts)
/** A primitive one. */
export const implicit = (tag: number, value: Uint8Array): Buffer => tlv(0x80 | tag, value)

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return tlv(TAG.oid, Buffer.from([40 * first + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}

/** RFC 5280 4.1.2.5: two digits of the year until 2049. */
export function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  return digits < '2050'
    ? tlv(TAG.utcTime, Buffer.from(digits.slice(2)))
    : tlv(TAG.generalizedTime, Buffer.from(digits))
}

/** RFC 7468. */
export const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END ${label}-----\n`

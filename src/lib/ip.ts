/** IP addresses as canonical text (RFC 5952) with a brand, and their numeric form. No zone identifiers, no IPv4-mapped forms. */
export type Ip = string & { readonly '~ip': true }
export type Family = 4 | 6

export const familyOf = (ip: Ip): Family => (ip.includes(':') ? 6 : 4)

/** The canonical form, or undefined when the text is not an address (leading zeros in IPv4 are refused). */
export function parseIp(text: string): Ip | undefined {
  // Without leading zeros an IPv4 address has one form: no number need be made of it.
  if (!text.includes(':')) return isIpv4(text) ? (text as Ip) : undefined
  const value = parse6(text)
  return value === undefined ? undefined : ipOf(value, 6)
}

/** For addresses known to be valid; throws on others. */
export function ip(text: string): Ip {
  const parsed = parseIp(text)
  if (parsed === undefined) throw new Error(`not an IP address: ${JSON.stringify(text)}`)
  return parsed
}

export const ipToBigint = (address: Ip): bigint => (familyOf(address) === 4 ? parse4(address) : parse6(address))!

export function ipOf(value: bigint, family: Family): Ip {
  return (family === 4 ? format4(value) : format6(value)) as Ip
}

/** Network byte order: 4 or 16 bytes. */
export function ipBytes(address: Ip): Uint8Array {
  const size = familyOf(address) === 4 ? 4 : 16
  const bytes = new Uint8Array(size)
  let rest = ipToBigint(address)
  for (let i = size - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

export function ipFromBytes(bytes: Uint8Array): Ip {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return ipOf(value, bytes.length === 4 ? 4 : 6)
}

export const addToIp = (address: Ip, offset: number | bigint): Ip =>
  ipOf(ipToBigint(address) + BigInt(offset), familyOf(address))

const BYTE = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])'
const IPV4 = new RegExp(`^${BYTE}\\.${BYTE}\\.${BYTE}\\.${BYTE}$`)
const isIpv4 = (text: string): boolean => IPV4.test(text)

function parse4(text: string): bigint | undefined {
  return isIpv4(text) ? text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n) : undefined
}

function parse6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!)
  const tail = halves.length === 2 ? groups(halves[1]!) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  return [...head, ...Array<number>(missing).fill(0), ...tail].reduce(
    (value, group) => (value << 16n) | BigInt(group),
    0n,
  )
}

function groups(text: string): number[] | undefined {
  if (text === '') return []
  const result: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const v4 = parse4(part)
      if (v4 === undefined) return undefined
      result.push(Number(v4 >> 16n), Number(v4 & 0xffffn))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) result.push(Number.parseInt(part, 16))
    else return undefined
  }
  return result
}

const format4 = (value: bigint): string => [24n, 16n, 8n, 0n].map(shift => Number((value >> shift) & 0xffn)).join('.')

function format6(value: bigint): string {
  const words = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn))
  const run = longestZeroRun(words)
  const hex = (part: readonly number[]): string => part.map(word => word.toString(16)).join(':')
  if (run.length < 2) return hex(words)
  return `${hex(words.slice(0, run.start))}::${hex(words.slice(run.start + run.length))}`
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < words.length; start++) {
    let length = 0
    while (words[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}

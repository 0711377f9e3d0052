import { codeOf, messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'

export const at = (address: Ip, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
}

/** A failed connection as Go's net package words it: people search for these texts. */
export function dialError(error: unknown, address: Ip, port: number): string {
  const words = WORDS[codeOf(error) ?? '']
  return words ? `dial tcp ${at(address, port)}: connect: ${words}` : messageOf(error)
}

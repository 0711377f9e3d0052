import { familyOf, type Ip, ipBytes } from '../../lib/ip.ts'
import { C } from '../libc.ts'

export const afOf = (address: Ip): number => (familyOf(address) === 4 ? C.AF_INET : C.AF_INET6)

/** struct sockaddr_in or sockaddr_in6. */
export function socketAddress(address: Ip, port: number): Buffer {
  const bytes = Buffer.alloc(familyOf(address) === 4 ? 16 : 28)
  bytes.writeUInt16LE(afOf(address), 0)
  bytes.writeUInt16BE(port, 2)
  bytes.set(ipBytes(address), familyOf(address) === 4 ? 4 : 8)
  return bytes
}

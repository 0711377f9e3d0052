import { createHash } from 'node:crypto'
import type { Ip } from '../lib/ip.ts'
import { familyOf, ipBytes } from '../lib/ip.ts'

/** A link's MAC from its address, so that nodes need not tell each other: 0a:58 and the address, as OVN-Kubernetes does. */
export function macOf(address: Ip): string {
  const bytes =
    familyOf(address) === 4 ? ipBytes(address) : createHash('sha256').update(address).digest().subarray(0, 4)
  return [0x0a, 0x58, ...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':')
}

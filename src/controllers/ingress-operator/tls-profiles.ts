import { getCiphers } from 'node:tls'
import type { TLSProfileSpec, TLSSecurityProfile } from '../../api/config/tls-profile.ts'
import type { TlsProfile } from '../../model/routes/settings.ts'

const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const INTERMEDIATE = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
]
const OLD = [
  ...INTERMEDIATE,
  'DHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'DHE-RSA-AES128-SHA256',
  'DHE-RSA-AES256-SHA256',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA256',
  'AES256-SHA256',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
]

/** OpenSSL passes over ciphers that it does not know, and refuses a list of such alone. */
export const isKnownCipher = (name: string): boolean =>
  SUITES.includes(name) || OLD.includes(name) || getCiphers().includes(name.toLowerCase())

/** By OpenSSL's names. X25519MLKEM768 came with OpenSSL 3.5. */
const GROUPS: Readonly<Record<string, string>> = {
  X25519: 'X25519',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}
export const isKnownGroup = (name: string): boolean => Object.hasOwn(GROUPS, name)

type Version = TLSProfileSpec['minTLSVersion']

/** Mozilla's profiles, as OKD has them. */
export const PROFILES: Readonly<
  Record<'Old' | 'Intermediate' | 'Modern', { readonly ciphers: readonly string[]; readonly minTLSVersion: Version }>
> = {
  Old: { ciphers: [...SUITES, ...OLD], minTLSVersion: 'VersionTLS10' },
  Intermediate: { ciphers: [...SUITES, ...INTERMEDIATE], minTLSVersion: 'VersionTLS12' },
  Modern: { ciphers: SUITES, minTLSVersion: 'VersionTLS13' },
}

/** The profile in force, as status tells it: Intermediate where none is named. */
export function profileSpecOf(profile: TLSSecurityProfile | undefined): {
  readonly ciphers: readonly string[]
  readonly groups?: readonly string[]
  readonly minTLSVersion: Version
} {
  if (profile?.type === 'Custom' && profile.custom) {
    const { ciphers, groups, minTLSVersion } = profile.custom
    return { ciphers: ciphers ?? [], ...(groups?.length ? { groups } : {}), minTLSVersion }
  }
  return PROFILES[profile?.type === 'Old' || profile?.type === 'Modern' ? profile.type : 'Intermediate']
}

const VERSIONS: Readonly<Record<string, TlsProfile['minVersion']>> = {
  // HAProxy's library speaks no older one.
  VersionTLS10: 'TLSv1.1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
}

/** For HAProxy; undefined where it is what a router does anyway. */
export function tlsProfileOf(profile: TLSSecurityProfile | undefined): TlsProfile | undefined {
  if (!profile?.type || profile.type === 'Intermediate') return undefined
  const { ciphers, groups = [], minTLSVersion } = profileSpecOf(profile)
  const curves = groups.filter(isKnownGroup).map(name => GROUPS[name]!)
  const named = ciphers.filter(cipher => /^[A-Za-z0-9_-]{1,64}$/.test(cipher))
  const suites = named.filter(cipher => cipher.startsWith('TLS_'))
  const others = named.filter(cipher => !cipher.startsWith('TLS_'))
  return {
    minVersion: VERSIONS[minTLSVersion ?? 'VersionTLS12'] ?? 'TLSv1.2',
    ...(suites.length > 0 ? { suites } : {}),
    ...(others.length > 0 ? { ciphers: others } : {}),
    ...(curves.length > 0 ? { curves } : {}),
  }
}

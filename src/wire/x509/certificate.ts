import { ipBytes, parseIp } from '../../lib/ip.ts'
import { bits, implicit, integer, octets, oid, pem, sequence, set, tagged, time, truth, utf8 } from './der.ts'

/** A distinguished name. */
export interface Name {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

/** What RFC 5280 4.1 calls TBSCertificate. */
export interface CertificateBody {
  /** At most 20 bytes; positive. */
  readonly serial: Uint8Array
  readonly issuer: Name
  /** Or its DER. */
  readonly subject: Name | Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  readonly extensions: readonly Buffer[]
}

/** An X.509 v3 certificate, PEM. `sign` answers the DER of an ECDSA signature with SHA-256 over these bytes. */
export function certificate(body: CertificateBody, sign: (toBeSigned: Uint8Array) => Uint8Array): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256))
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(body.serial),
    algorithm,
    distinguishedName(body.issuer),
    sequence(time(body.notBeforeMs), time(body.notAfterMs)),
    body.subject instanceof Uint8Array ? body.subject : distinguishedName(body.subject),
    body.publicKey,
    tagged(3, sequence(...body.extensions)),
  )
  return pem('CERTIFICATE', sequence(toBeSigned, algorithm, bits(sign(toBeSigned))))
}

/** RFC 5280 4.2.1. */
export const extensions = {
  /** Of an authority, which signs others; or of a server or client, which does not. */
  basicConstraints: (isAuthority: boolean) =>
    extension(OID.basicConstraints, isAuthority ? sequence(truth) : sequence(), true),
  keyUsage: (isAuthority: boolean) =>
    extension(OID.keyUsage, isAuthority ? KEY_CERT_SIGN_AND_CRL_SIGN : DIGITAL_SIGNATURE, true),
  extendedKeyUsage: (whom: 'server' | 'client') =>
    extension(OID.extendedKeyUsage, sequence(oid(whom === 'server' ? OID.serverAuth : OID.clientAuth))),
  /** By the names that Kubernetes gives usages; those that are none of either sort are left out. */
  usages: (usages: readonly string[]) => usageExtensions(usages),
  /** DNS names and addresses. */
  subjectAltName: (names: readonly string[]) => extension(OID.subjectAltName, sequence(...names.map(alternativeName))),
  /** Names as DER. */
  alternativeNames: (names: Uint8Array) => extension(OID.subjectAltName, Buffer.from(names)),
  subjectKeyIdentifier: (id: Uint8Array) => extension(OID.subjectKeyIdentifier, octets(id)),
  authorityKeyIdentifier: (id: Uint8Array) => extension(OID.authorityKeyIdentifier, sequence(implicit(0, id))),
} as const

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const
/** Bits of KeyUsage, RFC 5280 4.2.1.3. */
const DIGITAL_SIGNATURE = bits(Buffer.of(0x80), 7)
const KEY_CERT_SIGN_AND_CRL_SIGN = bits(Buffer.of(0x06), 1)

/** KeyUsage by bit, RFC 5280 4.2.1.3. */
const KEY_USAGES: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
}
/** RFC 5280 4.2.1.12. */
const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': OID.serverAuth,
  'client auth': OID.clientAuth,
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
}

function usageExtensions(usages: readonly string[]): readonly Buffer[] {
  const set = usages.flatMap(usage => KEY_USAGES[usage] ?? [])
  const extended = [...new Set(usages.flatMap(usage => EXTENDED_USAGES[usage] ?? []))]
  const made: Buffer[] = []
  if (set.length > 0) made.push(extension(OID.keyUsage, usageBits(set), true))
  if (extended.length > 0) made.push(extension(OID.extendedKeyUsage, sequence(...extended.map(oid))))
  return made
}

/** A bit string as short as it can be. */
function usageBits(set: readonly number[]): Buffer {
  const last = Math.max(...set)
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1)
  for (const bit of set) bytes[bit >> 3]! |= 0x80 >> (bit & 7)
  return bits(bytes, 7 - (last & 7))
}

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [truth] : []), octets(value))

function distinguishedName({ commonName, organizations = [] }: Name): Buffer {
  const part = (id: string, value: string): Buffer => set(sequence(oid(id), utf8(value)))
  return sequence(part(OID.commonName, commonName), ...organizations.map(group => part(OID.organization, group)))
}

/** GeneralName: 2 is a DNS name, 7 an address. */
function alternativeName(name: string): Buffer {
  const address = parseIp(name)
  return address ? implicit(7, ipBytes(address)) : implicit(2, Buffer.from(name, 'ascii'))
}

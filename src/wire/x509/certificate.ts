import { ipBytes, parseIp } from '../../lib/ip.ts'
import { bits, implicit, integer, octets, oid, sequence, set, tagged, time, truth, utf8 } from './der.ts'

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
  readonly subject: Name
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
    distinguishedName(body.subject),
    body.publicKey,
    tagged(3, sequence(...body.extensions)),
  )
  const der = sequence(toBeSigned, algorithm, bits(sign(toBeSigned)))
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE-----\n`
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
  /** DNS names and addresses. */
  subjectAltName: (names: readonly string[]) => extension(OID.subjectAltName, sequence(...names.map(alternativeName))),
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

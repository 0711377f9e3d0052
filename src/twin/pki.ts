/**
 * The twin's certificates: made once, kept in the state folder. One CA for the API and its clients, one for the front door, as on
 * OKD. ECDSA P-256 throughout. Written with node:crypto alone: the x509 library would take 0.2 s of every first `up`.
 */

import type { KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { ipBytes, parseIp } from '../lib/ip.ts'
import { bits, implicit, integer, octets, oid, sequence, set, tagged, time, truth, utf8 } from './der.ts'

/** PEM text. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

/** A certificate to make: for a server its names, for a client its user and groups. */
export interface LeafRequest {
  readonly commonName: string
  /** Groups, for a client. */
  readonly organizations?: readonly string[]
  /** DNS names and IPv4 or IPv6 addresses, for a server. */
  readonly names?: readonly string[]
}

export interface PkiRequest {
  /** By file name. */
  readonly cluster: Readonly<Record<string, LeafRequest>>
  readonly ingress: Readonly<Record<string, LeafRequest>>
  readonly nowMs: number
}

export interface Pki {
  /** Certificates of the two authorities, by name: ca and ingress-ca. */
  readonly authorities: Readonly<Record<'ca' | 'ingress-ca', KeyPair>>
  readonly leaves: Readonly<Record<string, KeyPair>>
}

const DAY_MS = 86_400_000
const TEN_YEARS_MS = 3650 * DAY_MS

export function makePki(request: PkiRequest): Pki {
  const ca = makeAuthority('fairlead-ca', request.nowMs)
  const ingressCa = makeAuthority('fairlead-ingress-ca', request.nowMs)
  const issueAll = (authority: KeyPair, leaves: PkiRequest['cluster']): (readonly [string, KeyPair])[] =>
    Object.entries(leaves).map(([name, leaf]) => [name, issue(authority, leaf, request.nowMs)] as const)
  return {
    authorities: { ca, 'ingress-ca': ingressCa },
    leaves: Object.fromEntries([...issueAll(ca, request.cluster), ...issueAll(ingressCa, request.ingress)]),
  }
}

export function makeAuthority(commonName: string, nowMs: number): KeyPair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = distinguishedName(commonName)
  const extensions = [
    extension(OID.basicConstraints, sequence(truth), true),
    extension(OID.keyUsage, KEY_CERT_SIGN_AND_CRL_SIGN, true),
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(keys.publicKey))),
  ]
  return {
    certificate: certificate({
      issuer: name,
      subject: name,
      key: keys.publicKey,
      extensions,
      signer: keys.privateKey,
      nowMs,
    }),
    key: pem(keys.privateKey),
  }
}

/** A private key alone, PEM. */
export const makeKey = (): string => pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)

/** A certificate of the authority for a server or a client. */
export function issue(authority: KeyPair, request: LeafRequest, nowMs: number): KeyPair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = new X509Certificate(authority.certificate)
  const usage = sequence(oid(request.names ? OID.serverAuth : OID.clientAuth))
  const extensions = [
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, DIGITAL_SIGNATURE, true),
    extension(OID.extendedKeyUsage, usage),
    ...(request.names ? [extension(OID.subjectAltName, sequence(...request.names.map(alternativeName)))] : []),
    extension(OID.authorityKeyIdentifier, sequence(implicit(0, keyIdentifier(issuer.publicKey)))),
  ]
  return {
    certificate: certificate({
      issuer: distinguishedName(issuer.subject.replace(/^CN=/, '')),
      subject: distinguishedName(request.commonName, request.organizations),
      key: keys.publicKey,
      extensions,
      signer: createPrivateKey(authority.key),
      nowMs,
    }),
    key: pem(keys.privateKey),
  }
}

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

interface Body {
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly key: KeyObject
  readonly extensions: readonly Buffer[]
  readonly signer: KeyObject
  readonly nowMs: number
}

/** RFC 5280 4.1. */
function certificate(body: Body): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256))
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(serial()),
    algorithm,
    body.issuer,
    sequence(time(body.nowMs - DAY_MS), time(body.nowMs + TEN_YEARS_MS)),
    body.subject,
    publicKey(body.key),
    tagged(3, sequence(...body.extensions)),
  )
  const der = sequence(toBeSigned, algorithm, bits(sign('sha256', toBeSigned, body.signer)))
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

/** Positive, without a leading zero byte, and never the same twice. */
const serial = (): Buffer => Buffer.concat([Buffer.of(0x40), randomBytes(15)])
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string
const publicKey = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' }) as Buffer
/** RFC 5280 4.2.1.2 (1): of the key's bits, which end a P-256 key's DER. */
const keyIdentifier = (key: KeyObject): Buffer => createHash('sha1').update(publicKey(key).subarray(-65)).digest()

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [truth] : []), octets(value))

function distinguishedName(commonName: string, organizations: readonly string[] = []): Buffer {
  const part = (id: string, value: string): Buffer => set(sequence(oid(id), utf8(value)))
  return sequence(part(OID.commonName, commonName), ...organizations.map(group => part(OID.organization, group)))
}

/** GeneralName: 2 is a DNS name, 7 an address. */
function alternativeName(name: string): Buffer {
  const address = parseIp(name)
  return address ? implicit(7, ipBytes(address)) : implicit(2, Buffer.from(name, 'ascii'))
}

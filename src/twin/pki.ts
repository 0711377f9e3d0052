/**
 * The twin's certificates: made once, kept in the state folder. One CA for the API and its clients, one for the front door, as on
 * OKD. ECDSA P-256 throughout. Written with node:crypto alone: the x509 library would take 0.2 s of every first `up`.
 */

import type { KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import type { SigningOrder } from '../controllers/certificates/controller.ts'
import type { Name } from '../wire/x509/certificate.ts'
import { certificate, extensions } from '../wire/x509/certificate.ts'

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

export function makePki(request: PkiRequest): Pki {
  const ca = makeAuthority('fairlead-ca', request.nowMs)
  const ingressCa = makeAuthority('fairlead-ingress-ca', request.nowMs)
  const issueAll = (authority: KeyPair, leaves: PkiRequest['cluster']): (readonly [string, KeyPair])[] => {
    const issue = issuer(authority, request.nowMs)
    return Object.entries(leaves).map(([name, leaf]) => [name, issue(leaf)] as const)
  }
  return {
    authorities: { ca, 'ingress-ca': ingressCa },
    leaves: Object.fromEntries([...issueAll(ca, request.cluster), ...issueAll(ingressCa, request.ingress)]),
  }
}

export function makeAuthority(commonName: string, nowMs: number): KeyPair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return write(keys, {
    issuer: { commonName },
    subject: { commonName },
    signer: keys.privateKey,
    nowMs,
    extensions: [
      extensions.basicConstraints(true),
      extensions.keyUsage(true),
      extensions.subjectKeyIdentifier(keyIdentifier(keys.publicKey)),
    ],
  })
}

/** A private key alone, PEM. */
export const makeKey = (): string => pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)

/** Makes certificates of the authority for servers and clients. The authority itself is read once, at the first. */
export function issuer(authority: KeyPair, nowMs: number): (request: LeafRequest) => KeyPair {
  let opened: ReturnType<typeof open> | undefined
  return request => {
    opened ??= open(authority)
    return write(generateKeyPairSync('ec', { namedCurve: 'P-256' }), {
      issuer: opened.issuer,
      subject: request,
      signer: opened.signer,
      nowMs,
      extensions: [
        extensions.basicConstraints(false),
        extensions.keyUsage(false),
        extensions.extendedKeyUsage(request.names ? 'server' : 'client'),
        ...(request.names ? [extensions.subjectAltName(request.names)] : []),
        extensions.authorityKeyIdentifier(opened.keyId),
      ],
    })
  }
}

/** The certificate of a key that is not ours, PEM. */
export function certify(authority: KeyPair, request: SigningOrder): string {
  const { issuer, signer, keyId } = open(authority)
  const { subject, publicKey, notBeforeMs, notAfterMs } = request
  const body = {
    ...{ serial: serial(), issuer, subject, publicKey, notBeforeMs, notAfterMs },
    extensions: [
      ...extensions.usages(request.usages),
      extensions.basicConstraints(false),
      extensions.authorityKeyIdentifier(keyId),
      ...(request.alternativeNames ? [extensions.alternativeNames(request.alternativeNames)] : []),
    ],
  }
  return certificate(body, toBeSigned => sign('sha256', toBeSigned, signer))
}

/** One alone. */
export const issue = (authority: KeyPair, request: LeafRequest, nowMs: number): KeyPair =>
  issuer(authority, nowMs)(request)

function open(authority: KeyPair) {
  const { subject, publicKey } = new X509Certificate(authority.certificate)
  return {
    issuer: { commonName: subject.replace(/^CN=/, '') },
    signer: createPrivateKey(authority.key),
    keyId: keyIdentifier(publicKey),
  }
}

interface Writing {
  readonly issuer: Name
  readonly subject: Name
  readonly extensions: readonly Buffer[]
  readonly signer: KeyObject
  readonly nowMs: number
}

const DAY_MS = 86_400_000
const TEN_YEARS_MS = 3650 * DAY_MS

/** Valid since yesterday: the clocks of those who look at it may differ. */
function write(
  keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  { signer, nowMs, ...rest }: Writing,
): KeyPair {
  const body = {
    ...rest,
    serial: serial(),
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + TEN_YEARS_MS,
    publicKey: spki(keys.publicKey),
  }
  return {
    certificate: certificate(body, toBeSigned => sign('sha256', toBeSigned, signer)),
    key: pem(keys.privateKey),
  }
}

/** Positive, without a leading zero byte, and never the same twice. */
const serial = (): Buffer => Buffer.concat([Buffer.of(0x40), randomBytes(15)])
/** Whether both can be read and belong together. */
export function isPair({ certificate, key }: KeyPair): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

export function isKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private'
  } catch {
    return false
  }
}

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' }) as Buffer
/** RFC 5280 4.2.1.2 (1): of the key's bits, which end a P-256 key's DER. */
const keyIdentifier = (key: KeyObject): Buffer => createHash('sha1').update(spki(key).subarray(-65)).digest()

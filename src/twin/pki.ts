/**
 * The twin's certificates: made once, kept in the state folder. One CA for the API and its clients, one for the front door, as on OKD.
 * ECDSA P-256 throughout.
 */
import type { webcrypto } from 'node:crypto'
import { webcrypto as crypto, randomBytes } from 'node:crypto'
import type * as X509 from '@peculiar/x509'

type CryptoKeyPair = webcrypto.CryptoKeyPair

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
  /** DNS names and IP addresses, for a server. */
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
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

interface Issuer {
  readonly name: string
  readonly keys: CryptoKeyPair
  readonly pem: KeyPair
}

export async function makePki(request: PkiRequest): Promise<Pki> {
  const x509 = await loadX509()
  const [cluster, ingress] = await Promise.all([
    authority(x509, 'fairlead-ca', request.nowMs),
    authority(x509, 'fairlead-ingress-ca', request.nowMs),
  ])
  const issue = (issuer: Issuer, leaves: PkiRequest['cluster']): Promise<(readonly [string, KeyPair])[]> =>
    Promise.all(
      Object.entries(leaves).map(
        async ([name, leafRequest]) => [name, await leaf(x509, issuer, leafRequest, request.nowMs)] as const,
      ),
    )
  const made = await Promise.all([issue(cluster, request.cluster), issue(ingress, request.ingress)])
  return { authorities: { ca: cluster.pem, 'ingress-ca': ingress.pem }, leaves: Object.fromEntries(made.flat()) }
}

/** Loaded when certificates are made, which is once in a twin's life. */
async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(crypto)
  return x509
}

const newKeys = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>

/** Positive, as RFC 5280 wants, and never the same twice. */
const serial = (): string => `00${randomBytes(15).toString('hex')}`

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`
}

async function authority(x509: typeof X509, commonName: string, nowMs: number): Promise<Issuer> {
  const keys = await newKeys()
  const name = `CN=${commonName}`
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + TEN_YEARS_MS),
    signingAlgorithm: ALGORITHM,
    keys: keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { name, keys, pem: { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) } }
}

async function leaf(x509: typeof X509, issuer: Issuer, request: LeafRequest, nowMs: number): Promise<KeyPair> {
  const keys = await newKeys()
  const { ExtendedKeyUsage: Usage } = x509
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [request.commonName] }, ...(request.organizations ?? []).map(group => ({ O: [group] }))],
    issuer: issuer.name,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + TEN_YEARS_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([request.names ? Usage.serverAuth : Usage.clientAuth]),
      ...(request.names ? [new x509.SubjectAlternativeNameExtension(request.names.map(alternativeName))] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) }
}

const alternativeName = (value: string): { type: 'ip' | 'dns'; value: string } => ({
  type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns',
  value,
})

import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Secret } from '../../api/core/secret.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { pemBlocks } from '../../lib/pem.ts'
import type { Certificate } from './types.ts'

/** Raw PEM of a Route. */
export interface CertificateText {
  readonly certificate: string
  readonly key: string
  readonly caCertificate?: string
}

const MAX_CHAIN = 16
/** As many as the world trusts, and some more. */
export const MAX_AUTHORITIES = 256
const MAX_RECENT = 500
/** What is longer is read each time: tenants write it, and many of it would fill the memory. */
const MAX_REMEMBERED = 65_536
const KEY_TYPES = ['rsa', 'ec', 'ed25519'] as const

/** A field of a Secret as text; empty where there is none. */
export const secretText = (secret: Secret | undefined, field: string): string =>
  Buffer.from(secret?.data?.[field] ?? '', 'base64').toString()

/** What a Secret of the type kubernetes.io/tls holds. */
export const pairOf = (secret: Secret | undefined): CertificateText => ({
  certificate: secretText(secret, 'tls.crt'),
  key: secretText(secret, 'tls.key'),
})

/** The certificates in a text, each in PEM. */
export const certificatesIn = (text: string): readonly string[] => pemBlocks(text, 'CERTIFICATE')

/**
 * Parses and prints again, so that nothing but certificates and a key is left. Returns what is wrong as text. As OKD's extended
 * validation: key and certificate must belong together, the key may stand with the certificate, an authority must have signed it, the
 * host is not compared. Keys that HAProxy's library refuses (RSA below 2048 bits) are refused here, where they harm one Route.
 */
export const readCertificate = remembering(parse)

/** Authorities, printed again; undefined when the text is not certificates alone. */
export const readAuthorities = remembering((text: string): string | undefined =>
  parseChain(text, MAX_AUTHORITIES)
    ?.map(certificate => certificate.toString())
    .join(''),
)

/** Many Routes show one certificate, and keys take a millisecond to read; the one asked for last is the last to go. */
function remembering<Given, Read>(read: (given: Given) => Read): (given: Given) => Read {
  const recent = new Map<string, Read>()
  return given => {
    const text = JSON.stringify(given)
    if (text.length > MAX_REMEMBERED) return read(given)
    const id = createHash('sha256').update(text).digest('base64')
    const result = recent.has(id) ? recent.get(id)! : read(given)
    recent.delete(id)
    recent.set(id, result)
    if (recent.size > MAX_RECENT) recent.delete(recent.keys().next().value!)
    return result
  }
}

function parse(text: CertificateText): Certificate | string {
  const own = parseChain(text.certificate, MAX_CHAIN)
  if (own === undefined) return 'spec.tls.certificate is not a PEM certificate'
  const authorities = text.caCertificate ? parseChain(text.caCertificate, MAX_CHAIN) : []
  if (authorities === undefined) return 'spec.tls.caCertificate is not a PEM certificate'
  const key = parseKey(text.key || text.certificate)
  if (key === undefined) return 'spec.tls.key is not a PEM private key'
  const [leaf] = own
  if (authorities.length > 0 && !authorities.some(one => isFrom(leaf!, one)))
    return 'spec.tls.certificate is not signed by spec.tls.caCertificate'
  if (!leaf!.checkPrivateKey(key)) return 'spec.tls.key does not belong to spec.tls.certificate'
  const keyType = KEY_TYPES.find(type => type === key.asymmetricKeyType)
  if (keyType === undefined) return `spec.tls.key is of the type ${key.asymmetricKeyType}, which is not served`
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < 2048) return `spec.tls.key has ${bits} bits; at least 2048 are needed`
  return {
    pem:
      [...own, ...authorities].map(certificate => certificate.toString()).join('') +
      key.export({ type: 'pkcs8', format: 'pem' }),
    untilMs: Date.parse(leaf!.validTo),
    keyType,
  }
}

/** Why a Route may not show it any more. */
export const expiryProblem = ({ untilMs }: Certificate, nowMs: number): string | undefined =>
  untilMs < nowMs ? `spec.tls.certificate expired at ${rfc3339(untilMs)}` : undefined

function parseChain(text: string, most: number): readonly X509Certificate[] | undefined {
  const blocks = certificatesIn(text)
  if (blocks.length === 0 || blocks.length > most) return undefined
  try {
    return blocks.map(block => new X509Certificate(block))
  } catch {
    return undefined
  }
}

const isFrom = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.fingerprint256 === authority.fingerprint256 ||
  (certificate.checkIssued(authority) && certificate.verify(authority.publicKey))

function parseKey(text: string): KeyObject | undefined {
  const [, label = ''] = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----/.exec(text) ?? []
  try {
    return createPrivateKey(pemBlocks(text, label)[0] ?? '')
  } catch {
    return undefined
  }
}

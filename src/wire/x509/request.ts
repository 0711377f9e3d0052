import { ipFromBytes } from '../../lib/ip.ts'
import { firstPemLabel, pemBlocks } from '../../lib/pem.ts'
import type { Der } from './read.ts'
import { DerError, partsOf, readAll, readBits, readDer, readOid } from './read.ts'

/** What RFC 2986 calls a CertificationRequest: a subject with its key asks for a certificate. */
export interface CertificateRequest {
  /** DER of what is signed. */
  readonly toBeSigned: Uint8Array
  /** DER of the name, as certificates take it over. */
  readonly subject: Uint8Array
  readonly commonName: string
  readonly organizations: readonly string[]
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /** DER of the subject's alternative names, where it asks for some. */
  readonly alternativeNames?: Uint8Array
  readonly dnsNames: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly uris: readonly string[]
  /** Dotted. */
  readonly signatureAlgorithm: string
  readonly signature: Uint8Array
}

const LABEL = 'CERTIFICATE REQUEST'
const SEQUENCE = 0x30
const SET = 0x31
const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectAltName: '2.5.29.17',
} as const

/** The first PEM block of a text must be a request. Throws DerError, with the reason, for anything else. */
export function readCertificateRequest(pem: string): CertificateRequest {
  const [block] = firstPemLabel(pem) === LABEL ? pemBlocks(pem, LABEL) : []
  if (block === undefined) throw new DerError(`PEM block type must be ${LABEL}`)
  const base64 = block.split('-----')[2]!
  const [info, algorithm, signature] = partsOf(readDer(Buffer.from(base64, 'base64')), SEQUENCE)
  const [, subject, publicKey, attributes] = partsOf(info, SEQUENCE)
  if (subject?.tag !== SEQUENCE || publicKey?.tag !== SEQUENCE) throw new DerError('structure error')
  const alternativeNames = attributes && alternativeNamesIn(attributes)
  return {
    toBeSigned: info!.whole,
    subject: subject.whole,
    commonName: namesOf(subject, OID.commonName).at(-1) ?? '',
    organizations: namesOf(subject, OID.organization),
    publicKey: publicKey.whole,
    ...(alternativeNames ? { alternativeNames } : {}),
    ...sorted(alternativeNames),
    signatureAlgorithm: readOid(partsOf(algorithm, SEQUENCE)[0]),
    signature: readBits(signature),
  }
}

/** The values of one sort in a distinguished name. */
const namesOf = (name: Der, sort: string): readonly string[] =>
  readAll(name.body)
    .flatMap(set => partsOf(set, SET))
    .flatMap(part => {
      const [id, value] = partsOf(part, SEQUENCE)
      return readOid(id) === sort && value ? [value.body.toString('utf8')] : []
    })

/** Of the attributes, the extension that names the subject otherwise. */
function alternativeNamesIn(attributes: Der): Uint8Array | undefined {
  for (const attribute of readAll(attributes.body)) {
    const [id, values] = partsOf(attribute, SEQUENCE)
    if (readOid(id) !== OID.extensionRequest) continue
    const extensions = partsOf(partsOf(values, SET)[0], SEQUENCE)
    for (const extension of extensions) {
      const parts = partsOf(extension, SEQUENCE)
      if (readOid(parts[0]) === OID.subjectAltName) return parts.at(-1)!.body
    }
  }
  return undefined
}

/** GeneralName: 1 is a mail address, 2 a DNS name, 6 a URI, 7 an address. */
function sorted(alternativeNames: Uint8Array | undefined) {
  const names = alternativeNames ? partsOf(readDer(alternativeNames), SEQUENCE) : []
  const of = (tag: number): readonly Der[] => names.filter(name => name.tag === (0x80 | tag))
  const texts = (tag: number): readonly string[] => of(tag).map(({ body }) => body.toString('latin1'))
  return {
    emailAddresses: texts(1),
    dnsNames: texts(2),
    uris: texts(6),
    ipAddresses: of(7).map(({ body }) => ipFromBytes(body)),
  }
}

/** RFC 5280: where lists of revoked certificates are, and what a router must know of one. */
import { bits, oid, pem, sequence, set, time, utf8 } from './der.ts'
import { DerError, partsOf, readDer, readOid } from './read.ts'

const DISTRIBUTION_POINTS = '2.5.29.31'
const SEQUENCE = 0x30
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
/** Constructed [0] and [3], and [6] for a URI, of a context's own. */
const [FULL, EXTENSIONS, URI] = [0xa0, 0xa3, 0x86] as const

/** The URLs that a certificate (DER) names for lists of revoked ones; none where it cannot be read. */
export function distributionPoints(certificate: Uint8Array): readonly string[] {
  try {
    const [body] = partsOf(readDer(certificate), SEQUENCE)
    const wrapped = partsOf(body, SEQUENCE).find(({ tag }) => tag === EXTENSIONS)
    const extensions = wrapped ? partsOf(partsOf(wrapped, EXTENSIONS)[0], SEQUENCE) : []
    const found = extensions.map(one => partsOf(one, SEQUENCE)).find(([id]) => readOid(id) === DISTRIBUTION_POINTS)
    return found ? partsOf(readDer(found.at(-1)!.body), SEQUENCE).flatMap(point => urlsOf(point.body)) : []
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

/** DistributionPointName within [0], fullName within another [0]. */
function urlsOf(point: Buffer): readonly string[] {
  const inside = (bytes: Buffer): readonly string[] =>
    partsOf({ tag: SEQUENCE, body: bytes, whole: bytes }, SEQUENCE).flatMap(({ tag, body }) =>
      tag === FULL ? inside(body) : tag === URI ? [body.toString('latin1')] : [],
    )
  return inside(point).filter(url => /^https?:\/\//i.test(url))
}

export interface RevocationList {
  readonly pem: string
  /** When the next one is due, in ms since 1970, where it says so. */
  readonly nextMs?: number
}

const LABEL = 'X509 CRL'

/** A list as it is served: DER, or PEM. Printed again. Throws DerError. */
export function readRevocationList(bytes: Buffer): RevocationList {
  const [, base64] = /-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/.exec(bytes.toString('latin1')) ?? []
  const whole = readDer(base64 === undefined ? bytes : Buffer.from(base64, 'base64'))
  const [body] = partsOf(whole, SEQUENCE)
  const times = partsOf(body, SEQUENCE).filter(({ tag }) => tag === UTC_TIME || tag === GENERALIZED_TIME)
  if (times.length === 0) throw new DerError('not a list of revoked certificates')
  const next = times[1] && readTime(times[1])
  return { pem: pem(LABEL, whole.whole), ...(next === undefined ? {} : { nextMs: next }) }
}

function readTime({ tag, body }: { readonly tag: number; readonly body: Buffer }): number {
  const text = body.toString('latin1')
  // Two digits of a year from 50 on are of the last century.
  const digits = tag === GENERALIZED_TIME ? text : (text < '50' ? '20' : '19') + text
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits)
  if (!parts) throw new DerError('not a time')
  const [, year, month, ...rest] = parts.map(Number) as [number, number, number, number, number, number, number]
  return Date.UTC(year, month - 1, ...rest)
}

/** A list that nobody signed: who checks against it alone accepts no certificate at all. */
export function unsignedRevocationList(): string {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const nobody = sequence(set(sequence(oid('2.5.4.3'), utf8('nobody'))))
  return pem(LABEL, sequence(sequence(algorithm, nobody, time(0), time(1000)), algorithm, bits(Buffer.alloc(8))))
}

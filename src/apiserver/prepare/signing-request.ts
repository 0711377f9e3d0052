import { createPublicKey, verify } from 'node:crypto'
import { messageOf } from '../../lib/errors.ts'
import { pemBlocks } from '../../lib/pem.ts'
import { invalid } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { CertificateRequest } from '../../wire/x509/request.ts'
import { readCertificateRequest } from '../../wire/x509/request.ts'
import type { User } from '../auth/user.ts'
import type { Kernel } from '../context.ts'
import type { Obj } from '../object.ts'
import { at, textAt } from '../object.ts'

/** A request says by itself who made it: whatever the client sent of that. */
export function prepareSigningRequest(object: Obj, _kernel: Kernel, user: User): void {
  const { username: _, uid: __, groups: ___, extra: ____, ...spec } = (object.spec ?? {}) as Record<string, unknown>
  object.spec = {
    ...spec,
    username: user.name,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: [...user.groups],
    ...(user.extra ? { extra: user.extra } : {}),
  }
}

/** What is asked for never changes. */
export function keepSigningRequest(object: Obj, old: Obj): void {
  object.spec = old.spec
}

/** A request is readable and signed with the key it is about. */
export function signingRequestProblems(object: Obj, old?: Obj): readonly FieldError[] {
  if (old) return certificateProblems(object, old)
  const request = textAt(object, 'spec', 'request')
  const parsed = parseRequest(request)
  return 'problem' in parsed ? [invalid('spec.request', request, parsed.problem)] : []
}

export function parseRequest(base64: string): CertificateRequest | { readonly problem: string } {
  try {
    const request = readCertificateRequest(Buffer.from(base64, 'base64').toString('latin1'))
    return isSigned(request) ? request : { problem: 'x509: the signature does not match the key' }
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

/** By the algorithm's identifier, the hash; Ed25519 has its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}

/** Throws Error for keys and algorithms that nobody should use any more. */
function isSigned({ publicKey, toBeSigned, signature, signatureAlgorithm }: CertificateRequest): boolean {
  const hash = HASHES[signatureAlgorithm]
  if (hash === undefined) throw new Error(`x509: cannot verify signature: algorithm unimplemented`)
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  return verify(hash, toBeSigned, key, signature)
}

/** What a signer stores must be certificates, PEM, and nothing else. */
function certificateProblems(object: Obj, old: Obj): readonly FieldError[] {
  const certificate = at(object, 'status', 'certificate')
  if (typeof certificate !== 'string' || certificate === at(old, 'status', 'certificate')) return []
  const text = Buffer.from(certificate, 'base64').toString('latin1')
  if (pemBlocks(text, 'CERTIFICATE').length > 0) return []
  return [invalid('status.certificate', '<certificate data>', 'must contain at least one CERTIFICATE PEM block')]
}

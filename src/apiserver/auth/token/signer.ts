import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { isObject } from '../../../wire/json/value.ts'

/** The claims of a JSON Web Token, RFC 7519. Times are in seconds since 1970. */
export interface Claims {
  readonly [claim: string]: unknown
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly exp?: number
  readonly nbf?: number
}

export interface TokenSigner {
  sign(claims: Claims): string
  /** The claims of a token that this key signed; undefined for anything else. Says nothing of its times. */
  verify(token: string): Claims | undefined
  /** RFC 7517, for whoever verifies tokens without asking. */
  readonly keySet: { readonly keys: readonly JsonWebKey[] }
}

/** Longer tokens are none of ours. */
const MAX_TOKEN_CHARS = 16_384
const PART = /^[A-Za-z0-9_-]+$/

/** Signs with ES256. Without a key (PEM) it makes one of its own, whose tokens end with the process. */
export function createTokenSigner(privateKey?: string): TokenSigner {
  const key = privateKey === undefined ? newKey() : createPrivateKey(privateKey)
  const publicKey = createPublicKey(key)
  const keyId = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  const head = encode({ alg: 'ES256', kid: keyId, typ: 'JWT' })
  return {
    sign(claims) {
      const text = `${head}.${encode(claims)}`
      const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
      return `${text}.${signature.toString('base64url')}`
    },
    verify: token => (token.length > MAX_TOKEN_CHARS ? undefined : verified(token, publicKey, keyId)),
    keySet: { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: keyId, alg: 'ES256' }] },
  }
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** One algorithm and one key: what a token says of either only has to agree. */
function verified(token: string, key: KeyObject, keyId: string): Claims | undefined {
  const parts = token.split('.')
  const [head, claims, signature] = parts
  if (parts.length !== 3 || !parts.every(part => PART.test(part))) return undefined
  const header = decode(head!)
  if (header?.alg !== 'ES256' || header.kid !== keyId) return undefined
  const bytes = Buffer.from(signature!, 'base64url')
  if (!verify('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, bytes)) return undefined
  return decode(claims!)
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

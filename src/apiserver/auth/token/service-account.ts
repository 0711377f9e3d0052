import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../lib/clock.ts'
import type { Store } from '../../../store/mod.ts'
import { textAt } from '../../object.ts'
import { prefixOf } from '../../resource/resource.ts'
import { parseBytes } from '../../stored.ts'
import type { User } from '../user.ts'
import { accountName, accountUser } from '../user.ts'
import type { Authenticated } from './mod.ts'
import type { Claims, TokenSigner } from './signer.ts'

/** An object by name and identity. */
export interface Reference {
  readonly name: string
  readonly uid: string
}

export interface AccountClaim {
  readonly namespace: string
  readonly serviceaccount: Reference
  /** What the token lives and dies with. */
  readonly pod?: Reference
  readonly secret?: Reference
  readonly node?: Reference
}

export interface AccountTokens {
  readonly issuer: string
  readonly keySet: TokenSigner['keySet']
  issue(claim: AccountClaim, audiences: readonly string[], expirationSeconds: number): IssuedToken
  /** A token as it is kept in a Secret: it lives as long as that does and holds it. */
  issueForSecret(claim: SecretClaim): string
  authenticate(token: string, audiences: readonly string[]): Authenticated | undefined
}

export interface SecretClaim {
  readonly namespace: string
  readonly secret: string
  readonly account: Reference
}

export interface IssuedToken {
  readonly token: string
  readonly expiresMs: number
}

interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly issuer: string
  readonly signer: TokenSigner
}

/** Verifying takes longer than all else: tokens that were verified are remembered, so many of them. */
const MAX_REMEMBERED = 10_000

/** Signed tokens of service accounts, with the claims of k8s.io/kubernetes/pkg/serviceaccount. */
export function createAccountTokens({ store, clock, issuer, signer }: Parts): AccountTokens {
  const verified = new Map<string, Claims>()
  const claimsOf = (token: string): Claims | undefined => {
    const known = verified.get(token)
    if (known) return known
    const claims = signer.verify(token)
    if (!claims) return undefined
    if (verified.size >= MAX_REMEMBERED) verified.clear()
    verified.set(token, claims)
    return claims
  }
  return {
    issuer,
    keySet: signer.keySet,
    issue(claim, audiences, expirationSeconds) {
      const now = Math.floor(clock.now() / 1000)
      const exp = now + expirationSeconds
      const token = signer.sign({
        aud: audiences,
        exp,
        iat: now,
        iss: issuer,
        jti: randomUUID(),
        'kubernetes.io': claim,
        nbf: now,
        sub: accountName(claim.namespace, claim.serviceaccount.name),
      })
      return { token, expiresMs: exp * 1000 }
    },
    issueForSecret: ({ namespace, secret, account }) =>
      signer.sign({
        iss: LEGACY_ISSUER,
        [`${LEGACY_ISSUER}/namespace`]: namespace,
        [`${LEGACY_ISSUER}/secret.name`]: secret,
        [`${LEGACY_ISSUER}/service-account.name`]: account.name,
        [`${LEGACY_ISSUER}/service-account.uid`]: account.uid,
        sub: accountName(namespace, account.name),
      }),
    authenticate(token, wanted) {
      const claims = claimsOf(token)
      if (claims?.iss === LEGACY_ISSUER && wanted.includes(issuer)) {
        const user = secretUser(store, claims, token)
        return user && { user, audiences: [issuer] }
      }
      if (claims?.iss !== issuer || !isCurrent(claims, clock.now() / 1000)) return undefined
      const meant = audiencesOf(claims).filter(audience => wanted.includes(audience))
      if (meant.length === 0) return undefined
      const user = boundUser(store, claims)
      return user && { user, audiences: meant }
    },
  }
}

/** The iss, and what the claims' names begin with. */
const LEGACY_ISSUER = 'kubernetes/serviceaccount'

/** The account, if it is the same, and the Secret still holds this very token. */
function secretUser(store: Store, claims: Claims, token: string): User | undefined {
  const [namespace, secret, name, uid] = [
    'namespace',
    'secret.name',
    'service-account.name',
    'service-account.uid',
  ].map(claim => String(claims[`${LEGACY_ISSUER}/${claim}`] ?? '')) as [string, string, string, string]
  const read = (plural: string, key: string): unknown => {
    const stored = store.get(`${prefixOf('', plural)}${namespace}/${key}`)
    return stored && parseBytes(stored.value)
  }
  const [holder, account] = [read('secrets', secret), read('serviceaccounts', name)]
  if (textAt(holder, 'data', 'token') !== Buffer.from(token).toString('base64')) return undefined
  if (uid === '' || textAt(account, 'metadata', 'uid') !== uid) return undefined
  if (textAt(holder, 'metadata', 'deletionTimestamp') !== '') return undefined
  return { ...accountUser(namespace, name), uid }
}

const audiencesOf = ({ aud = [] }: Claims): readonly string[] => (typeof aud === 'string' ? [aud] : aud)

/** Clocks may be apart by a little. */
const LEEWAY_SECONDS = 60

const isCurrent = ({ exp = 0, nbf = 0 }: Claims, nowSeconds: number): boolean =>
  exp > nowSeconds && nbf <= nowSeconds + LEEWAY_SECONDS

const uids = new WeakMap<Uint8Array, string>()

/** By the stored bytes, which most requests find unchanged. */
function uidOf(value: Uint8Array): string {
  let uid = uids.get(value)
  if (uid === undefined) {
    uid = textAt(parseBytes(value), 'metadata', 'uid')
    uids.set(value, uid)
  }
  return uid
}

/** The account, if it and what the token is bound to are still the same objects. */
function boundUser(store: Store, claims: Claims): User | undefined {
  const claim = claims['kubernetes.io'] as AccountClaim
  const { namespace, serviceaccount, pod, secret, node } = claim
  const isThere = (plural: string, reference: Reference): boolean => {
    const stored = store.get(`${prefixOf('', plural)}${plural === 'nodes' ? '' : `${namespace}/`}${reference.name}`)
    return stored !== undefined && uidOf(stored.value) === reference.uid
  }
  if (!isThere('serviceaccounts', serviceaccount)) return undefined
  if (pod && !isThere('pods', pod)) return undefined
  if (secret && !isThere('secrets', secret)) return undefined
  if (node && !pod && !isThere('nodes', node)) return undefined
  const extra = {
    'authentication.kubernetes.io/credential-id': [`JTI=${String(claims.jti)}`],
    ...(node && {
      'authentication.kubernetes.io/node-name': [node.name],
      'authentication.kubernetes.io/node-uid': [node.uid],
    }),
    ...(pod && {
      'authentication.kubernetes.io/pod-name': [pod.name],
      'authentication.kubernetes.io/pod-uid': [pod.uid],
    }),
  }
  return { ...accountUser(namespace, serviceaccount.name), uid: serviceaccount.uid, extra }
}

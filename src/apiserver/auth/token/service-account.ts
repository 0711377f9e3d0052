import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../lib/clock.ts'
import type { Store } from '../../../store/mod.ts'
import { textAt } from '../../object.ts'
import { prefixOf } from '../../resource/resource.ts'
import { parseBytes } from '../../stored.ts'
import type { User } from '../user.ts'
import { accountGroups, accountName } from '../user.ts'
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
  authenticate(token: string, audiences: readonly string[]): Authenticated | undefined
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
    authenticate(token, wanted) {
      const claims = claimsOf(token)
      if (claims?.iss !== issuer || !isCurrent(claims, clock.now() / 1000)) return undefined
      const meant = audiencesOf(claims).filter(audience => wanted.includes(audience))
      if (meant.length === 0) return undefined
      const user = accountUser(store, claims)
      return user && { user, audiences: meant }
    },
  }
}

const audiencesOf = ({ aud = [] }: Claims): readonly string[] => (typeof aud === 'string' ? [aud] : aud)

/** Clocks may be apart by a little. */
const LEEWAY_SECONDS = 60

const isCurrent = ({ exp = 0, nbf = 0 }: Claims, nowSeconds: number): boolean =>
  exp > nowSeconds && nbf <= nowSeconds + LEEWAY_SECONDS

/** The account, if it and what the token is bound to are still the same objects. */
function accountUser(store: Store, claims: Claims): User | undefined {
  const claim = claims['kubernetes.io'] as AccountClaim
  const { namespace, serviceaccount, pod, secret, node } = claim
  const isThere = (plural: string, reference: Reference): boolean => {
    const stored = store.get(`${prefixOf('', plural)}${plural === 'nodes' ? '' : `${namespace}/`}${reference.name}`)
    return stored !== undefined && textAt(parseBytes(stored.value), 'metadata', 'uid') === reference.uid
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
  const name = accountName(namespace, serviceaccount.name)
  return { name, uid: serviceaccount.uid, groups: accountGroups(namespace), extra }
}

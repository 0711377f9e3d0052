/** Whoever brings a bearer token: service accounts with signed ones, people with opaque ones. */
import type { Clock } from '../../../lib/clock.ts'
import type { Store } from '../../../store/mod.ts'
import type { User } from '../user.ts'
import { createOAuthTokens, isOAuthToken } from './oauth.ts'
import type { AccountTokens } from './service-account.ts'
import { createAccountTokens } from './service-account.ts'
import { createTokenSigner } from './signer.ts'

export interface Authenticated {
  readonly user: User
  /** Those of the token that were asked for. */
  readonly audiences: readonly string[]
}

export interface Tokens {
  readonly accounts: AccountTokens
  /** What tokens are for that name no other audience. */
  readonly audiences: readonly string[]
  /** Whose token it is; undefined when it is nobody's, or not for one of these audiences. */
  authenticate(token: string, audiences?: readonly string[]): Authenticated | undefined
}

export interface TokenOptions {
  /** A P-256 private key, PEM. Absent: one that lives as long as the process. */
  readonly key?: string
  /** The iss of signed tokens, and where their keys are found. */
  readonly issuer?: string
}

export const DEFAULT_ISSUER = 'https://kubernetes.default.svc'

export function createTokens(store: Store, clock: Clock, { key, issuer = DEFAULT_ISSUER }: TokenOptions): Tokens {
  const audiences = [issuer]
  const accounts = createAccountTokens({ store, clock, issuer, signer: createTokenSigner(key) })
  const people = createOAuthTokens(store, clock)
  return {
    accounts,
    audiences,
    authenticate(token, wanted = audiences) {
      if (!isOAuthToken(token)) return accounts.authenticate(token, wanted)
      const user = people(token)
      const meant = wanted.filter(audience => audiences.includes(audience))
      return user && meant.length > 0 ? { user, audiences: meant } : undefined
    },
  }
}

import type { AccountTokens } from '../auth/token/service-account.ts'
import type { Route } from './mod.ts'
import { jsonPage } from './page.ts'

const CACHE = { 'cache-control': 'public, max-age=3600' }

/** What whoever verifies tokens of service accounts without asking needs: OpenID Connect Discovery, and the keys. */
export function openIdRoute({ issuer, keySet }: AccountTokens): Route {
  const configuration = jsonPage(
    {
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    },
    CACHE,
  )
  const keys = jsonPage(keySet, { ...CACHE, 'content-type': 'application/jwk-set+json' })
  return ({ method, path }) => {
    if (method !== 'GET' && method !== 'HEAD') return undefined
    if (path === '/.well-known/openid-configuration') return configuration
    return path === '/openid/v1/jwks' ? keys : undefined
  }
}

import { timingSafeEqual } from 'node:crypto'
import { TokenReview } from '../api/authentication/token-review.ts'
import { SubjectAccessReview } from '../api/authorization/subject-access-review.ts'
import type { Secret } from '../api/core/secret.ts'
import type { Client } from '../client/mod.ts'
import { secretText } from '../model/routes/certificate.ts'

export type Access = 'allowed' | 'unknown' | 'forbidden'

export interface AccessDeps {
  readonly client: Client
  /** Names and password of the one who may; undefined while it is not there. */
  readonly secret: () => Secret | undefined
}

/**
 * Who may read metrics: by the user and password that the operator made, or a token of somebody who may get routers/metrics. Without
 * either nobody. Source: OKD's router.
 */
export async function accessOf({ client, secret }: AccessDeps, authorization: string): Promise<Access> {
  const [scheme = '', given = ''] = authorization.split(' ')
  if (/^basic$/i.test(scheme)) return isUser(secret(), Buffer.from(given, 'base64')) ? 'allowed' : 'unknown'
  if (!/^bearer$/i.test(scheme) || given === '') return 'unknown'
  const { status } = await client.create(TokenReview, { metadata: {}, spec: { token: given } })
  if (!status?.authenticated || !status.user?.username) return 'unknown'
  const { username, groups = [] } = status.user
  const resourceAttributes = { group: 'route.openshift.io', resource: 'routers', subresource: 'metrics', verb: 'get' }
  const review = await client.create(SubjectAccessReview, {
    metadata: {},
    spec: { user: username, groups, resourceAttributes },
  })
  return review.status?.allowed ? 'allowed' : 'forbidden'
}

function isUser(secret: Secret | undefined, given: Buffer): boolean {
  const [user, password] = [secretText(secret, 'statsUsername'), secretText(secret, 'statsPassword')]
  const wanted = Buffer.from(`${user}:${password}`)
  return user !== '' && password !== '' && wanted.length === given.length && timingSafeEqual(wanted, given)
}

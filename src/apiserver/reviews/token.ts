import type { Context, Reply } from '../context.ts'
import { badRequest } from '../status-error.ts'
import { readObject } from '../write/body.ts'
import { userInfo } from './self.ts'

/** POST tokenreviews: whose token is it. */
export async function tokenReview(context: Context): Promise<Reply> {
  const { tokens } = context.kernel
  const object = await readObject(context, context.resource, 'Ignore')
  const { token = '', audiences = [] } = (object.spec ?? {}) as { token?: string; audiences?: readonly string[] }
  if (token === '') throw badRequest('token is required for TokenReview in authentication')
  const found = tokens.authenticate(token, audiences.length > 0 ? audiences : tokens.audiences)
  const status = found
    ? { authenticated: true, user: userInfo(found.user), audiences: found.audiences }
    : { user: {}, error: 'the token is unknown, no longer valid, or not for these audiences' }
  return { is: 'object', code: 201, object: { ...object, status } }
}

import { rfc3339 } from '../../lib/clock.ts'
import type { User } from '../auth/user.ts'
import type { Context, Reply } from '../context.ts'
import { readObject } from '../write/body.ts'

/** A user as authentication.k8s.io tells of one. */
export const userInfo = ({ name, uid, groups, extra }: User) => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
})

/** POST selfsubjectreviews: who am I. */
export async function selfSubjectReview(context: Context): Promise<Reply> {
  const object = await readObject(context, context.resource, 'Ignore')
  const metadata = { ...object.metadata, creationTimestamp: rfc3339(context.kernel.clock.now()) }
  return { is: 'object', code: 201, object: { ...object, metadata, status: { userInfo: userInfo(context.user) } } }
}

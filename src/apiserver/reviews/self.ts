import type { Context, Reply } from '../context.ts'
import { readObject } from '../write/body.ts'

/** POST selfsubjectreviews: who am I. */
export async function selfSubjectReview(context: Context): Promise<Reply> {
  const object = await readObject(context, context.resource, 'Ignore')
  const { name, uid, groups, extra } = context.user
  const userInfo = {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  }
  return { is: 'object', code: 201, object: { ...object, status: { userInfo } } }
}

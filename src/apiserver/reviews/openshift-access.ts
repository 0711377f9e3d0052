import type { ResourceAccessReview, SubjectAccessReview } from '../../api/openshift-authorization/access-reviews.ts'
import type { Attributes } from '../auth/authorizer.ts'
import type { User } from '../auth/user.ts'
import type { Context, Reply } from '../context.ts'
import { readObject } from '../write/body.ts'

const API_VERSION = 'authorization.openshift.io/v1'

/** POST resourceaccessreviews and localresourceaccessreviews: who may. */
export async function openshiftResourceAccessReview(context: Context): Promise<Reply> {
  const { namespace, asked } = await questionOf<ResourceAccessReview>(context)
  const found = context.kernel.authorizer.whoCan?.(asked) ?? { users: [], groups: [], problems: [UNKNOWN] }
  return answer('ResourceAccessReviewResponse', {
    ...(namespace === '' ? {} : { namespace }),
    users: found.users,
    groups: found.groups,
    // The API's own spelling.
    evalutionError: found.problems.join('; '),
  })
}

const UNKNOWN = 'this authorizer cannot list users'

/** POST subjectaccessreviews and localsubjectaccessreviews: may somebody, or may I. */
export async function openshiftSubjectAccessReview(context: Context): Promise<Reply> {
  const { namespace, asked, object } = await questionOf<SubjectAccessReview>(context)
  const { user = '', groups = [] } = object
  const who: User = user === '' && groups.length === 0 ? context.user : { name: user, groups }
  const { allowed, reason } = context.kernel.authorizer.authorize({ ...asked, user: who })
  return answer('SubjectAccessReviewResponse', {
    ...(namespace === '' ? {} : { namespace }),
    allowed,
    ...(reason === '' ? {} : { reason }),
  })
}

const answer = (kind: string, rest: object): Reply => ({
  is: 'object',
  code: 201,
  object: { kind, apiVersion: API_VERSION, metadata: {}, ...rest },
})

/** What is asked about, without by whom. */
async function questionOf<T extends ResourceAccessReview>(
  context: Context,
): Promise<{ readonly object: T; readonly namespace: string; readonly asked: Omit<Attributes, 'user'> }> {
  const object = (await readObject(context, context.resource, 'Ignore')) as unknown as T
  const namespace = context.info.namespace ?? object.namespace ?? ''
  const { verb = '', path = '' } = object
  if (object.isNonResourceURL) return { object, namespace, asked: { verb, path } }
  const [plural = '', subresource = ''] = (object.resource ?? '').split('/', 2)
  const { resourceAPIGroup: group = '', resourceAPIVersion: version = '', resourceName: name = '' } = object
  return {
    object,
    namespace,
    asked: { verb, path: '', resource: { group, version, plural, subresource, namespace, name } },
  }
}

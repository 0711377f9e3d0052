import type { Attributes } from '../auth/authorizer.ts'
import type { User } from '../auth/user.ts'
import type { Context, Reply } from '../context.ts'
import { invalid } from '../errors.ts'
import { badRequest } from '../status-error.ts'
import { readObject } from '../write/body.ts'

interface ResourceQuestion {
  readonly namespace?: string
  readonly verb?: string
  readonly group?: string
  readonly version?: string
  readonly resource?: string
  readonly subresource?: string
  readonly name?: string
}

interface ReviewSpec {
  readonly resourceAttributes?: ResourceQuestion
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string }
  readonly user?: string
  readonly groups?: readonly string[]
  readonly uid?: string
}

/** POST selfsubjectaccessreviews: may I. */
export const selfSubjectAccessReview = (context: Context): Promise<Reply> => review(context, () => context.user)

/** POST subjectaccessreviews and localsubjectaccessreviews: may somebody. */
export const subjectAccessReview = (context: Context): Promise<Reply> =>
  review(context, ({ user = '', groups = [], uid }) => {
    if (user === '' && groups.length === 0)
      throw invalid(context.resource, '', [
        { type: 'Invalid', field: 'spec.user', value: '', detail: 'at least one of user or group must be specified' },
      ])
    return { name: user, groups, ...(uid ? { uid } : {}) }
  })

async function review(context: Context, userOf: (spec: ReviewSpec) => User): Promise<Reply> {
  const object = await readObject(context, context.resource, 'Ignore')
  const spec = (object.spec ?? {}) as ReviewSpec
  const { namespace } = context.info
  if (namespace !== undefined && spec.resourceAttributes?.namespace !== namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`)
  const { allowed, reason } = context.kernel.authorizer.authorize(attributesOf(context, spec, userOf(spec)))
  const status = { allowed, ...(reason === '' ? {} : { reason }) }
  const metadata = namespace === undefined ? {} : { namespace }
  return { is: 'object', code: 201, object: { ...object, metadata: { ...object.metadata, ...metadata }, status } }
}

function attributesOf({ resource: type }: Context, spec: ReviewSpec, user: User): Attributes {
  const { resourceAttributes: asked, nonResourceAttributes: other } = spec
  if ((asked === undefined) === (other === undefined))
    throw invalid(type, '', [
      {
        type: 'Invalid',
        field: 'spec.resourceAttributes',
        value: null,
        detail: 'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      },
    ])
  if (!asked) return { user, verb: other!.verb ?? '', path: other!.path ?? '' }
  const { namespace = '', verb = '', group = '', version = '', resource = '', subresource = '', name = '' } = asked
  return { user, verb, path: '', resource: { group, version, plural: resource, subresource, namespace, name } }
}

/** POST selfsubjectrulesreviews: what may I, as far as that can be listed. */
export async function selfSubjectRulesReview(context: Context): Promise<Reply> {
  const object = await readObject(context, context.resource, 'Ignore')
  const { namespace = '' } = (object.spec ?? {}) as { readonly namespace?: string }
  if (namespace === '') throw badRequest('no namespace on request')
  const { rules, problems } = context.kernel.authorizer.rulesFor?.(context.user, namespace) ?? UNKNOWN
  const resourceRules = rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length === 0)
  const nonResourceRules = rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
  const incomplete = problems.length > 0
  const evaluationError = incomplete ? { evaluationError: problems.join('; ') } : {}
  return {
    is: 'object',
    code: 201,
    object: { ...object, status: { resourceRules, nonResourceRules, incomplete, ...evaluationError } },
  }
}

const UNKNOWN = { rules: [], problems: ['this authorizer cannot list rules'] }

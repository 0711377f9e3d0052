import type { PodSecurityPolicyReview, PodSecurityPolicySubjectReview } from '../../api/security/pod-reviews.ts'
import type { SecurityContextConstraints } from '../../api/security/security-context-constraints.ts'
import type { PodSpec } from '../admission/scc/fit.ts'
import { carryOut, fitTo } from '../admission/scc/fit.ts'
import { constraintsIn, mayUse, rangesIn } from '../admission/scc/plugin.ts'
import type { User } from '../auth/user.ts'
import { accountUser } from '../auth/user.ts'
import type { Context, Reply } from '../context.ts'
import { keyOf } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'
import { readObject } from '../write/body.ts'

type Template = PodSecurityPolicySubjectReview['spec']['template']
type Answer = NonNullable<PodSecurityPolicySubjectReview['status']>

/** POST podsecuritypolicysubjectreviews: by which constraint a user could make the pod. Source: openshift-apiserver. */
export const podSubjectReview = (context: Context): Promise<Reply> =>
  reviewFor(context, ({ user = '', groups = [] }) =>
    user === '' && groups.length === 0 ? [] : [{ name: user, groups }],
  )

/** POST podsecuritypolicyselfsubjectreviews: by which I could. */
export const podSelfSubjectReview = (context: Context): Promise<Reply> => reviewFor(context, () => [context.user])

async function reviewFor(
  context: Context,
  usersOf: (spec: PodSecurityPolicySubjectReview['spec']) => readonly User[],
): Promise<Reply> {
  const object = await readObject(context, context.resource, 'Ignore')
  const { spec } = object as unknown as PodSecurityPolicySubjectReview
  const account = spec.template.spec?.serviceAccountName
  const users = [...usersOf(spec), ...(account ? [servant(context, account)] : [])]
  const [status = {}] = answers(context, users, spec.template)
  return { is: 'object', code: 201, object: { ...object, status } }
}

/** POST podsecuritypolicyreviews: by which constraints accounts could have the pod. */
export async function podReview(context: Context): Promise<Reply> {
  const object = await readObject(context, context.resource, 'Ignore')
  const { template, serviceAccountNames = [] } = (object as unknown as PodSecurityPolicyReview).spec
  const names = serviceAccountNames.length > 0 ? serviceAccountNames : [template.spec?.serviceAccountName || 'default']
  const { store, registry } = context.kernel
  const accounts = registry.find('', 'v1', 'serviceaccounts')!
  for (const name of names)
    if (!store.head(keyOf(accounts, context.info.namespace, name)))
      throw badRequest(`unable to retrieve ServiceAccount ${name}: serviceaccount ${JSON.stringify(name)} not found`)
  const allowedServiceAccounts = names.flatMap(name =>
    [...answers(context, [servant(context, name)], template)].map(answer => ({ ...answer, name })),
  )
  return { is: 'object', code: 201, object: { ...object, status: { allowedServiceAccounts } } }
}

const servant = ({ info: { namespace = '' } }: Context, account: string): User => accountUser(namespace, account)

/** One for each constraint that the pod fits and that one of the users may use; of all where nobody is named. */
function* answers({ kernel, info }: Context, users: readonly User[], template: Template): Generator<Answer> {
  const { store, registry, authorizer } = kernel
  const { namespace = '' } = info
  const isUsable = (constraint: SecurityContextConstraints): boolean =>
    users.length === 0 || users.some(user => mayUse(authorizer, user, namespace, constraint))
  const ranges = rangesIn(store, registry, namespace)
  for (const constraint of constraintsIn(store)) {
    if (!isUsable(constraint)) continue
    const spec = structuredClone(template.spec ?? {}) as unknown as PodSpec & { serviceAccountName?: string }
    const fit = fitTo(spec, constraint, ranges)
    if (fit.errors.length > 0) continue
    carryOut(spec, fit)
    const { name, uid, resourceVersion } = constraint.metadata
    yield {
      allowedBy: {
        kind: 'SecurityContextConstraints',
        name,
        uid,
        apiVersion: 'security.openshift.io/v1',
        resourceVersion,
      },
      ...(spec.serviceAccountName ? { template: { spec: spec as unknown as NonNullable<Template['spec']> } } : {}),
    }
  }
}

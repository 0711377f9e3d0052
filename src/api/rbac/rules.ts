/** The rules and defaults of roles and their bindings. Source: k8s.io/kubernetes/pkg/apis/rbac. */
import { invalid, notSupported, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { dns1123Subdomain, pathSegment } from '../meta/names.ts'
import { named, same } from '../meta/rules.ts'
import type { PolicyRule } from './role.ts'
import type { RoleRef, Subject } from './role-binding.ts'

const GROUP = 'rbac.authorization.k8s.io'

interface Binding {
  readonly subjects?: readonly Subject[]
  readonly roleRef: RoleRef
}

export function completeBinding<T extends Binding>(binding: T): T {
  const { subjects, roleRef } = binding
  return {
    ...binding,
    roleRef: { ...roleRef, apiGroup: roleRef.apiGroup || GROUP },
    ...(subjects ? { subjects: subjects.map(completeSubject) } : {}),
  }
}

const completeSubject = (subject: Subject): Subject =>
  subject.apiGroup || subject.kind === 'ServiceAccount' ? subject : { ...subject, apiGroup: GROUP }

export function bindingErrors({ subjects = [], roleRef }: Binding, old: Binding | undefined, cluster: boolean) {
  const kinds = cluster ? ['ClusterRole'] : ['ClusterRole', 'Role']
  const errors: FieldError[] = []
  if (roleRef.apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', roleRef.apiGroup, [GROUP]))
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported('roleRef.kind', roleRef.kind, kinds))
  errors.push(...(roleRef.name === '' ? [required('roleRef.name')] : named('roleRef.name', roleRef.name, pathSegment)))
  if (old && !same(roleRef, old.roleRef)) errors.push(invalid('roleRef', roleRef, 'cannot change roleRef'))
  return [...errors, ...subjects.flatMap((one, index) => subjectErrors(one, `subjects[${index}]`, cluster))]
}

function subjectErrors(subject: Subject, path: string, cluster: boolean): readonly FieldError[] {
  const { kind, name, apiGroup = '', namespace } = subject
  const errors: FieldError[] = name === '' ? [required(`${path}.name`)] : []
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...named(`${path}.name`, name, dns1123Subdomain))
    if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']))
    if (!namespace && cluster) errors.push(required(`${path}.namespace`))
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== GROUP) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [GROUP]))
  } else errors.push(notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']))
  return errors
}

export const policyRuleErrors = (rules: readonly PolicyRule[], namespaced: boolean): readonly FieldError[] =>
  rules.flatMap(({ verbs, apiGroups = [], resources = [], nonResourceURLs = [] }, index) => {
    const path = `rules[${index}]`
    const errors: FieldError[] =
      verbs.length === 0 ? [required(`${path}.verbs`, 'verbs must contain at least one value')] : []
    if (nonResourceURLs.length > 0) {
      if (namespaced)
        errors.push(
          invalid(`${path}.nonResourceURLs`, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
        )
      if (apiGroups.length + resources.length > 0)
        errors.push(
          invalid(
            `${path}.nonResourceURLs`,
            nonResourceURLs,
            'rules cannot apply to both regular resources and non-resource URLs',
          ),
        )
      return errors
    }
    if (apiGroups.length === 0)
      errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
    if (resources.length === 0)
      errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
    return errors
  })

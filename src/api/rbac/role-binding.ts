import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, string } from '../../schema/field.ts'
import type { ApiObject, Column } from '../../schema/kind.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { bindingErrors, completeBinding } from './rules.ts'

const GROUP = 'io.k8s.api.rbac.v1'

export interface Subject extends InferMessage<typeof Subject> {}
export const Subject = message(
  `${GROUP}.Subject`,
  'Who may do it.',
  {
    kind: string(1, 'User, Group or ServiceAccount.', { required: true }),
    apiGroup: string(2, 'rbac.authorization.k8s.io for users and groups, empty for service accounts.'),
    name: string(3, 'The name.', { required: true }),
    namespace: string(4, "The service account's namespace."),
  },
  { atomic: true },
)

export interface RoleRef extends InferMessage<typeof RoleRef> {}
export const RoleRef = message(
  `${GROUP}.RoleRef`,
  'The role given.',
  {
    apiGroup: string(1, 'rbac.authorization.k8s.io.', { required: true }),
    kind: string(2, 'Role or ClusterRole.', { required: true }),
    name: string(3, "The role's name.", { required: true }),
  },
  { atomic: true },
)

/** What both kinds of bindings have. */
export const bindingFields = {
  subjects: list(2, ref<Subject>(Subject), 'Who gets it.'),
  roleRef: one(3, ref<RoleRef>(RoleRef), 'The role; it cannot change.', { required: true }),
}

type Binding = ApiObject & Infer<typeof bindingFields>

const subjectsColumn = (name: string, kind: string, description: string): Column<Binding> => ({
  name,
  type: 'string',
  description,
  priority: 1,
  cell: ({ subjects }) => subjectNames(subjects, kind),
})

export const bindingColumns: readonly Column<Binding>[] = [
  NAME,
  {
    name: 'Role',
    type: 'string',
    description: 'The role given.',
    cell: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`,
  },
  AGE,
  subjectsColumn('Users', 'User', 'The users that get it.'),
  subjectsColumn('Groups', 'Group', 'The groups that get it.'),
  subjectsColumn('ServiceAccounts', 'ServiceAccount', 'The service accounts that get it.'),
]

export interface RoleBinding extends KubeObject, Infer<typeof bindingFields> {}
export const RoleBinding = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  definition: 'io.k8s.api.rbac.v1.RoleBinding',
  doc: 'Gives a role to subjects, in a namespace.',
  fields: bindingFields,
  complete: completeBinding,
  validate: (binding, old) => bindingErrors(binding, old, false),
  columns: bindingColumns,
})

/** The subjects of one kind; service accounts with their namespace. */
const subjectNames = (subjects: readonly Subject[] = [], kind: string): string =>
  subjects
    .filter(one => one.kind === kind)
    .map(one => (kind === 'ServiceAccount' ? `${one.namespace}/${one.name}` : one.name))
    .join(',')

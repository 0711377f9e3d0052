import type { Infer } from '../../schema/field.ts'
import { list, STRING, string } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const userFields = {
  fullName: string(2, "The person's name."),
  identities: list(3, STRING, 'Who says so: provider and name.'),
  groups: list(4, STRING, 'Not used: groups name their users.'),
}

export interface User extends KubeObject, Infer<typeof userFields> {}
export const User = defineKind<User>({
  group: 'user.openshift.io',
  version: 'v1',
  kind: 'User',
  plural: 'users',
  namespaced: false,
  definition: 'com.github.openshift.api.user.v1.User',
  doc: 'A person who may log in.',
  fields: userFields,
  columns: [
    NAME,
    { name: 'UID', type: 'string', description: 'The identity behind the name.', cell: ({ metadata }) => metadata.uid },
    { name: 'Full Name', type: 'string', description: "The person's name.", cell: ({ fullName }) => fullName ?? '' },
    {
      name: 'Identities',
      type: 'string',
      description: 'Who says so.',
      cell: ({ identities = [] }) => identities.join(', '),
    },
  ],
})

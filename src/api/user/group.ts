import type { Infer } from '../../schema/field.ts'
import { list, STRING } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const groupFields = {
  users: list(2, STRING, 'Who is in it.'),
}

export interface Group extends KubeObject, Infer<typeof groupFields> {}
export const Group = defineKind<Group>({
  group: 'user.openshift.io',
  version: 'v1',
  kind: 'Group',
  plural: 'groups',
  namespaced: false,
  definition: 'com.github.openshift.api.user.v1.Group',
  doc: 'Users who share what they may do.',
  fields: groupFields,
  columns: [
    NAME,
    { name: 'Users', type: 'string', description: 'Who is in it.', cell: ({ users = [] }) => users.join(', ') },
  ],
})

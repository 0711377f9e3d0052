import type { Infer } from '../../schema/field.ts'
import { one, ref } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ObjectReference } from './reference.ts'

const bindingFields = {
  target: one(2, ref<ObjectReference>(ObjectReference), 'The node.', { required: true }),
}

export interface Binding extends KubeObject, Infer<typeof bindingFields> {}
export const Binding = defineKind<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  definition: 'io.k8s.api.core.v1.Binding',
  doc: 'Puts a pod on a node.',
  fields: bindingFields,
  columns: [NAME, AGE],
})

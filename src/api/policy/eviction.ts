import type { Infer } from '../../schema/field.ts'
import { one, ref } from '../../schema/field.ts'
import { DeleteOptions } from '../meta/delete-options.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const evictionFields = {
  deleteOptions: one(2, ref<DeleteOptions>(DeleteOptions), 'How the pod is deleted.'),
}

export interface Eviction extends KubeObject, Infer<typeof evictionFields> {}
export const Eviction = defineKind<Eviction>({
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  plural: 'evictions',
  namespaced: true,
  definition: 'io.k8s.api.policy.v1.Eviction',
  doc: 'Asks a pod to leave, unless a budget forbids it.',
  fields: evictionFields,
})

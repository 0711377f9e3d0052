import type { Infer } from '../../schema/field.ts'
import { BYTES, boolean, map, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const secretFields = {
  immutable: boolean(5, '', { explicit: true }),
  data: map(2, BYTES, ''),
  stringData: map(4, STRING, ''),
  type: string(3, ''),
}

export interface Secret extends KubeObject, Infer<typeof secretFields> {}
export const Secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  definition: 'io.k8s.api.core.v1.Secret',
  doc: '',
  fields: secretFields,
})

import type { Infer } from '../../schema/field.ts'
import { BYTES, boolean, map, STRING, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { completeSecret, secretErrors } from './data-rules.ts'

const secretFields = {
  immutable: boolean(5, 'Its data can no longer be changed.', { explicit: true }),
  data: map(2, BYTES, 'Bytes by key.'),
  stringData: map(4, STRING, 'Text by key, for writing only; it becomes data.'),
  type: string(3, 'What kind of secret it is.', { default: 'Opaque' }),
}

export interface Secret extends KubeObject, Infer<typeof secretFields> {}
export const Secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  definition: 'io.k8s.api.core.v1.Secret',
  doc: 'Confidential data as keys and values.',
  fields: secretFields,
  complete: completeSecret,
  validate: secretErrors,
  columns: [
    NAME,
    { name: 'Type', type: 'string', description: 'What kind of secret it is.', cell: secret => secret.type ?? '' },
    {
      name: 'Data',
      type: 'string',
      description: 'How many keys it has.',
      cell: secret => Object.keys(secret.data ?? {}).length,
    },
    AGE,
  ],
  selectable: {
    type: secret => secret.type ?? '',
  },
})

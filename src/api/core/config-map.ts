import type { Infer } from '../../schema/field.ts'
import { BYTES, boolean, map, STRING } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { configMapErrors } from './data-rules.ts'

const configMapFields = {
  immutable: boolean(4, 'Its data can no longer be changed.', { explicit: true }),
  data: map(2, STRING, 'Text by key.'),
  binaryData: map(3, BYTES, 'Bytes by key.'),
}

export interface ConfigMap extends KubeObject, Infer<typeof configMapFields> {}
export const ConfigMap = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  definition: 'io.k8s.api.core.v1.ConfigMap',
  doc: 'Settings as keys and values.',
  fields: configMapFields,
  validate: configMapErrors,
  columns: [
    NAME,
    {
      name: 'Data',
      type: 'string',
      description: 'How many keys it has.',
      cell: map => Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
    },
    AGE,
  ],
})

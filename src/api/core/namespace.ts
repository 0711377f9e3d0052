import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface NamespaceCondition extends InferMessage<typeof NamespaceCondition> {}
export const NamespaceCondition = message(
  `${GROUP}.NamespaceCondition`,
  'One aspect of a namespace, mostly of its deletion.',
  {
    type: string(1, 'Which aspect.', { required: true }),
    status: string(2, 'True, False or Unknown.', { required: true }),
    lastTransitionTime: time(4, 'When the status last changed.'),
    reason: string(5, 'Why, in a word.'),
    message: string(6, 'Why, in a sentence.'),
  },
)

export interface NamespaceSpec extends InferMessage<typeof NamespaceSpec> {}
export const NamespaceSpec = message(`${GROUP}.NamespaceSpec`, 'What a namespace should be.', {
  finalizers: list(1, STRING, 'Who must agree before the namespace is removed.'),
})

export interface NamespaceStatus extends InferMessage<typeof NamespaceStatus> {}
export const NamespaceStatus = message(`${GROUP}.NamespaceStatus`, 'What a namespace is at present.', {
  phase: string(1, 'Active, or Terminating once deletion was asked for.', {
    enum: ['Active', 'Terminating'],
    default: 'Active',
  }),
  conditions: list(2, ref<NamespaceCondition>(NamespaceCondition), 'What keeps a deletion from ending.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const namespaceFields = {
  spec: one(2, ref<NamespaceSpec>(NamespaceSpec), 'What it should be.', { present: true }),
  status: one(3, ref<NamespaceStatus>(NamespaceStatus), 'What it is at present; the system writes it.'),
}

export interface Namespace extends KubeObject, Infer<typeof namespaceFields> {}
export const Namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  subresources: { status: true, connect: ['finalize'] },
  namespaced: false,
  definition: 'io.k8s.api.core.v1.Namespace',
  doc: 'A scope for names: objects of one namespace do not clash with those of another.',
  fields: namespaceFields,
  columns: [
    NAME,
    {
      name: 'Status',
      type: 'string',
      description: 'The state in a word.',
      cell: namespace => namespace.status?.phase ?? '',
    },
    AGE,
  ],
  selectable: {
    'status.phase': namespace => namespace.status?.phase ?? '',
  },
})

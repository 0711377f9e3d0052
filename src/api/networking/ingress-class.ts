import type { Infer, InferMessage } from '../../schema/field.ts'
import { message, one, ref, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ingressClassErrors } from './rules.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface IngressClassParametersReference extends InferMessage<typeof IngressClassParametersReference> {}
export const IngressClassParametersReference = message(
  `${GROUP}.IngressClassParametersReference`,
  'Settings of a class.',
  {
    apiGroup: string(1, 'The API group; empty for the core group.', { explicit: true }),
    kind: string(2, 'The kind of the object.', { required: true }),
    name: string(3, 'The name of the object.', { required: true }),
    scope: string(4, 'Cluster or Namespace.', { explicit: true, default: 'Cluster' }),
    namespace: string(5, 'Its namespace, for scope Namespace.', { explicit: true }),
  },
)

export interface IngressClassSpec extends InferMessage<typeof IngressClassSpec> {}
export const IngressClassSpec = message(`${GROUP}.IngressClassSpec`, 'What a class should be.', {
  controller: string(1, 'Who carries out Ingresses of this class; it cannot change.'),
  parameters: one(2, ref<IngressClassParametersReference>(IngressClassParametersReference), 'Settings.'),
})

const ingressClassFields = {
  spec: one(2, ref<IngressClassSpec>(IngressClassSpec), 'What it should be.', { present: true }),
}

export interface IngressClass extends KubeObject, Infer<typeof ingressClassFields> {}
export const IngressClass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  definition: 'io.k8s.api.networking.v1.IngressClass',
  doc: 'A way to carry out Ingresses.',
  fields: ingressClassFields,
  validate: ingressClassErrors,
  columns: [
    NAME,
    {
      name: 'Controller',
      type: 'string',
      description: 'Who carries out Ingresses of the class.',
      cell: object => object.spec?.controller ?? '',
    },
    {
      name: 'Parameters',
      type: 'string',
      description: 'Its settings.',
      cell: object => parametersText(object.spec?.parameters),
    },
    AGE,
  ],
})

function parametersText(parameters: IngressClassParametersReference | undefined): string {
  if (!parameters) return '<none>'
  const { apiGroup, kind, name } = parameters
  return `${kind}${apiGroup ? `.${apiGroup}` : ''}/${name}`
}

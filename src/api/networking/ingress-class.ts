import type { Infer, InferMessage } from '../../schema/field.ts'
import { message, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface IngressClassParametersReference extends InferMessage<typeof IngressClassParametersReference> {}
export const IngressClassParametersReference = message(`${GROUP}.IngressClassParametersReference`, '', {
  apiGroup: string(1, '', { explicit: true }),
  kind: string(2, '', { required: true }),
  name: string(3, '', { required: true }),
  scope: string(4, '', { explicit: true }),
  namespace: string(5, '', { explicit: true }),
})

export interface IngressClassSpec extends InferMessage<typeof IngressClassSpec> {}
export const IngressClassSpec = message(`${GROUP}.IngressClassSpec`, '', {
  controller: string(1, ''),
  parameters: one(2, ref<IngressClassParametersReference>(IngressClassParametersReference), ''),
})

const ingressClassFields = {
  spec: one(2, ref<IngressClassSpec>(IngressClassSpec), '', { present: true }),
}

export interface IngressClass extends KubeObject, Infer<typeof ingressClassFields> {}
export const IngressClass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  definition: 'io.k8s.api.networking.v1.IngressClass',
  doc: '',
  fields: ingressClassFields,
})

import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface NamespaceCondition extends InferMessage<typeof NamespaceCondition> {}
export const NamespaceCondition = message(`${GROUP}.NamespaceCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastTransitionTime: time(4, ''),
  reason: string(5, ''),
  message: string(6, ''),
})

export interface NamespaceSpec extends InferMessage<typeof NamespaceSpec> {}
export const NamespaceSpec = message(`${GROUP}.NamespaceSpec`, '', {
  finalizers: list(1, STRING, ''),
})

export interface NamespaceStatus extends InferMessage<typeof NamespaceStatus> {}
export const NamespaceStatus = message(`${GROUP}.NamespaceStatus`, '', {
  phase: string(1, '', { enum: ['Active', 'Terminating'] }),
  conditions: list(2, ref<NamespaceCondition>(NamespaceCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const namespaceFields = {
  spec: one(2, ref<NamespaceSpec>(NamespaceSpec), '', { present: true }),
  status: one(3, ref<NamespaceStatus>(NamespaceStatus), ''),
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
  doc: '',
  fields: namespaceFields,
})

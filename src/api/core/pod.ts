import type { Infer } from '../../schema/field.ts'
import { one, ref } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { PodSpec } from './pod/spec.ts'
import { PodStatus } from './pod/status.ts'

const podFields = {
  spec: one(2, ref<PodSpec>(PodSpec), 'What it should be.', { present: true }),
  status: one(3, ref<PodStatus>(PodStatus), 'What it is at present; the system writes it.'),
}

export interface Pod extends KubeObject, Infer<typeof podFields> {}
export const Pod = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  subresources: {
    status: true,
    connect: ['attach', 'binding', 'ephemeralcontainers', 'eviction', 'exec', 'log', 'portforward', 'proxy', 'resize'],
  },
  namespaced: true,
  definition: 'io.k8s.api.core.v1.Pod',
  doc: 'Containers that share an address and run on one node.',
  fields: podFields,
})

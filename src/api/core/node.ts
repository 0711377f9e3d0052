import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { NodeConfigSource } from './node-config.ts'
import { NodeStatus } from './node-status.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface Taint extends InferMessage<typeof Taint> {}
export const Taint = message(`${GROUP}.Taint`, '', {
  key: string(1, '', { required: true }),
  value: string(2, ''),
  effect: string(3, '', { required: true, enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] }),
  timeAdded: time(4, ''),
})

export interface NodeSpec extends InferMessage<typeof NodeSpec> {}
export const NodeSpec = message(`${GROUP}.NodeSpec`, '', {
  podCIDR: string(1, ''),
  podCIDRs: list(7, STRING, '', { listType: 'set', patchStrategy: 'merge' }),
  providerID: string(3, ''),
  unschedulable: boolean(4, ''),
  taints: list(5, ref<Taint>(Taint), ''),
  configSource: one(6, ref<NodeConfigSource>(NodeConfigSource), ''),
  externalID: string(2, ''),
})

const nodeFields = {
  spec: one(2, ref<NodeSpec>(NodeSpec), '', { present: true }),
  status: one(3, ref<NodeStatus>(NodeStatus), ''),
}

export interface Node extends KubeObject, Infer<typeof nodeFields> {}
export const Node = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  subresources: { status: true, connect: ['proxy'] },
  namespaced: false,
  definition: 'io.k8s.api.core.v1.Node',
  doc: '',
  fields: nodeFields,
})

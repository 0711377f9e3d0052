import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { NodeConfigSource } from './node-config.ts'
import { nodeErrors } from './node-rules.ts'
import { NodeStatus } from './node-status.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface Taint extends InferMessage<typeof Taint> {}
export const Taint = message(`${GROUP}.Taint`, 'Keeps pods away from a node unless they tolerate it.', {
  key: string(1, "The taint's key.", { required: true }),
  value: string(2, "The taint's value."),
  effect: string(3, 'NoSchedule, PreferNoSchedule or NoExecute: what happens to pods that do not tolerate the taint.', {
    required: true,
  }),
  timeAdded: time(4, 'When a NoExecute taint was added.'),
})

export interface NodeSpec extends InferMessage<typeof NodeSpec> {}
export const NodeSpec = message(`${GROUP}.NodeSpec`, 'What a node should be.', {
  podCIDR: string(1, "The range from which the node's pods get addresses."),
  podCIDRs: list(7, STRING, 'The same for each address family; the first equals podCIDR.', {
    listType: 'set',
    patchStrategy: 'merge',
  }),
  providerID: string(3, 'How the cloud provider names the machine.'),
  unschedulable: boolean(4, 'No new pods are placed on the node.'),
  taints: list(5, ref<Taint>(Taint), 'What pods must tolerate to run here.'),
  configSource: one(6, ref<NodeConfigSource>(NodeConfigSource), 'No longer used.'),
  externalID: string(2, 'No longer used.'),
})

const nodeFields = {
  spec: one(2, ref<NodeSpec>(NodeSpec), 'What it should be.', { present: true }),
  status: one(3, ref<NodeStatus>(NodeStatus), 'What it is at present; the system writes it.'),
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
  doc: 'A machine that runs pods.',
  fields: nodeFields,
  validate: nodeErrors,
  columns: [
    NAME,
    { name: 'Status', type: 'string', description: 'The state in a word.', cell: node => statusText(node) },
    { name: 'Roles', type: 'string', description: 'Its roles.', cell: node => rolesText(node.metadata.labels) },
    AGE,
    {
      name: 'Version',
      type: 'string',
      description: "The node agent's version.",
      cell: node => node.status?.nodeInfo?.kubeletVersion ?? '',
    },
    {
      name: 'Internal-IP',
      type: 'string',
      description: 'Its address in the cluster.',
      priority: 1,
      cell: node => addressOf(node, 'InternalIP'),
    },
    {
      name: 'External-IP',
      type: 'string',
      description: 'Its address outside.',
      priority: 1,
      cell: node => addressOf(node, 'ExternalIP'),
    },
    {
      name: 'OS-Image',
      type: 'string',
      description: 'Its operating system.',
      priority: 1,
      cell: node => node.status?.nodeInfo?.osImage || '<unknown>',
    },
    {
      name: 'Kernel-Version',
      type: 'string',
      description: 'Its kernel.',
      priority: 1,
      cell: node => node.status?.nodeInfo?.kernelVersion || '<unknown>',
    },
    {
      name: 'Container-Runtime',
      type: 'string',
      description: 'What runs its containers.',
      priority: 1,
      cell: node => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    },
  ],
  selectable: {
    'spec.unschedulable': node => String(node.spec.unschedulable ?? false),
  },
})

function statusText({ spec, status }: Node): string {
  const ready = status?.conditions?.find(one => one.type === 'Ready')
  const state = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return spec.unschedulable ? `${state},SchedulingDisabled` : state
}

const ROLE = 'node-role.kubernetes.io/'

function rolesText(labels: Readonly<Record<string, string>> = {}): string {
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(ROLE) && key.length > ROLE.length) return [key.slice(ROLE.length)]
    return key === 'kubernetes.io/role' && value !== '' ? [value] : []
  })
  return roles.length === 0 ? '<none>' : [...new Set(roles)].sort().join(',')
}

const addressOf = ({ status }: Node, type: string): string =>
  status?.addresses?.find(one => one.type === type)?.address ?? '<none>'

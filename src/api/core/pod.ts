import type { Infer } from '../../schema/field.ts'
import { one, ref } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { completePod } from './pod/complete.ts'
import { podErrors } from './pod/rules/update.ts'
import { PodSpec } from './pod/spec.ts'
import { PodStatus } from './pod/status.ts'
import { podSummary, readinessGatesText, restartsText } from './pod/summary.ts'

const NONE = '<none>'

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
  complete: completePod,
  validate: podErrors,
  columns: [
    NAME,
    {
      name: 'Ready',
      type: 'string',
      description: 'How many containers are ready.',
      cell: pod => {
        const { ready, total } = podSummary(pod)
        return `${ready}/${total}`
      },
    },
    { name: 'Status', type: 'string', description: 'The state in a word.', cell: pod => podSummary(pod).state },
    {
      name: 'Restarts',
      type: 'string',
      description: 'How often containers were restarted.',
      cell: (pod, nowMs) => restartsText(podSummary(pod), nowMs),
    },
    AGE,
    {
      name: 'IP',
      type: 'string',
      description: "The pod's address.",
      priority: 1,
      cell: pod => pod.status?.podIPs?.[0]?.ip ?? NONE,
    },
    {
      name: 'Node',
      type: 'string',
      description: "The pod's node.",
      priority: 1,
      cell: pod => pod.spec.nodeName || NONE,
    },
    {
      name: 'Nominated Node',
      type: 'string',
      description: 'The node where room is being made.',
      priority: 1,
      cell: pod => pod.status?.nominatedNodeName || NONE,
    },
    {
      name: 'Readiness Gates',
      type: 'string',
      description: 'How many extra conditions are true.',
      priority: 1,
      cell: pod => readinessGatesText(pod),
    },
  ],
  selectable: {
    'spec.nodeName': pod => pod.spec.nodeName ?? '',
    'spec.restartPolicy': pod => pod.spec.restartPolicy ?? '',
    'spec.schedulerName': pod => pod.spec.schedulerName ?? '',
    'spec.serviceAccountName': pod => pod.spec.serviceAccountName ?? '',
    'spec.hostNetwork': pod => String(pod.spec.hostNetwork ?? false),
    'status.phase': pod => pod.status?.phase ?? '',
    'status.podIP': pod => pod.status?.podIP ?? '',
    'status.podIPs': pod => pod.status?.podIPs?.map(one => one.ip).join(',') ?? '',
    'status.nominatedNodeName': pod => pod.status?.nominatedNodeName ?? '',
  },
})

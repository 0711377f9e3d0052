import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, intOrString, list, message, one, ref, string, time } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import { AGE, containerColumns, labelsText, NAME, selectorText } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { completeDaemonSet } from './complete.ts'
import { daemonSetErrors } from './rules.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface RollingUpdateDaemonSet extends InferMessage<typeof RollingUpdateDaemonSet> {}
export const RollingUpdateDaemonSet = message(`${GROUP}.RollingUpdateDaemonSet`, 'The pace of a rolling update.', {
  maxUnavailable: intOrString(1, 'How many nodes may lack their pod, as a number or percentage; 1 where absent.', {
    explicit: true,
  }),
  maxSurge: intOrString(2, 'How many nodes may have two pods, as a number or percentage; 0 where absent.', {
    explicit: true,
  }),
})

export interface DaemonSetUpdateStrategy extends InferMessage<typeof DaemonSetUpdateStrategy> {}
export const DaemonSetUpdateStrategy = message(`${GROUP}.DaemonSetUpdateStrategy`, 'How pods are replaced.', {
  type: string(1, 'RollingUpdate, or OnDelete to wait until pods are deleted.', {
    enum: ['RollingUpdate', 'OnDelete'],
    default: 'RollingUpdate',
  }),
  rollingUpdate: one(2, ref<RollingUpdateDaemonSet>(RollingUpdateDaemonSet), 'The pace, for RollingUpdate.'),
})

export interface DaemonSetSpec extends InferMessage<typeof DaemonSetSpec> {}
export const DaemonSetSpec = message(`${GROUP}.DaemonSetSpec`, 'What a DaemonSet should be.', {
  selector: one(1, ref<LabelSelector>(LabelSelector), 'The pods it owns; it cannot change.', { required: true }),
  template: one(2, ref<PodTemplateSpec>(PodTemplateSpec), 'What the pods are made from.', { required: true }),
  updateStrategy: one(3, ref<DaemonSetUpdateStrategy>(DaemonSetUpdateStrategy), 'How pods are replaced.', {
    default: {},
  }),
  minReadySeconds: int32(4, 'Seconds a pod must be ready to count as available.'),
  revisionHistoryLimit: int32(6, 'How many old revisions are kept.', { explicit: true, default: 10 }),
})

export interface DaemonSetCondition extends InferMessage<typeof DaemonSetCondition> {}
export const DaemonSetCondition = message(`${GROUP}.DaemonSetCondition`, "One aspect of a DaemonSet's state.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  lastTransitionTime: time(3, 'When the status last changed.'),
  reason: string(4, 'Why, in a word.'),
  message: string(5, 'Why, in a sentence.'),
})

export interface DaemonSetStatus extends InferMessage<typeof DaemonSetStatus> {}
export const DaemonSetStatus = message(`${GROUP}.DaemonSetStatus`, 'What a DaemonSet is at present.', {
  currentNumberScheduled: int32(1, 'Nodes that should have the pod and do.', { required: true }),
  numberMisscheduled: int32(2, 'Nodes that have the pod and should not.', { required: true }),
  desiredNumberScheduled: int32(3, 'Nodes that should have the pod.', { required: true }),
  numberReady: int32(4, 'Nodes whose pod is ready.', { required: true }),
  observedGeneration: int64(5, 'The generation it speaks of.'),
  updatedNumberScheduled: int32(6, 'Nodes whose pod has the present template.'),
  numberAvailable: int32(7, 'Nodes whose pod is available.'),
  numberUnavailable: int32(8, 'Nodes whose pod is not available.'),
  collisionCount: int32(9, 'How often the name of a revision was taken.', { explicit: true }),
  conditions: list(10, ref<DaemonSetCondition>(DaemonSetCondition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const daemonSetFields = {
  spec: one(2, ref<DaemonSetSpec>(DaemonSetSpec), 'What it should be.', { present: true }),
  status: one(3, ref<DaemonSetStatus>(DaemonSetStatus), 'What it is at present; the system writes it.'),
}

export interface DaemonSet extends KubeObject, Infer<typeof daemonSetFields> {}
export const DaemonSet = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  subresources: { status: true },
  namespaced: true,
  definition: 'io.k8s.api.apps.v1.DaemonSet',
  doc: 'One pod on each node.',
  fields: daemonSetFields,
  complete: completeDaemonSet,
  validate: daemonSetErrors,
  columns: [
    NAME,
    {
      name: 'Desired',
      type: 'integer',
      description: 'How many nodes should have the pod.',
      cell: object => object.status?.desiredNumberScheduled ?? 0,
    },
    {
      name: 'Current',
      type: 'integer',
      description: 'How many of them have it.',
      cell: object => object.status?.currentNumberScheduled ?? 0,
    },
    {
      name: 'Ready',
      type: 'integer',
      description: 'How many pods are ready.',
      cell: object => object.status?.numberReady ?? 0,
    },
    {
      name: 'Up-to-date',
      type: 'integer',
      description: 'How many pods have the present template.',
      cell: object => object.status?.updatedNumberScheduled ?? 0,
    },
    {
      name: 'Available',
      type: 'integer',
      description: 'How many pods are available.',
      cell: object => object.status?.numberAvailable ?? 0,
    },
    {
      name: 'Node Selector',
      type: 'string',
      description: 'The nodes that should have the pod.',
      cell: object => labelsText(object.spec.template.spec?.nodeSelector),
    },
    AGE,
    ...containerColumns<DaemonSet>(object => object.spec.template),
    {
      name: 'Selector',
      type: 'string',
      description: 'The pods it owns.',
      priority: 1,
      cell: object => selectorText(object.spec.selector),
    },
  ],
})

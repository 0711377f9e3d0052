import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, intOrString, list, message, one, ref, string, time } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface RollingUpdateDaemonSet extends InferMessage<typeof RollingUpdateDaemonSet> {}
export const RollingUpdateDaemonSet = message(`${GROUP}.RollingUpdateDaemonSet`, '', {
  maxUnavailable: intOrString(1, ''),
  maxSurge: intOrString(2, ''),
})

export interface DaemonSetUpdateStrategy extends InferMessage<typeof DaemonSetUpdateStrategy> {}
export const DaemonSetUpdateStrategy = message(`${GROUP}.DaemonSetUpdateStrategy`, '', {
  type: string(1, '', { enum: ['RollingUpdate', 'OnDelete'] }),
  rollingUpdate: one(2, ref<RollingUpdateDaemonSet>(RollingUpdateDaemonSet), ''),
})

export interface DaemonSetSpec extends InferMessage<typeof DaemonSetSpec> {}
export const DaemonSetSpec = message(`${GROUP}.DaemonSetSpec`, '', {
  selector: one(1, ref<LabelSelector>(LabelSelector), '', { required: true }),
  template: one(2, ref<PodTemplateSpec>(PodTemplateSpec), '', { required: true }),
  updateStrategy: one(3, ref<DaemonSetUpdateStrategy>(DaemonSetUpdateStrategy), ''),
  minReadySeconds: int32(4, ''),
  revisionHistoryLimit: int32(6, '', { explicit: true }),
})

export interface DaemonSetCondition extends InferMessage<typeof DaemonSetCondition> {}
export const DaemonSetCondition = message(`${GROUP}.DaemonSetCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastTransitionTime: time(3, ''),
  reason: string(4, ''),
  message: string(5, ''),
})

export interface DaemonSetStatus extends InferMessage<typeof DaemonSetStatus> {}
export const DaemonSetStatus = message(`${GROUP}.DaemonSetStatus`, '', {
  currentNumberScheduled: int32(1, '', { required: true }),
  numberMisscheduled: int32(2, '', { required: true }),
  desiredNumberScheduled: int32(3, '', { required: true }),
  numberReady: int32(4, '', { required: true }),
  observedGeneration: int64(5, ''),
  updatedNumberScheduled: int32(6, ''),
  numberAvailable: int32(7, ''),
  numberUnavailable: int32(8, ''),
  collisionCount: int32(9, '', { explicit: true }),
  conditions: list(10, ref<DaemonSetCondition>(DaemonSetCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const daemonSetFields = {
  spec: one(2, ref<DaemonSetSpec>(DaemonSetSpec), '', { present: true }),
  status: one(3, ref<DaemonSetStatus>(DaemonSetStatus), ''),
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
  doc: '',
  fields: daemonSetFields,
})

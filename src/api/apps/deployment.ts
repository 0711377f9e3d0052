import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, int64, intOrString, list, message, one, ref, string, time } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface RollingUpdateDeployment extends InferMessage<typeof RollingUpdateDeployment> {}
export const RollingUpdateDeployment = message(`${GROUP}.RollingUpdateDeployment`, '', {
  maxUnavailable: intOrString(1, ''),
  maxSurge: intOrString(2, ''),
})

export interface DeploymentStrategy extends InferMessage<typeof DeploymentStrategy> {}
export const DeploymentStrategy = message(`${GROUP}.DeploymentStrategy`, '', {
  type: string(1, '', { enum: ['Recreate', 'RollingUpdate'] }),
  rollingUpdate: one(2, ref<RollingUpdateDeployment>(RollingUpdateDeployment), ''),
})

export interface DeploymentSpec extends InferMessage<typeof DeploymentSpec> {}
export const DeploymentSpec = message(`${GROUP}.DeploymentSpec`, '', {
  replicas: int32(1, '', { explicit: true }),
  selector: one(2, ref<LabelSelector>(LabelSelector), '', { required: true }),
  template: one(3, ref<PodTemplateSpec>(PodTemplateSpec), '', { required: true }),
  strategy: one(4, ref<DeploymentStrategy>(DeploymentStrategy), '', { patchStrategy: 'retainKeys' }),
  minReadySeconds: int32(5, ''),
  revisionHistoryLimit: int32(6, '', { explicit: true }),
  paused: boolean(7, ''),
  progressDeadlineSeconds: int32(9, '', { explicit: true }),
})

export interface DeploymentCondition extends InferMessage<typeof DeploymentCondition> {}
export const DeploymentCondition = message(`${GROUP}.DeploymentCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastUpdateTime: time(6, ''),
  lastTransitionTime: time(7, ''),
  reason: string(4, ''),
  message: string(5, ''),
})

export interface DeploymentStatus extends InferMessage<typeof DeploymentStatus> {}
export const DeploymentStatus = message(`${GROUP}.DeploymentStatus`, '', {
  observedGeneration: int64(1, ''),
  replicas: int32(2, ''),
  updatedReplicas: int32(3, ''),
  readyReplicas: int32(7, ''),
  availableReplicas: int32(4, ''),
  unavailableReplicas: int32(5, ''),
  conditions: list(6, ref<DeploymentCondition>(DeploymentCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  collisionCount: int32(8, '', { explicit: true }),
})

const deploymentFields = {
  spec: one(2, ref<DeploymentSpec>(DeploymentSpec), '', { present: true }),
  status: one(3, ref<DeploymentStatus>(DeploymentStatus), ''),
}

export interface Deployment extends KubeObject, Infer<typeof deploymentFields> {}
export const Deployment = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: {
    status: true,
    scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
  },
  namespaced: true,
  definition: 'io.k8s.api.apps.v1.Deployment',
  doc: '',
  fields: deploymentFields,
})

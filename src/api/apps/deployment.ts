import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, int64, intOrString, list, message, one, ref, string, time } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import { AGE, containerColumns, NAME, selectorText } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { completeDeployment } from './complete.ts'
import { deploymentErrors } from './rules.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface RollingUpdateDeployment extends InferMessage<typeof RollingUpdateDeployment> {}
export const RollingUpdateDeployment = message(`${GROUP}.RollingUpdateDeployment`, 'The pace of a rolling update.', {
  maxUnavailable: intOrString(1, 'How many pods may be missing, as a number or percentage; 25% where absent.', {
    explicit: true,
  }),
  maxSurge: intOrString(2, 'How many pods may be too many, as a number or percentage; 25% where absent.', {
    explicit: true,
  }),
})

export interface DeploymentStrategy extends InferMessage<typeof DeploymentStrategy> {}
export const DeploymentStrategy = message(`${GROUP}.DeploymentStrategy`, 'How pods are replaced.', {
  type: string(1, 'RollingUpdate, or Recreate to end all old pods first.', {
    enum: ['Recreate', 'RollingUpdate'],
    default: 'RollingUpdate',
  }),
  rollingUpdate: one(2, ref<RollingUpdateDeployment>(RollingUpdateDeployment), 'The pace, for RollingUpdate.'),
})

export interface DeploymentSpec extends InferMessage<typeof DeploymentSpec> {}
export const DeploymentSpec = message(`${GROUP}.DeploymentSpec`, 'What a Deployment should be.', {
  replicas: int32(1, 'How many pods.', { explicit: true, default: 1 }),
  selector: one(2, ref<LabelSelector>(LabelSelector), 'The pods it owns; it cannot change.', { required: true }),
  template: one(3, ref<PodTemplateSpec>(PodTemplateSpec), 'What the pods are made from.', { required: true }),
  strategy: one(4, ref<DeploymentStrategy>(DeploymentStrategy), 'How pods are replaced.', {
    patchStrategy: 'retainKeys',
    default: {},
  }),
  minReadySeconds: int32(5, 'Seconds a pod must be ready to count as available.'),
  revisionHistoryLimit: int32(6, 'How many old ReplicaSets are kept.', { explicit: true, default: 10 }),
  paused: boolean(7, 'Changes of the template do nothing for now.'),
  progressDeadlineSeconds: int32(9, 'Seconds without progress until it counts as failed.', {
    explicit: true,
    default: 600,
  }),
})

export interface DeploymentCondition extends InferMessage<typeof DeploymentCondition> {}
export const DeploymentCondition = message(`${GROUP}.DeploymentCondition`, "One aspect of a Deployment's state.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  lastUpdateTime: time(6, 'When the condition was last written.'),
  lastTransitionTime: time(7, 'When the status last changed.'),
  reason: string(4, 'Why, in a word.'),
  message: string(5, 'Why, in a sentence.'),
})

export interface DeploymentStatus extends InferMessage<typeof DeploymentStatus> {}
export const DeploymentStatus = message(`${GROUP}.DeploymentStatus`, 'What a Deployment is at present.', {
  observedGeneration: int64(1, 'The generation it speaks of.'),
  replicas: int32(2, 'How many pods there are.'),
  updatedReplicas: int32(3, 'How many of them have the present template.'),
  readyReplicas: int32(7, 'How many of them are ready.'),
  availableReplicas: int32(4, 'How many of them are available.'),
  unavailableReplicas: int32(5, 'How many are still needed.'),
  conditions: list(6, ref<DeploymentCondition>(DeploymentCondition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  collisionCount: int32(8, 'How often the name of a ReplicaSet was taken.', { explicit: true }),
})

const deploymentFields = {
  spec: one(2, ref<DeploymentSpec>(DeploymentSpec), 'What it should be.', { present: true }),
  status: one(3, ref<DeploymentStatus>(DeploymentStatus), 'What it is at present; the system writes it.'),
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
  doc: 'A number of equal pods, and an orderly way to change them.',
  fields: deploymentFields,
  complete: completeDeployment,
  validate: deploymentErrors,
  columns: [
    NAME,
    {
      name: 'Ready',
      type: 'string',
      description: 'How many pods are ready, of how many.',
      cell: object => `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 1}`,
    },
    {
      name: 'Up-to-date',
      type: 'integer',
      description: 'How many pods have the present template.',
      cell: object => object.status?.updatedReplicas ?? 0,
    },
    {
      name: 'Available',
      type: 'integer',
      description: 'How many pods are available.',
      cell: object => object.status?.availableReplicas ?? 0,
    },
    AGE,
    ...containerColumns<Deployment>(object => object.spec.template),
    {
      name: 'Selector',
      type: 'string',
      description: 'The pods it owns.',
      priority: 1,
      cell: object => selectorText(object.spec.selector),
    },
  ],
})

import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int64, JSON_VALUE, json, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ClusterOperatorStatusCondition } from './cluster-operator.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface Release extends InferMessage<typeof Release> {}
export const Release = message(`${GROUP}.Release`, '', {
  architecture: string(0, '', { enum: ['Multi'] }),
  version: string(0, '', { required: true }),
  image: string(0, '', { required: true }),
  url: string(0, ''),
  channels: list(0, STRING, '', { listType: 'set' }),
})

export interface UpdateHistory extends InferMessage<typeof UpdateHistory> {}
export const UpdateHistory = message(`${GROUP}.UpdateHistory`, '', {
  state: string(0, '', { required: true }),
  startedTime: time(0, '', { required: true }),
  completionTime: time(0, '', { required: true }),
  version: string(0, ''),
  image: string(0, '', { required: true }),
  verified: boolean(0, '', { required: true }),
  acceptedRisks: string(0, ''),
})

export interface ClusterVersionSpec extends InferMessage<typeof ClusterVersionSpec> {}
export const ClusterVersionSpec = message(`${GROUP}.ClusterVersionSpec`, '', {
  clusterID: string(0, '', { required: true }),
  desiredUpdate: json(0, ''),
  upstream: string(0, ''),
  channel: string(0, ''),
  capabilities: json(0, ''),
  signatureStores: list(0, JSON_VALUE, '', { listType: 'map', listKeys: ['url'] }),
  overrides: list(0, JSON_VALUE, '', { listType: 'map', listKeys: ['kind', 'group', 'namespace', 'name'] }),
})

export interface ClusterVersionStatus extends InferMessage<typeof ClusterVersionStatus> {}
export const ClusterVersionStatus = message(`${GROUP}.ClusterVersionStatus`, '', {
  desired: one(0, ref<Release>(Release), '', { required: true }),
  history: list(0, ref<UpdateHistory>(UpdateHistory), ''),
  observedGeneration: int64(0, '', { required: true }),
  versionHash: string(0, '', { required: true }),
  capabilities: json(0, ''),
  conditions: list(0, ref<ClusterOperatorStatusCondition>(ClusterOperatorStatusCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  availableUpdates: list(0, ref<Release>(Release), '', { required: true }),
  conditionalUpdates: list(0, JSON_VALUE, ''),
  conditionalUpdateRisks: list(0, JSON_VALUE, '', { listType: 'map', listKeys: ['name'] }),
})

const clusterVersionFields = {
  spec: one(0, ref<ClusterVersionSpec>(ClusterVersionSpec), '', { present: true }),
  status: one(0, ref<ClusterVersionStatus>(ClusterVersionStatus), ''),
}

export interface ClusterVersion extends KubeObject, Infer<typeof clusterVersionFields> {}
export const ClusterVersion = defineKind<ClusterVersion>({
  group: 'config.openshift.io',
  version: 'v1',
  kind: 'ClusterVersion',
  plural: 'clusterversions',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.config.v1.ClusterVersion',
  doc: '',
  fields: clusterVersionFields,
})

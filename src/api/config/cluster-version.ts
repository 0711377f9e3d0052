import { age } from '../../lib/human-duration.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int64, JSON_VALUE, json, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ClusterOperatorStatusCondition, conditionColumn, conditionOf } from './cluster-operator.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface Release extends InferMessage<typeof Release> {}
export const Release = message(`${GROUP}.Release`, "A release of the cluster's software.", {
  architecture: string(0, 'The processor architecture, or Multi.', { enum: ['Multi'] }),
  version: string(0, 'The version.', { required: true }),
  image: string(0, 'The image.', { required: true }),
  url: string(0, 'Where to read about it.'),
  channels: list(0, STRING, 'The channels that have it.', { listType: 'set' }),
})

export interface UpdateHistory extends InferMessage<typeof UpdateHistory> {}
export const UpdateHistory = message(`${GROUP}.UpdateHistory`, 'One update.', {
  state: string(0, 'Completed or Partial.', { required: true }),
  startedTime: time(0, 'When it began.', { required: true }),
  completionTime: time(0, 'When it ended.', { required: true }),
  version: string(0, 'The version.'),
  image: string(0, 'The image.', { required: true }),
  verified: boolean(0, "The image's signature was checked.", { required: true }),
  acceptedRisks: string(0, 'What was known and accepted.'),
})

export interface ClusterVersionSpec extends InferMessage<typeof ClusterVersionSpec> {}
export const ClusterVersionSpec = message(`${GROUP}.ClusterVersionSpec`, 'What version there should be.', {
  clusterID: string(0, "The cluster's identity.", { required: true }),
  desiredUpdate: json(0, 'The version to update to.'),
  upstream: string(0, 'Where updates are looked up.'),
  channel: string(0, 'The channel of updates.'),
  capabilities: json(0, 'Optional parts.'),
  signatureStores: list(0, JSON_VALUE, 'Where signatures are looked up.', { listType: 'map', listKeys: ['url'] }),
  overrides: list(0, JSON_VALUE, 'Components left alone.', {
    listType: 'map',
    listKeys: ['kind', 'group', 'namespace', 'name'],
  }),
})

export interface ClusterVersionStatus extends InferMessage<typeof ClusterVersionStatus> {}
export const ClusterVersionStatus = message(`${GROUP}.ClusterVersionStatus`, 'What version there is.', {
  desired: one(0, ref<Release>(Release), 'The version being worked towards.', { required: true }),
  history: list(0, ref<UpdateHistory>(UpdateHistory), 'Past updates, the newest first.'),
  observedGeneration: int64(0, 'The generation it speaks of.', { required: true }),
  versionHash: string(0, "A hash of the version's content.", { required: true }),
  capabilities: json(0, 'Optional parts.'),
  conditions: list(0, ref<ClusterOperatorStatusCondition>(ClusterOperatorStatusCondition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  availableUpdates: list(0, ref<Release>(Release), 'Updates on offer.', { required: true }),
  conditionalUpdates: list(0, JSON_VALUE, 'Updates on offer that may be unwise.'),
  conditionalUpdateRisks: list(0, JSON_VALUE, 'What makes them unwise.', { listType: 'map', listKeys: ['name'] }),
})

const clusterVersionFields = {
  spec: one(0, ref<ClusterVersionSpec>(ClusterVersionSpec), 'What it should be.', { present: true }),
  status: one(0, ref<ClusterVersionStatus>(ClusterVersionStatus), 'What it is at present; the system writes it.'),
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
  doc: 'The version of the cluster. Its name is version.',
  fields: clusterVersionFields,
  columns: [
    NAME,
    {
      name: 'Version',
      type: 'string',
      description: 'The version there is.',
      cell: object => object.status?.history?.find(one => one.state === 'Completed')?.version ?? '',
    },
    conditionColumn('Available', 'Whether it works.'),
    conditionColumn('Progressing', 'Whether it is changing.'),
    {
      name: 'Since',
      type: 'string',
      description: 'Since when.',
      cell: (object, nowMs) => age(conditionOf(object, 'Progressing')?.lastTransitionTime, nowMs),
    },
    {
      name: 'Status',
      type: 'string',
      description: 'What it is doing.',
      cell: object => conditionOf(object, 'Progressing')?.message ?? '',
    },
  ],
})

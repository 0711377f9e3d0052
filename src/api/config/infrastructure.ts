import type { Infer, InferMessage } from '../../schema/field.ts'
import { json, message, one, ref, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ConfigMapFileReference } from './reference.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface InfrastructureSpec extends InferMessage<typeof InfrastructureSpec> {}
export const InfrastructureSpec = message(`${GROUP}.InfrastructureSpec`, 'What the cluster stands on, as asked for.', {
  cloudConfig: one(0, ref<ConfigMapFileReference>(ConfigMapFileReference), 'Settings for the cloud provider.'),
  platformSpec: json(0, 'Settings of the platform.'),
  controlPlaneTopology: string(0, 'How many nodes the control plane should have.', {
    enum: ['HighlyAvailable', 'SingleReplica'],
  }),
})

export interface InfrastructureStatus extends InferMessage<typeof InfrastructureStatus> {}
export const InfrastructureStatus = message(`${GROUP}.InfrastructureStatus`, 'What the cluster stands on.', {
  infrastructureName: string(0, 'A name that marks its machines.'),
  platform: string(0, 'The platform.', {
    enum: [
      'AWS',
      'Azure',
      'BareMetal',
      'GCP',
      'Libvirt',
      'OpenStack',
      'None',
      'VSphere',
      'oVirt',
      'IBMCloud',
      'KubeVirt',
      'EquinixMetal',
      'PowerVS',
      'AlibabaCloud',
      'Nutanix',
      'External',
    ],
  }),
  platformStatus: json(0, 'Facts about the platform.'),
  etcdDiscoveryDomain: string(0, 'No longer used.'),
  apiServerURL: string(0, 'Where users reach the API.'),
  apiServerInternalURI: string(0, 'Where nodes reach the API.'),
  controlPlaneTopology: string(0, 'How many nodes the control plane has.', { default: 'HighlyAvailable' }),
  infrastructureTopology: string(0, 'How many nodes carry infrastructure.', {
    enum: ['HighlyAvailable', 'SingleReplica'],
    default: 'HighlyAvailable',
  }),
  cpuPartitioning: string(0, 'Whether processors are set aside.', { enum: ['None', 'AllNodes'], default: 'None' }),
})

const infrastructureFields = {
  spec: one(0, ref<InfrastructureSpec>(InfrastructureSpec), 'What it should be.', { present: true }),
  status: one(0, ref<InfrastructureStatus>(InfrastructureStatus), 'What it is at present; the system writes it.'),
}

export interface Infrastructure extends KubeObject, Infer<typeof infrastructureFields> {}
export const Infrastructure = defineKind<Infrastructure>({
  group: 'config.openshift.io',
  version: 'v1',
  kind: 'Infrastructure',
  plural: 'infrastructures',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.config.v1.Infrastructure',
  doc: 'What the cluster stands on. Its name is cluster.',
  fields: infrastructureFields,
  columns: [NAME, AGE],
})

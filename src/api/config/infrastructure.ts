import type { Infer, InferMessage } from '../../schema/field.ts'
import { json, message, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ConfigMapFileReference } from './reference.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface InfrastructureSpec extends InferMessage<typeof InfrastructureSpec> {}
export const InfrastructureSpec = message(`${GROUP}.InfrastructureSpec`, '', {
  cloudConfig: one(0, ref<ConfigMapFileReference>(ConfigMapFileReference), ''),
  platformSpec: json(0, ''),
  controlPlaneTopology: string(0, '', { enum: ['HighlyAvailable', 'SingleReplica'] }),
})

export interface InfrastructureStatus extends InferMessage<typeof InfrastructureStatus> {}
export const InfrastructureStatus = message(`${GROUP}.InfrastructureStatus`, '', {
  infrastructureName: string(0, ''),
  platform: string(0, '', {
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
  platformStatus: json(0, ''),
  etcdDiscoveryDomain: string(0, ''),
  apiServerURL: string(0, ''),
  apiServerInternalURI: string(0, ''),
  controlPlaneTopology: string(0, '', { default: 'HighlyAvailable' }),
  infrastructureTopology: string(0, '', { enum: ['HighlyAvailable', 'SingleReplica'], default: 'HighlyAvailable' }),
  cpuPartitioning: string(0, '', { enum: ['None', 'AllNodes'], default: 'None' }),
})

const infrastructureFields = {
  spec: one(0, ref<InfrastructureSpec>(InfrastructureSpec), '', { present: true }),
  status: one(0, ref<InfrastructureStatus>(InfrastructureStatus), ''),
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
  doc: '',
  fields: infrastructureFields,
})

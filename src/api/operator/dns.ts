import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { Toleration } from '../core/pod/parts.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { Server, UpstreamResolvers } from './dns-upstream.ts'
import { OperatorCondition } from './operator.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface DNSNodePlacement extends InferMessage<typeof DNSNodePlacement> {}
export const DNSNodePlacement = message(`${GROUP}.DNSNodePlacement`, 'Where DNS pods run.', {
  nodeSelector: map(0, STRING, 'The nodes, by label.'),
  tolerations: list(0, ref<Toleration>(Toleration), 'Taints tolerated.'),
})

export interface DNSCache extends InferMessage<typeof DNSCache> {}
export const DNSCache = message(`${GROUP}.DNSCache`, 'How long answers are kept.', {
  positiveTTL: string(0, 'Answers; 0s for the default of 900 seconds.'),
  negativeTTL: string(0, 'Denials; 0s for the default of 30 seconds.'),
})

export interface DNSSpec extends InferMessage<typeof DNSSpec> {}
export const DNSSpec = message(`${GROUP}.DNSSpec`, 'What the DNS servers should be.', {
  servers: list(0, ref<Server>(Server), 'Zones that others answer.'),
  upstreamResolvers: one(0, ref<UpstreamResolvers>(UpstreamResolvers), 'Who answers all other zones.', { default: {} }),
  nodePlacement: one(0, ref<DNSNodePlacement>(DNSNodePlacement), 'Where the pods run.'),
  managementState: string(0, 'Managed or Unmanaged.'),
  operatorLogLevel: string(0, 'How much is logged by the operator.', { default: 'Normal' }),
  logLevel: string(0, 'How much is logged by the servers.', { default: 'Normal' }),
  cache: one(0, ref<DNSCache>(DNSCache), 'How long answers are kept.'),
})

export interface DNSStatus extends InferMessage<typeof DNSStatus> {}
export const DNSStatus = message(`${GROUP}.DNSStatus`, 'What the DNS servers are at present.', {
  clusterIP: string(0, 'The Service address they answer on.', { required: true }),
  clusterDomain: string(0, 'The domain of Services.', { required: true }),
  conditions: list(0, ref<OperatorCondition>(OperatorCondition), 'Aspects of their state.', { patchKey: 'type' }),
})

const dNSFields = {
  spec: one(0, ref<DNSSpec>(DNSSpec), 'What it should be.', { present: true }),
  status: one(0, ref<DNSStatus>(DNSStatus), 'What it is at present; the system writes it.'),
}

export interface DNS extends KubeObject, Infer<typeof dNSFields> {}
export const DNS = defineKind<DNS>({
  group: 'operator.openshift.io',
  version: 'v1',
  kind: 'DNS',
  plural: 'dnses',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.operator.v1.DNS',
  doc: "The cluster's DNS servers. Its name is default.",
  fields: dNSFields,
  columns: [NAME, AGE],
})

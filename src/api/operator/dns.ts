import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { Toleration } from '../core/pod/parts.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { Server, UpstreamResolvers } from './dns-upstream.ts'
import { OperatorCondition } from './operator.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface DNSNodePlacement extends InferMessage<typeof DNSNodePlacement> {}
export const DNSNodePlacement = message(`${GROUP}.DNSNodePlacement`, '', {
  nodeSelector: map(0, STRING, ''),
  tolerations: list(0, ref<Toleration>(Toleration), ''),
})

export interface DNSCache extends InferMessage<typeof DNSCache> {}
export const DNSCache = message(`${GROUP}.DNSCache`, '', {
  positiveTTL: string(0, ''),
  negativeTTL: string(0, ''),
})

export interface DNSSpec extends InferMessage<typeof DNSSpec> {}
export const DNSSpec = message(`${GROUP}.DNSSpec`, '', {
  servers: list(0, ref<Server>(Server), ''),
  upstreamResolvers: one(0, ref<UpstreamResolvers>(UpstreamResolvers), ''),
  nodePlacement: one(0, ref<DNSNodePlacement>(DNSNodePlacement), ''),
  managementState: string(0, ''),
  operatorLogLevel: string(0, '', { default: 'Normal' }),
  logLevel: string(0, '', { default: 'Normal' }),
  cache: one(0, ref<DNSCache>(DNSCache), ''),
})

export interface DNSStatus extends InferMessage<typeof DNSStatus> {}
export const DNSStatus = message(`${GROUP}.DNSStatus`, '', {
  clusterIP: string(0, '', { required: true }),
  clusterDomain: string(0, '', { required: true }),
  conditions: list(0, ref<OperatorCondition>(OperatorCondition), '', { patchKey: 'type' }),
})

const dNSFields = {
  spec: one(0, ref<DNSSpec>(DNSSpec), '', { present: true }),
  status: one(0, ref<DNSStatus>(DNSStatus), ''),
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
  doc: '',
  fields: dNSFields,
})

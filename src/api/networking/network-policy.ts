import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, intOrString, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface NetworkPolicyPort extends InferMessage<typeof NetworkPolicyPort> {}
export const NetworkPolicyPort = message(`${GROUP}.NetworkPolicyPort`, '', {
  protocol: string(1, '', { enum: ['TCP', 'UDP', 'SCTP'], explicit: true }),
  port: intOrString(2, ''),
  endPort: int32(3, '', { explicit: true }),
})

export interface IPBlock extends InferMessage<typeof IPBlock> {}
export const IPBlock = message(`${GROUP}.IPBlock`, '', {
  cidr: string(1, '', { required: true }),
  except: list(2, STRING, ''),
})

export interface NetworkPolicyPeer extends InferMessage<typeof NetworkPolicyPeer> {}
export const NetworkPolicyPeer = message(`${GROUP}.NetworkPolicyPeer`, '', {
  podSelector: one(1, ref<LabelSelector>(LabelSelector), ''),
  namespaceSelector: one(2, ref<LabelSelector>(LabelSelector), ''),
  ipBlock: one(3, ref<IPBlock>(IPBlock), ''),
})

export interface NetworkPolicyIngressRule extends InferMessage<typeof NetworkPolicyIngressRule> {}
export const NetworkPolicyIngressRule = message(`${GROUP}.NetworkPolicyIngressRule`, '', {
  ports: list(1, ref<NetworkPolicyPort>(NetworkPolicyPort), ''),
  from: list(2, ref<NetworkPolicyPeer>(NetworkPolicyPeer), ''),
})

export interface NetworkPolicyEgressRule extends InferMessage<typeof NetworkPolicyEgressRule> {}
export const NetworkPolicyEgressRule = message(`${GROUP}.NetworkPolicyEgressRule`, '', {
  ports: list(1, ref<NetworkPolicyPort>(NetworkPolicyPort), ''),
  to: list(2, ref<NetworkPolicyPeer>(NetworkPolicyPeer), ''),
})

export interface NetworkPolicySpec extends InferMessage<typeof NetworkPolicySpec> {}
export const NetworkPolicySpec = message(`${GROUP}.NetworkPolicySpec`, '', {
  podSelector: one(1, ref<LabelSelector>(LabelSelector), '', { required: true }),
  ingress: list(2, ref<NetworkPolicyIngressRule>(NetworkPolicyIngressRule), ''),
  egress: list(3, ref<NetworkPolicyEgressRule>(NetworkPolicyEgressRule), ''),
  policyTypes: list(4, STRING, ''),
})

const networkPolicyFields = {
  spec: one(2, ref<NetworkPolicySpec>(NetworkPolicySpec), '', { present: true }),
}

export interface NetworkPolicy extends KubeObject, Infer<typeof networkPolicyFields> {}
export const NetworkPolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  definition: 'io.k8s.api.networking.v1.NetworkPolicy',
  doc: '',
  fields: networkPolicyFields,
})

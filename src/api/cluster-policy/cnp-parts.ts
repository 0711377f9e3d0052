/** Messages that a ClusterNetworkPolicy is made of. Source: network-policy-api v1alpha2, its experimental CRD. */
import type { InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'io.k8s.networking.policy.v1alpha2'
export const cnpDefinition = (name: string): string => `${GROUP}.${name}`

export interface CnpNamespacedPod extends InferMessage<typeof CnpNamespacedPod> {}
export const CnpNamespacedPod = message(cnpDefinition('NamespacedPod'), 'Pods in namespaces.', {
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), 'The namespaces.', { required: true }),
  podSelector: one(0, ref<LabelSelector>(LabelSelector), 'The pods in them.', { required: true }),
})

const PODS = {
  namespaces: one(0, ref<LabelSelector>(LabelSelector), 'All pods of these namespaces.'),
  pods: one(0, ref<CnpNamespacedPod>(CnpNamespacedPod), 'These pods.'),
}

export interface CnpSubject extends InferMessage<typeof CnpSubject> {}
export const CnpSubject = message(
  cnpDefinition('ClusterNetworkPolicySubject'),
  'Whom a policy is about: one of these; never pods of the host network.',
  PODS,
)

export interface CnpIngressPeer extends InferMessage<typeof CnpIngressPeer> {}
export const CnpIngressPeer = message(
  cnpDefinition('ClusterNetworkPolicyIngressPeer'),
  'Where it comes from: one of these; never pods of the host network.',
  PODS,
)

export interface CnpEgressPeer extends InferMessage<typeof CnpEgressPeer> {}
export const CnpEgressPeer = message(
  cnpDefinition('ClusterNetworkPolicyEgressPeer'),
  'Where it goes to: one of these.',
  {
    ...PODS,
    nodes: one(0, ref<LabelSelector>(LabelSelector), 'These nodes, by their own addresses.'),
    networks: list(0, STRING, 'Ranges of addresses, also those of pods; at most 25.', { listType: 'set' }),
    domainNames: list(0, STRING, 'Names; *. before one stands for one or more labels. Of rules that accept.', {
      listType: 'set',
    }),
  },
)

const PORT = { minimum: 1, maximum: 65_535 } as const

export interface CnpPortRange extends InferMessage<typeof CnpPortRange> {}
export const CnpPortRange = message(cnpDefinition('PortRange'), 'Ports from one to another, both included.', {
  start: int32(0, 'The first.', { required: true, ...PORT }),
  end: int32(0, 'The last, above the first.', { required: true, ...PORT }),
})

export interface CnpPort extends InferMessage<typeof CnpPort> {}
export const CnpPort = message(cnpDefinition('Port'), 'Ports: one of these.', {
  number: int32(0, 'One.', { ...PORT, explicit: true }),
  range: one(0, ref<CnpPortRange>(CnpPortRange), 'Several.'),
})

const OF_A_PROTOCOL = { destinationPort: one(0, ref<CnpPort>(CnpPort), 'The ports at the destination.') }

export interface CnpTcp extends InferMessage<typeof CnpTcp> {}
export const CnpTcp = message(cnpDefinition('ClusterNetworkPolicyProtocolTCP'), 'Of TCP.', OF_A_PROTOCOL)
export interface CnpUdp extends InferMessage<typeof CnpUdp> {}
export const CnpUdp = message(cnpDefinition('ClusterNetworkPolicyProtocolUDP'), 'Of UDP.', OF_A_PROTOCOL)
export interface CnpSctp extends InferMessage<typeof CnpSctp> {}
export const CnpSctp = message(cnpDefinition('ClusterNetworkPolicyProtocolSCTP'), 'Of SCTP.', OF_A_PROTOCOL)

export interface CnpProtocol extends InferMessage<typeof CnpProtocol> {}
export const CnpProtocol = message(cnpDefinition('ClusterNetworkPolicyProtocol'), 'What is meant: one of these.', {
  tcp: one(0, ref<CnpTcp>(CnpTcp), 'TCP.'),
  udp: one(0, ref<CnpUdp>(CnpUdp), 'UDP.'),
  sctp: one(0, ref<CnpSctp>(CnpSctp), 'SCTP.'),
  destinationNamedPort: string(0, "One port by what it is called in the destination's pod.", { explicit: true }),
})

const RULE = {
  name: string(0, 'For people, at most 100 characters.'),
  action: string(0, 'Accept, Deny, or Pass it on to the next tier.', {
    required: true,
    enum: ['Accept', 'Deny', 'Pass'],
  }),
  protocols: list(0, ref<CnpProtocol>(CnpProtocol), 'Of these alone; every protocol and port where absent.'),
}

export interface CnpIngressRule extends InferMessage<typeof CnpIngressRule> {}
export const CnpIngressRule = message(
  cnpDefinition('ClusterNetworkPolicyIngressRule'),
  'What happens to traffic that comes in.',
  { ...RULE, from: list(0, ref<CnpIngressPeer>(CnpIngressPeer), 'From any of these.', { required: true }) },
)

export interface CnpEgressRule extends InferMessage<typeof CnpEgressRule> {}
export const CnpEgressRule = message(
  cnpDefinition('ClusterNetworkPolicyEgressRule'),
  'What happens to traffic that goes out.',
  { ...RULE, to: list(0, ref<CnpEgressPeer>(CnpEgressPeer), 'To any of these.', { required: true }) },
)

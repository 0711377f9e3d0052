/** Messages that both kinds of policy.networking.k8s.io/v1alpha1 are made of. Source: its CRDs, as OKD ships them. */
import type { InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { LabelSelector } from '../meta/selector.ts'
import type { CnpProtocol } from './cnp-parts.ts'

const GROUP = 'io.k8s.networking.policy.v1alpha1'
export const definitionOf = (name: string): string => `${GROUP}.${name}`
const PROTOCOL = { enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' } as const

export interface NamespacedPod extends InferMessage<typeof NamespacedPod> {}
export const NamespacedPod = message(definitionOf('NamespacedPod'), 'Pods in namespaces.', {
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), 'The namespaces.', { required: true }),
  podSelector: one(0, ref<LabelSelector>(LabelSelector), 'The pods in them.', { required: true }),
})

export interface PolicySubject extends InferMessage<typeof PolicySubject> {}
export const PolicySubject = message(
  definitionOf('AdminNetworkPolicySubject'),
  'Whom a policy is about: one of these.',
  {
    namespaces: one(0, ref<LabelSelector>(LabelSelector), 'All pods of these namespaces.'),
    pods: one(0, ref<NamespacedPod>(NamespacedPod), 'These pods.'),
  },
)

export interface PolicyPortNumber extends InferMessage<typeof PolicyPortNumber> {}
export const PolicyPortNumber = message(definitionOf('Port'), 'A port by its number.', {
  protocol: string(0, 'TCP, UDP or SCTP.', PROTOCOL),
  port: int32(0, 'The number.', { required: true, minimum: 1, maximum: 65_535 }),
})

export interface PolicyPortRange extends InferMessage<typeof PolicyPortRange> {}
export const PolicyPortRange = message(definitionOf('PortRange'), 'Ports from one to another.', {
  protocol: string(0, 'TCP, UDP or SCTP.', PROTOCOL),
  start: int32(0, 'The first.', { required: true, minimum: 1, maximum: 65_535 }),
  end: int32(0, 'The last.', { required: true, minimum: 1, maximum: 65_535 }),
})

export interface PolicyPort extends InferMessage<typeof PolicyPort> {}
export const PolicyPort = message(definitionOf('AdminNetworkPolicyPort'), 'Ports of the destination: one of these.', {
  portNumber: one(0, ref<PolicyPortNumber>(PolicyPortNumber), 'One by its number.'),
  namedPort: string(0, "One by what it is called in the destination's pod.", { explicit: true }),
  portRange: one(0, ref<PolicyPortRange>(PolicyPortRange), 'A range.'),
})

export interface PolicyIngressPeer extends InferMessage<typeof PolicyIngressPeer> {}
export const PolicyIngressPeer = message(
  definitionOf('AdminNetworkPolicyIngressPeer'),
  'Where it comes from: one of these.',
  {
    namespaces: one(0, ref<LabelSelector>(LabelSelector), 'All pods of these namespaces.'),
    pods: one(0, ref<NamespacedPod>(NamespacedPod), 'These pods.'),
  },
)

export interface PolicyEgressPeer extends InferMessage<typeof PolicyEgressPeer> {}
export const PolicyEgressPeer = message(
  definitionOf('AdminNetworkPolicyEgressPeer'),
  'Where it goes to: one of these.',
  {
    namespaces: one(0, ref<LabelSelector>(LabelSelector), 'All pods of these namespaces.'),
    pods: one(0, ref<NamespacedPod>(NamespacedPod), 'These pods.'),
    nodes: one(0, ref<LabelSelector>(LabelSelector), 'These nodes, by their own addresses.'),
    networks: list(0, STRING, 'Ranges of addresses, also those of pods.'),
    domainNames: list(0, STRING, 'Names.'),
  },
)

const RULE = {
  name: string(0, 'For people, at most 100 characters.'),
  ports: list(0, ref<PolicyPort>(PolicyPort), 'To these ports; all, and every protocol, where absent.'),
}
const ACTION = ['Allow', 'Deny', 'Pass'] as const
const from = list(0, ref<PolicyIngressPeer>(PolicyIngressPeer), 'From any of these.', { required: true })
const to = list(0, ref<PolicyEgressPeer>(PolicyEgressPeer), 'To any of these.', { required: true })

export interface AdminIngressRule extends InferMessage<typeof AdminIngressRule> {}
export const AdminIngressRule = message(
  definitionOf('AdminNetworkPolicyIngressRule'),
  'What happens to traffic that comes in.',
  {
    ...RULE,
    action: string(0, 'Allow, Deny, or Pass it on to NetworkPolicies.', { required: true, enum: ACTION }),
    from,
  },
)

export interface AdminEgressRule extends InferMessage<typeof AdminEgressRule> {}
export const AdminEgressRule = message(
  definitionOf('AdminNetworkPolicyEgressRule'),
  'What happens to traffic that goes out.',
  {
    ...RULE,
    action: string(0, 'Allow, Deny, or Pass it on to NetworkPolicies.', { required: true, enum: ACTION }),
    to,
  },
)

const DECIDES = ['Allow', 'Deny'] as const

export interface BaselineIngressRule extends InferMessage<typeof BaselineIngressRule> {}
export const BaselineIngressRule = message(
  definitionOf('BaselineAdminNetworkPolicyIngressRule'),
  'What happens to traffic that comes in, where nothing else decides.',
  { ...RULE, action: string(0, 'Allow or Deny.', { required: true, enum: DECIDES }), from },
)

export interface BaselineEgressRule extends InferMessage<typeof BaselineEgressRule> {}
export const BaselineEgressRule = message(
  definitionOf('BaselineAdminNetworkPolicyEgressRule'),
  'What happens to traffic that goes out, where nothing else decides.',
  { ...RULE, action: string(0, 'Allow or Deny.', { required: true, enum: DECIDES }), to },
)

/** A rule of any kind of the group, in either direction. */
export interface AnyRule {
  readonly name?: string
  readonly action: string
  readonly ports?: readonly PolicyPort[]
  /** In place of ports, of a ClusterNetworkPolicy. */
  readonly protocols?: readonly CnpProtocol[]
  readonly from?: readonly PolicyEgressPeer[]
  readonly to?: readonly PolicyEgressPeer[]
}

/** What all kinds of the group have in common. */
export interface AnySpec {
  readonly subject: PolicySubject
  readonly ingress?: readonly AnyRule[]
  readonly egress?: readonly AnyRule[]
}

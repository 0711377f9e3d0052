import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, intOrString, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { AGE, NAME, selectorText } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { completeNetworkPolicy } from './complete.ts'
import { networkPolicyErrors } from './rules.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface NetworkPolicyPort extends InferMessage<typeof NetworkPolicyPort> {}
export const NetworkPolicyPort = message(`${GROUP}.NetworkPolicyPort`, 'Ports that are allowed.', {
  protocol: string(1, 'TCP, UDP or SCTP.', { enum: ['TCP', 'UDP', 'SCTP'], explicit: true, default: 'TCP' }),
  port: intOrString(2, "A pod's port, by number or name; all where absent.", { explicit: true }),
  endPort: int32(3, 'The last port of a range that begins at port.', { explicit: true }),
})

export interface IPBlock extends InferMessage<typeof IPBlock> {}
export const IPBlock = message(`${GROUP}.IPBlock`, 'A range of addresses.', {
  cidr: string(1, 'The range.', { required: true }),
  except: list(2, STRING, 'Parts of it that do not count.'),
})

export interface NetworkPolicyPeer extends InferMessage<typeof NetworkPolicyPeer> {}
export const NetworkPolicyPeer = message(
  `${GROUP}.NetworkPolicyPeer`,
  'The other side of traffic; an address range or pods.',
  {
    podSelector: one(
      1,
      ref<LabelSelector>(LabelSelector),
      'Pods; of the own namespace where namespaceSelector is absent.',
    ),
    namespaceSelector: one(2, ref<LabelSelector>(LabelSelector), 'Pods of these namespaces.'),
    ipBlock: one(3, ref<IPBlock>(IPBlock), 'Addresses; not together with the others.'),
  },
)

export interface NetworkPolicyIngressRule extends InferMessage<typeof NetworkPolicyIngressRule> {}
export const NetworkPolicyIngressRule = message(`${GROUP}.NetworkPolicyIngressRule`, 'Traffic allowed in.', {
  ports: list(1, ref<NetworkPolicyPort>(NetworkPolicyPort), 'To these ports; all where absent.'),
  from: list(2, ref<NetworkPolicyPeer>(NetworkPolicyPeer), 'From these peers; all where absent.'),
})

export interface NetworkPolicyEgressRule extends InferMessage<typeof NetworkPolicyEgressRule> {}
export const NetworkPolicyEgressRule = message(`${GROUP}.NetworkPolicyEgressRule`, 'Traffic allowed out.', {
  ports: list(1, ref<NetworkPolicyPort>(NetworkPolicyPort), 'To these ports; all where absent.'),
  to: list(2, ref<NetworkPolicyPeer>(NetworkPolicyPeer), 'To these peers; all where absent.'),
})

export interface NetworkPolicySpec extends InferMessage<typeof NetworkPolicySpec> {}
export const NetworkPolicySpec = message(`${GROUP}.NetworkPolicySpec`, 'What a policy should be.', {
  podSelector: one(1, ref<LabelSelector>(LabelSelector), 'The pods it isolates; empty for all of the namespace.', {
    required: true,
  }),
  ingress: list(2, ref<NetworkPolicyIngressRule>(NetworkPolicyIngressRule), 'What may come in.'),
  egress: list(3, ref<NetworkPolicyEgressRule>(NetworkPolicyEgressRule), 'What may go out.'),
  policyTypes: list(4, STRING, 'Whether it isolates for Ingress, Egress or both.'),
})

const networkPolicyFields = {
  spec: one(2, ref<NetworkPolicySpec>(NetworkPolicySpec), 'What it should be.', { present: true }),
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
  doc: 'Isolates pods, and says what they may still talk to.',
  fields: networkPolicyFields,
  complete: completeNetworkPolicy,
  validate: networkPolicyErrors,
  columns: [
    NAME,
    {
      name: 'Pod-Selector',
      type: 'string',
      description: 'The pods it isolates.',
      cell: object => selectorText(object.spec.podSelector),
    },
    AGE,
  ],
})

import { parseCidr } from '../../lib/cidr.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { invalid, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { selectorErrors } from '../meta/rules.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'org.ovn.k8s.v1'

export interface EgressFirewallPort extends InferMessage<typeof EgressFirewallPort> {}
export const EgressFirewallPort = message(`${GROUP}.EgressFirewallPort`, 'A port of the destination.', {
  protocol: string(0, 'TCP, UDP or SCTP.', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  port: int32(0, 'Its number.', { required: true, minimum: 1, maximum: 65_535 }),
})

export interface EgressFirewallDestination extends InferMessage<typeof EgressFirewallDestination> {}
export const EgressFirewallDestination = message(
  `${GROUP}.EgressFirewallDestination`,
  'Where traffic goes to: one of these.',
  {
    cidrSelector: string(0, 'A range of addresses.'),
    dnsName: string(0, 'A name; *. before it stands for one label.'),
    nodeSelector: one(0, ref<LabelSelector>(LabelSelector), 'Nodes, by their own addresses.'),
  },
)

export interface EgressFirewallRule extends InferMessage<typeof EgressFirewallRule> {}
export const EgressFirewallRule = message(
  `${GROUP}.EgressFirewallRule`,
  'What happens to traffic out of the cluster.',
  {
    type: string(0, 'Allow or Deny.', { required: true, enum: ['Allow', 'Deny'] }),
    ports: list(0, ref<EgressFirewallPort>(EgressFirewallPort), 'To these ports; all where absent.'),
    to: one(0, ref<EgressFirewallDestination>(EgressFirewallDestination), 'Where to.', { required: true }),
  },
)

export interface EgressFirewallSpec extends InferMessage<typeof EgressFirewallSpec> {}
export const EgressFirewallSpec = message(`${GROUP}.EgressFirewallSpec`, 'What it should be.', {
  egress: list(0, ref<EgressFirewallRule>(EgressFirewallRule), 'The first rule that matches decides.', {
    required: true,
  }),
})

export interface EgressFirewallStatus extends InferMessage<typeof EgressFirewallStatus> {}
export const EgressFirewallStatus = message(`${GROUP}.EgressFirewallStatus`, 'How far it is in force.', {
  status: string(0, 'In a sentence.'),
  messages: list(0, STRING, 'What each node says.', { listType: 'set' }),
})

const fields = {
  spec: one(0, ref<EgressFirewallSpec>(EgressFirewallSpec), 'What it should be.', { required: true }),
  status: one(0, ref<EgressFirewallStatus>(EgressFirewallStatus), 'How far it is in force; the system writes it.'),
}

export interface EgressFirewall extends KubeObject, Infer<typeof fields> {}
export const EgressFirewall = defineKind<EgressFirewall>({
  group: 'k8s.ovn.org',
  version: 'v1',
  kind: 'EgressFirewall',
  plural: 'egressfirewalls',
  subresources: { status: true },
  namespaced: true,
  definition: `${GROUP}.EgressFirewall`,
  doc: 'Says where pods of the namespace may go outside the cluster. Its name is default.',
  fields,
  validate: egressFirewallErrors,
  columns: [
    NAME,
    {
      name: 'EgressFirewall Status',
      type: 'string',
      description: 'How far it is in force.',
      cell: object => object.status?.status ?? '',
    },
  ],
})

/** OVN-Kubernetes numbers rules from 10,000 down to 2,000. */
const MOST_RULES = 8000
const NAME_PATTERN = /^(\*\.)?([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+\.?$/

/** Source: the CRD's patterns, and what OVN-Kubernetes refuses when it applies one. */
function egressFirewallErrors({ metadata, spec }: EgressFirewall): readonly FieldError[] {
  const named = metadata.name === 'default' ? [] : [invalid('metadata.name', metadata.name, "should match '^default$'")]
  const many = spec.egress.length > MOST_RULES ? [tooMany('spec.egress', spec.egress.length, MOST_RULES)] : []
  return [
    ...named,
    ...many,
    ...spec.egress.flatMap(({ to }, index) => destinationErrors(to, `spec.egress[${index}].to`)),
  ]
}

function destinationErrors(to: EgressFirewallDestination, path: string): readonly FieldError[] {
  const { cidrSelector, dnsName, nodeSelector } = to
  const set = [cidrSelector, dnsName, nodeSelector].filter(one => one !== undefined).length
  if (set !== 1) return [invalid(path, to, `must have exactly 1 of its fields, and has ${set}`)]
  if (cidrSelector !== undefined)
    return parseCidr(cidrSelector) ? [] : [invalid(`${path}.cidrSelector`, cidrSelector, 'must be a CIDR')]
  if (dnsName !== undefined)
    return NAME_PATTERN.test(dnsName)
      ? []
      : [invalid(`${path}.dnsName`, dnsName, `should match '${NAME_PATTERN.source}'`)]
  return selectorErrors(nodeSelector, `${path}.nodeSelector`)
}

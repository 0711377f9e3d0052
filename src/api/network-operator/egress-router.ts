import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, string } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { OperatorCondition } from '../operator/operator.ts'

const GROUP = 'com.github.openshift.api.networkoperator.v1'

export interface MacvlanConfig extends InferMessage<typeof MacvlanConfig> {}
export const MacvlanConfig = message(`${GROUP}.MacvlanConfig`, "The router's own link to the nodes' network.", {
  mode: string(0, 'How links on one node see each other.', {
    required: true,
    default: 'Bridge',
    enum: ['Bridge', 'Private', 'VEPA', 'Passthru'],
  }),
  master: string(0, "The node's link that it hangs on; that of the default route where absent."),
})

export interface EgressRouterInterface extends InferMessage<typeof EgressRouterInterface> {}
export const EgressRouterInterface = message(`${GROUP}.EgressRouterInterface`, 'A link.', {
  macvlan: one(0, ref<MacvlanConfig>(MacvlanConfig), 'Its settings.', { required: true }),
})

export interface EgressRouterAddress extends InferMessage<typeof EgressRouterAddress> {}
export const EgressRouterAddress = message(`${GROUP}.EgressRouterAddress`, 'An address of the router.', {
  ip: string(0, 'With the length of its prefix.', { required: true }),
  gateway: string(0, 'The next hop; the lowest address of the network where absent.'),
})

export interface L4RedirectRule extends InferMessage<typeof L4RedirectRule> {}
export const L4RedirectRule = message(`${GROUP}.L4RedirectRule`, 'Where a port of the router leads.', {
  destinationIP: string(0, 'The address.', { required: true }),
  port: int32(0, 'The port of the router.', { required: true, minimum: 1, maximum: 65_535 }),
  protocol: string(0, 'TCP, UDP or SCTP.', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  targetPort: int32(0, 'The port there; the same where absent.', { minimum: 1, maximum: 65_535 }),
})

export interface RedirectConfig extends InferMessage<typeof RedirectConfig> {}
export const RedirectConfig = message(`${GROUP}.RedirectConfig`, 'Where connections to the router lead.', {
  redirectRules: list(0, ref<L4RedirectRule>(L4RedirectRule), 'By port.'),
  fallbackIP: string(0, 'Where all other ports lead; they are refused where absent.'),
})

export interface EgressRouterSpec extends InferMessage<typeof EgressRouterSpec> {}
export const EgressRouterSpec = message(`${GROUP}.EgressRouterSpec`, 'What it should be.', {
  mode: string(0, 'Redirect.', { required: true, enum: ['Redirect'] }),
  redirect: one(0, ref<RedirectConfig>(RedirectConfig), 'For the mode Redirect.'),
  networkInterface: one(0, ref<EgressRouterInterface>(EgressRouterInterface), 'How it reaches the nodes’ network.', {
    required: true,
  }),
  addresses: list(0, ref<EgressRouterAddress>(EgressRouterAddress), 'One address.', { required: true }),
})

export interface EgressRouterStatus extends InferMessage<typeof EgressRouterStatus> {}
export const EgressRouterStatus = message(`${GROUP}.EgressRouterStatus`, 'How it is.', {
  conditions: list(0, ref<OperatorCondition>(OperatorCondition), 'Available, Progressing and Degraded.'),
})

const fields = {
  spec: one(0, ref<EgressRouterSpec>(EgressRouterSpec), 'What it should be.', { required: true }),
  status: one(0, ref<EgressRouterStatus>(EgressRouterStatus), 'How it is; the operator writes it.'),
}

export interface EgressRouter extends KubeObject, Infer<typeof fields> {}
export const EgressRouter = defineKind<EgressRouter>({
  group: 'network.operator.openshift.io',
  version: 'v1',
  kind: 'EgressRouter',
  plural: 'egressrouters',
  subresources: { status: true },
  namespaced: true,
  definition: `${GROUP}.EgressRouter`,
  doc: 'A pod with an address of the nodes’ network, by which others reach hosts outside that know this address.',
  fields,
  columns: [
    NAME,
    {
      name: 'Condition',
      type: 'string',
      description: 'What holds of it.',
      cell: ({ status }) => status?.conditions?.find(({ status: holds }) => holds === 'True')?.type ?? '',
    },
    {
      name: 'Status',
      type: 'string',
      description: 'Since when, or why not.',
      cell: ({ status }) => status?.conditions?.find(({ type }) => type === 'Available')?.status ?? '',
    },
  ],
})

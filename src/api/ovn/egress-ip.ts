import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { required } from '../../schema/field-error.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { selectorErrors } from '../meta/rules.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'org.ovn.k8s.v1'

export interface EgressIPSpec extends InferMessage<typeof EgressIPSpec> {}
export const EgressIPSpec = message(`${GROUP}.EgressIPSpec`, 'What it should be.', {
  // Both are required by the check below. The mark would fill them in, and an empty selector means every namespace.
  egressIPs: list(0, STRING, 'The addresses; each is on one node, and no two of them on the same. They are required.'),
  namespaceSelector: one(
    0,
    ref<LabelSelector>(LabelSelector),
    'Namespaces whose pods leave with them; it is required.',
  ),
  podSelector: one(0, ref<LabelSelector>(LabelSelector), 'Of their pods only these; all where absent.'),
})

export interface EgressIPStatusItem extends InferMessage<typeof EgressIPStatusItem> {}
export const EgressIPStatusItem = message(`${GROUP}.EgressIPStatusItem`, 'Where an address is.', {
  node: string(0, 'The node that answers for it.', { required: true }),
  egressIP: string(0, 'The address.', { required: true }),
})

export interface EgressIPStatus extends InferMessage<typeof EgressIPStatus> {}
export const EgressIPStatus = message(`${GROUP}.EgressIPStatus`, 'Where its addresses are.', {
  items: list(0, ref<EgressIPStatusItem>(EgressIPStatusItem), 'Those that have a node.', { required: true }),
})

const fields = {
  spec: one(0, ref<EgressIPSpec>(EgressIPSpec), 'What it should be.', { required: true }),
  status: one(0, ref<EgressIPStatus>(EgressIPStatus), 'Where its addresses are; the system writes it.'),
}

export interface EgressIP extends KubeObject, Infer<typeof fields> {}
export const EgressIP = defineKind<EgressIP>({
  group: 'k8s.ovn.org',
  version: 'v1',
  kind: 'EgressIP',
  plural: 'egressips',
  shortNames: ['eip'],
  subresources: { status: true },
  namespaced: false,
  definition: `${GROUP}.EgressIP`,
  doc: 'Pods leave the cluster with addresses of its own, by way of the nodes that have them.',
  fields,
  // Addresses that cannot be read are taken, as upstream takes them: an event says that they are given to no node.
  validate: ({ spec }) => [
    ...(spec.egressIPs ? [] : [required('spec.egressIPs')]),
    ...(spec.namespaceSelector ? [] : [required('spec.namespaceSelector')]),
    ...selectorErrors(spec.namespaceSelector, 'spec.namespaceSelector'),
    ...selectorErrors(spec.podSelector, 'spec.podSelector'),
  ],
  // Of lists the first alone, as a CustomResourceDefinition's columns show them.
  columns: [
    NAME,
    {
      name: 'EgressIPs',
      type: 'string',
      description: 'The addresses that are asked for.',
      cell: object => object.spec.egressIPs?.[0] ?? '',
    },
    {
      name: 'Assigned Node',
      type: 'string',
      description: 'The node that answers for one.',
      cell: object => object.status?.items?.[0]?.node ?? '',
    },
    {
      name: 'Assigned EgressIPs',
      type: 'string',
      description: 'The address that it answers for.',
      cell: object => object.status?.items?.[0]?.egressIP ?? '',
    },
  ],
})

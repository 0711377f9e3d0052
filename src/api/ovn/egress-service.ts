import type { Infer, InferMessage } from '../../schema/field.ts'
import { message, one, ref, string } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { selectorErrors } from '../meta/rules.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'org.ovn.k8s.v1'

export interface EgressServiceSpec extends InferMessage<typeof EgressServiceSpec> {}
export const EgressServiceSpec = message(`${GROUP}.EgressServiceSpec`, 'What it should be.', {
  sourceIPBy: string(0, "LoadBalancerIP: the Service's own address. Network: that of the link by which they leave.", {
    enum: ['LoadBalancerIP', 'Network'],
  }),
  nodeSelector: one(0, ref<LabelSelector>(LabelSelector), 'With LoadBalancerIP: one of these nodes; any where absent.'),
  network: string(
    0,
    'The table by which they, and answers to clients, leave: a number, a name or a VRF. Absent: the main one.',
  ),
})

export interface EgressServiceStatus extends InferMessage<typeof EgressServiceStatus> {}
export const EgressServiceStatus = message(`${GROUP}.EgressServiceStatus`, 'By which node they leave.', {
  host: string(0, 'The node; ALL where each pod leaves by its own.', { required: true }),
})

const fields = {
  spec: one(0, ref<EgressServiceSpec>(EgressServiceSpec), 'What it should be.'),
  status: one(0, ref<EgressServiceStatus>(EgressServiceStatus), 'By which node; the system writes it.'),
}

export interface EgressService extends KubeObject, Infer<typeof fields> {}
export const EgressService = defineKind<EgressService>({
  group: 'k8s.ovn.org',
  version: 'v1',
  kind: 'EgressService',
  plural: 'egressservices',
  subresources: { status: true },
  namespaced: true,
  definition: `${GROUP}.EgressService`,
  doc: 'Pods of the LoadBalancer Service of the same name leave the cluster with its address.',
  fields,
  validate: ({ spec }) => selectorErrors(spec?.nodeSelector, 'spec.nodeSelector'),
  columns: [
    NAME,
    {
      name: 'Assigned Host',
      type: 'string',
      description: 'The node by which they leave.',
      cell: object => object.status?.host ?? '',
    },
  ],
})

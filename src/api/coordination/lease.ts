import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, microTime, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.coordination.v1'

export interface LeaseSpec extends InferMessage<typeof LeaseSpec> {}
export const LeaseSpec = message(`${GROUP}.LeaseSpec`, '', {
  holderIdentity: string(1, '', { explicit: true }),
  leaseDurationSeconds: int32(2, '', { explicit: true }),
  acquireTime: microTime(3, ''),
  renewTime: microTime(4, ''),
  leaseTransitions: int32(5, '', { explicit: true }),
  strategy: string(6, '', { explicit: true }),
  preferredHolder: string(7, '', { explicit: true }),
})

const leaseFields = {
  spec: one(2, ref<LeaseSpec>(LeaseSpec), '', { present: true }),
}

export interface Lease extends KubeObject, Infer<typeof leaseFields> {}
export const Lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  definition: 'io.k8s.api.coordination.v1.Lease',
  doc: '',
  fields: leaseFields,
})

import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, microTime, one, ref, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.coordination.v1'

export interface LeaseSpec extends InferMessage<typeof LeaseSpec> {}
export const LeaseSpec = message(`${GROUP}.LeaseSpec`, 'Who holds a lease.', {
  holderIdentity: string(1, 'The holder.', { explicit: true }),
  leaseDurationSeconds: int32(2, 'Seconds after renewal until others may take it.', { explicit: true }),
  acquireTime: microTime(3, 'When it was taken.'),
  renewTime: microTime(4, 'When it was renewed.'),
  leaseTransitions: int32(5, 'How often it changed hands.', { explicit: true }),
  strategy: string(6, 'How a holder is chosen.', { explicit: true }),
  preferredHolder: string(7, 'Who should take it next.', { explicit: true }),
})

const leaseFields = {
  spec: one(2, ref<LeaseSpec>(LeaseSpec), 'What it should be.', { present: true }),
}

export interface Lease extends KubeObject, Infer<typeof leaseFields> {}
export const Lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  definition: 'io.k8s.api.coordination.v1.Lease',
  doc: 'A lock with a holder and a deadline.',
  fields: leaseFields,
  columns: [
    NAME,
    { name: 'Holder', type: 'string', description: 'Who holds it.', cell: lease => lease.spec?.holderIdentity ?? '' },
    AGE,
  ],
})

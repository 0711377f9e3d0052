import type { InferMessage } from '../../schema/field.ts'
import { boolean, int64, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface MTUMigrationValues extends InferMessage<typeof MTUMigrationValues> {}
export const MTUMigrationValues = message(`${GROUP}.MTUMigrationValues`, 'A change of MTU.', {
  to: int64(0, 'The new value.', { required: true, minimum: 0 }),
  from: int64(0, 'The old value.', { explicit: true, minimum: 0 }),
})

export interface MTUMigration extends InferMessage<typeof MTUMigration> {}
export const MTUMigration = message(`${GROUP}.MTUMigration`, 'A change of MTUs.', {
  network: one(0, ref<MTUMigrationValues>(MTUMigrationValues), 'Of the cluster network.'),
  machine: one(0, ref<MTUMigrationValues>(MTUMigrationValues), 'Of the machines.'),
})

export interface FeaturesMigration extends InferMessage<typeof FeaturesMigration> {}
export const FeaturesMigration = message(`${GROUP}.FeaturesMigration`, 'Which features are carried over.', {
  egressIP: boolean(0, 'EgressIP.', { default: true }),
  egressFirewall: boolean(0, 'EgressFirewall.', { default: true }),
  multicast: boolean(0, 'Multicast.', { default: true }),
})

export interface NetworkMigration extends InferMessage<typeof NetworkMigration> {}
export const NetworkMigration = message(`${GROUP}.NetworkMigration`, 'A change of the cluster network under way.', {
  mtu: one(0, ref<MTUMigration>(MTUMigration), 'The change of MTUs.'),
  networkType: string(0, 'The network changed to.'),
  features: one(0, ref<FeaturesMigration>(FeaturesMigration), 'Which features are carried over.'),
  mode: string(0, 'How it is done.'),
})

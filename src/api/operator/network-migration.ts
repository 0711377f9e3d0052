import type { InferMessage } from '../../schema/field.ts'
import { boolean, int64, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface MTUMigrationValues extends InferMessage<typeof MTUMigrationValues> {}
export const MTUMigrationValues = message(`${GROUP}.MTUMigrationValues`, '', {
  to: int64(0, '', { required: true, minimum: 0 }),
  from: int64(0, '', { explicit: true, minimum: 0 }),
})

export interface MTUMigration extends InferMessage<typeof MTUMigration> {}
export const MTUMigration = message(`${GROUP}.MTUMigration`, '', {
  network: one(0, ref<MTUMigrationValues>(MTUMigrationValues), ''),
  machine: one(0, ref<MTUMigrationValues>(MTUMigrationValues), ''),
})

export interface FeaturesMigration extends InferMessage<typeof FeaturesMigration> {}
export const FeaturesMigration = message(`${GROUP}.FeaturesMigration`, '', {
  egressIP: boolean(0, '', { default: true }),
  egressFirewall: boolean(0, '', { default: true }),
  multicast: boolean(0, '', { default: true }),
})

export interface NetworkMigration extends InferMessage<typeof NetworkMigration> {}
export const NetworkMigration = message(`${GROUP}.NetworkMigration`, '', {
  mtu: one(0, ref<MTUMigration>(MTUMigration), ''),
  networkType: string(0, ''),
  features: one(0, ref<FeaturesMigration>(FeaturesMigration), ''),
  mode: string(0, ''),
})

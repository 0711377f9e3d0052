import type { InferMessage } from '../../schema/field.ts'
import { boolean, int64, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface Preconditions extends InferMessage<typeof Preconditions> {}
export const Preconditions = message(`${GROUP}.Preconditions`, '', {
  uid: string(1, '', { explicit: true }),
  resourceVersion: string(2, '', { explicit: true }),
})

export interface DeleteOptions extends InferMessage<typeof DeleteOptions> {}
export const DeleteOptions = message(`${GROUP}.DeleteOptions`, '', {
  gracePeriodSeconds: int64(1, '', { explicit: true }),
  preconditions: one(2, ref<Preconditions>(Preconditions), ''),
  orphanDependents: boolean(3, '', { explicit: true }),
  propagationPolicy: string(4, '', { explicit: true }),
  dryRun: list(5, STRING, ''),
  ignoreStoreReadErrorWithClusterBreakingPotential: boolean(6, '', { explicit: true }),
})

import type { InferMessage } from '../../schema/field.ts'
import { boolean, int64, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface Preconditions extends InferMessage<typeof Preconditions> {}
export const Preconditions = message(`${GROUP}.Preconditions`, 'What must hold for a deletion to happen.', {
  uid: string(1, "The object's UID.", { explicit: true }),
  resourceVersion: string(2, "The object's version.", { explicit: true }),
})

export interface DeleteOptions extends InferMessage<typeof DeleteOptions> {}
export const DeleteOptions = message(`${GROUP}.DeleteOptions`, 'How an object is deleted.', {
  gracePeriodSeconds: int64(1, 'Seconds until it is gone; 0 at once.', { explicit: true }),
  preconditions: one(2, ref<Preconditions>(Preconditions), 'What must hold.'),
  orphanDependents: boolean(3, 'No longer used.', { explicit: true }),
  propagationPolicy: string(4, 'What becomes of dependents: Background, Foreground or Orphan.', { explicit: true }),
  dryRun: list(5, STRING, 'All: nothing is stored.'),
  ignoreStoreReadErrorWithClusterBreakingPotential: boolean(6, 'Deletes even what cannot be read.', { explicit: true }),
})

import type { InferMessage } from '../../schema/field.ts'
import { int32, int64, list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface ListMeta extends InferMessage<typeof ListMeta> {}
export const ListMeta = message(`${GROUP}.ListMeta`, 'What all lists carry.', {
  selfLink: string(1, 'Unused.'),
  resourceVersion: string(2, 'The version of the list as a whole.'),
  continue: string(3, 'Where the next part begins.'),
  remainingItemCount: int64(4, 'How many more there are.', { explicit: true }),
})

export interface StatusCause extends InferMessage<typeof StatusCause> {}
export const StatusCause = message(`${GROUP}.StatusCause`, 'One reason for an error.', {
  reason: string(1, 'The reason, in a word.'),
  message: string(2, 'The reason, in a sentence.'),
  field: string(3, 'The field that caused it.'),
})

export interface StatusDetails extends InferMessage<typeof StatusDetails> {}
export const StatusDetails = message(`${GROUP}.StatusDetails`, 'More about an error.', {
  name: string(1, 'The object.'),
  group: string(2, 'Its API group.'),
  kind: string(3, 'Its kind or resource.'),
  uid: string(6, 'Its UID.'),
  causes: list(4, ref<StatusCause>(StatusCause), 'Each reason.'),
  retryAfterSeconds: int32(5, 'When to try again.'),
})

export interface Status extends InferMessage<typeof Status> {}
export const Status = message(`${GROUP}.Status`, 'The answer to a request that returns no object.', {
  metadata: one(1, ref<ListMeta>(ListMeta), 'What all lists carry.'),
  status: string(2, 'Success or Failure.'),
  message: string(3, 'What happened, in a sentence.'),
  reason: string(4, 'What happened, in a word.'),
  details: one(5, ref<StatusDetails>(StatusDetails), 'More about it.'),
  code: int32(6, 'The HTTP status.'),
})

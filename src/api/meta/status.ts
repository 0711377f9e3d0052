import type { InferMessage } from '../../schema/field.ts'
import { int32, int64, list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface ListMeta extends InferMessage<typeof ListMeta> {}
export const ListMeta = message(`${GROUP}.ListMeta`, '', {
  selfLink: string(1, ''),
  resourceVersion: string(2, ''),
  continue: string(3, ''),
  remainingItemCount: int64(4, '', { explicit: true }),
})

export interface StatusCause extends InferMessage<typeof StatusCause> {}
export const StatusCause = message(`${GROUP}.StatusCause`, '', {
  reason: string(1, ''),
  message: string(2, ''),
  field: string(3, ''),
})

export interface StatusDetails extends InferMessage<typeof StatusDetails> {}
export const StatusDetails = message(`${GROUP}.StatusDetails`, '', {
  name: string(1, ''),
  group: string(2, ''),
  kind: string(3, ''),
  uid: string(6, ''),
  causes: list(4, ref<StatusCause>(StatusCause), ''),
  retryAfterSeconds: int32(5, ''),
})

export interface Status extends InferMessage<typeof Status> {}
export const Status = message(`${GROUP}.Status`, '', {
  metadata: one(1, ref<ListMeta>(ListMeta), ''),
  status: string(2, ''),
  message: string(3, ''),
  reason: string(4, ''),
  details: one(5, ref<StatusDetails>(StatusDetails), ''),
  code: int32(6, ''),
})

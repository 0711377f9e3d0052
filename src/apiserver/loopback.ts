import type { TransportRequest, TransportResponse } from '../client/transport.ts'
import type { User } from './auth/user.ts'
import type { ApiRequest } from './context.ts'
import type { Handle } from './handle.ts'
import { iterate } from './stream-body.ts'

/** Requests of the same process, as `client/` makes them. */
export type Loopback = (request: TransportRequest) => Promise<TransportResponse>

const EMPTY = new Uint8Array(0)
/** How far a reader of the same process may be behind before it is cut off like any other. */
const MAX_BUFFERED_BYTES = 1 << 20

export const createLoopback =
  (handle: Handle, user: User): Loopback =>
  async request => {
    request.signal?.throwIfAborted()
    const converted = toApiRequest(request)
    const { status, headers, body } = await handle(converted, user)
    if (typeof body !== 'function') return { status, headers, body }
    return { status, headers, body: iterate(body, converted.signal, MAX_BUFFERED_BYTES) }
  }

/** A signal that never aborts, for those who bring none. */
const NEVER = new AbortController().signal

function toApiRequest({ method, path, headers, body, signal = NEVER }: TransportRequest): ApiRequest {
  const question = path.indexOf('?')
  return {
    method,
    path: question < 0 ? path : path.slice(0, question),
    query: new URLSearchParams(question < 0 ? '' : path.slice(question + 1)),
    headers,
    body: body ?? EMPTY,
    signal,
  }
}

/**
 * The subresources of a pod that are streams: log, exec, attach, portforward. The caller has authenticated and
 * authorised the request and read the pod.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/log.ts'
import type { ByteStream } from '../stream-body.ts'
import type { StreamRuntime } from './runtime.ts'

/** GET pods/{name}/log: 200 with a text stream. Throws StatusError (400, 422) before anything is sent. */
export { podLog } from './log.ts'
/**
 * podUpgrade: GET or POST pods/{name}/{exec,attach,portforward}: takes the socket over and resolves when the stream has
 * ended. Throws StatusError while nothing has been written to the socket; the caller then answers with `refuseUpgrade`, a
 * Status over plain HTTP/1.1. upgradeRequired: the same request without an upgrade (400).
 */
export { podUpgrade, refuseUpgrade, upgradeRequired } from './upgrade.ts'

export interface StreamDeps {
  readonly runtime: StreamRuntime
  readonly clock: Clock
  readonly log: Logger
}

export interface LogReply {
  readonly contentType: 'text/plain'
  readonly body: ByteStream
}

export interface Upgrade {
  /** The HTTP/1.1 request, as the server's `upgrade` event gives it. */
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly query: URLSearchParams
}

export type UpgradeSubresource = 'exec' | 'attach' | 'portforward'
export const UPGRADE_SUBRESOURCES: readonly UpgradeSubresource[] = ['exec', 'attach', 'portforward']

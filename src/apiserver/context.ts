import type { HttpsDriver } from '../host/https/mod.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Store, Stored } from '../store/mod.ts'
import type { Admission } from './admission/mod.ts'
import type { Authorizer } from './auth/authorizer.ts'
import type { Tokens } from './auth/token/mod.ts'
import type { User } from './auth/user.ts'
import type { Obj } from './object.ts'
import type { PathInfo } from './path.ts'
import type { Registry } from './resource/registry.ts'
import type { Resource } from './resource/resource.ts'
import type { ByteStream } from './stream-body.ts'
import type { Watches } from './watch/watches.ts'

/** What every request may use. */
export interface Kernel {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
  readonly admission: Admission
  readonly authorizer: Authorizer
  readonly tokens: Tokens
  readonly watches: Watches
  /** Absent where no webhook can be reached. */
  readonly https?: HttpsDriver
}

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

/** One request to a resource. */
export interface Context {
  readonly kernel: Kernel
  readonly request: ApiRequest
  readonly user: User
  readonly resource: Resource
  readonly info: Extract<PathInfo, { is: 'resource' }>
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string
  /** Sent as Warning headers. */
  readonly warnings: string[]
}

export interface ListPage {
  readonly items: readonly Stored[]
  readonly revision: number
  readonly continue?: string
  readonly remaining?: number
}

/** What a verb answers, before content negotiation. */
export type Reply =
  | { readonly is: 'stored'; readonly code: number; readonly stored: Stored }
  | { readonly is: 'object'; readonly code: number; readonly object: Obj; readonly resource?: Resource }
  | { readonly is: 'list'; readonly page: ListPage }
  | { readonly is: 'status'; readonly code: number; readonly status: object }
  | {
      readonly is: 'raw'
      readonly code: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: Uint8Array | ByteStream
    }

export type Verb = (context: Context) => Promise<Reply> | Reply

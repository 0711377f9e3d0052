/** Any Kubernetes API: typed requests, caches that follow it, and the loops that act on them. */
import type { ApiObject, Kind } from '../schema/kind.ts'

export interface ObjectKey {
  readonly namespace?: string
  readonly name: string
}

/** An object as one writes it: the server fills in the rest. */
export type Draft<T extends ApiObject> = Omit<T, 'metadata' | 'status' | 'apiVersion' | 'kind'> & {
  readonly metadata: Partial<T['metadata']>
} & (T extends { readonly status?: infer S } ? { readonly status?: S } : unknown)

export interface ListResult<T> {
  readonly items: readonly T[]
  readonly resourceVersion: string
  readonly continue?: string
}

export interface Selection {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface ListOptions extends Selection {
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
}

export interface WatchOptions extends Selection {
  readonly resourceVersion?: string
  readonly timeoutSeconds?: number
  readonly sendInitialEvents?: boolean
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly object: BookmarkLike }
  | { readonly type: 'ERROR'; readonly object: StatusLike }

export interface BookmarkLike {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> }
}

export interface StatusLike {
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: StatusDetails
}

export interface StatusDetails {
  readonly name?: string
  readonly kind?: string
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[]
  readonly retryAfterSeconds?: number
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export type Patch =
  | { readonly type: 'merge' | 'strategic'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly unknown[] }
  | { readonly type: 'apply'; readonly body: unknown; readonly fieldManager: string; readonly force?: boolean }

/** Every method throws ApiError for an answer outside 2xx; connection errors are retried by callers, not here. */
export interface Client {
  get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Promise<T>
  /** undefined instead of a NotFound error. */
  find<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Promise<T | undefined>
  list<T extends ApiObject>(kind: Kind<T>, options?: ListOptions): Promise<ListResult<T>>
  create<T extends ApiObject>(kind: Kind<T>, object: Draft<T>): Promise<T>
  update<T extends ApiObject>(kind: Kind<T>, object: T): Promise<T>
  updateStatus<T extends ApiObject>(kind: Kind<T>, object: T): Promise<T>
  patch<T extends ApiObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, subresource?: string): Promise<T>
  /** The object where it stays for a while (finalizers, grace), undefined when it is gone. */
  delete<T extends ApiObject>(kind: Kind<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined>
  watch<T extends ApiObject>(kind: Kind<T>, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent<T>>
  /** Any other path; body is sent as JSON. */
  request(method: string, path: string, body?: unknown): Promise<unknown>
  close(): void
}

/** An answer outside 2xx, as the Status the server sent. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails
  constructor(status: StatusLike) {
    super(status.message ?? `${status.code} ${status.reason}`)
    this.details = status.details ?? {}
    this.code = status.code ?? 500
    this.reason = status.reason ?? 'Unknown'
  }
}
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.reason === 'Conflict'
/** The request was understood and is not allowed (quota, security, validity): the same again will be refused again. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 400 || error.code === 403 || error.code === 422)
export const isAlreadyExists = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'AlreadyExists'

export interface Change<T> {
  readonly type: 'added' | 'changed' | 'deleted'
  readonly object: T
  readonly old?: T
}

/** A cache of one kind that follows the API through disconnects. Objects are frozen in spirit: never mutate. */
export interface Informer<T extends ApiObject> {
  readonly kind: Kind<T>
  readonly synced: boolean
  get(key: ObjectKey): T | undefined
  list(namespace?: string): readonly T[]
  /** Objects for which the index function named at creation gave this value. */
  by(index: string, value: string): readonly T[]
  /**
   * Called for every change after (and during) the first list; returns the way to stop. What is in the cache already is
   * not told again: read list() first.
   */
  onChange(handler: (change: Change<T>) => void): () => void
}

export interface InformerOptions<T> extends Selection {
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>
  /** Keep only what is needed: runs before the object is stored. */
  readonly trim?: (object: T) => T
  /**
   * The API may lack the kind (an answer of 404): then there is nothing of it, and the informer looks again from time to
   * time until the kind is there.
   */
  readonly optional?: boolean
  /** Ends this informer alone; one with a signal is never shared. */
  readonly signal?: AbortSignal
}

/** The informers of one process: one per kind and selection, shared. */
export interface Informers {
  of<T extends ApiObject>(kind: Kind<T>, options?: InformerOptions<T>): Informer<T>
  /** Starts what is not started; resolves when every informer has its first list. */
  sync(signal: AbortSignal): Promise<void>
}

/**
 * How far a process has come, for `fairlead wait`. `observed` is the lowest resourceVersion that every informer has seen
 * (bookmarks count); `busy` names the loops that still have something to do because of it.
 */
export interface Progress {
  readonly observed: number
  readonly busy: readonly string[]
}

/** A running role: what `main.ts` starts, serves the progress of, and stops by aborting the signal it gave. */
export interface Role {
  progress(): Progress
  /** Resolves when the role has ended after its signal aborted; rejects when it failed. */
  readonly done: Promise<void>
}

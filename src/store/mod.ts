/**
 * The embedded store: keys with bytes, one revision that only grows, and a bounded past. Every reader sees a state that
 * is durable; a write is acknowledged when it is. Keys sort by UTF-16 code unit.
 */

/** One key as it was after the write of `revision`. */
export interface Stored {
  readonly key: string
  readonly value: Uint8Array
  /** The revision of the write that created the key. */
  readonly createRevision: number
  /** The revision of the write that made this state. */
  readonly revision: number
}

/** The bytes of a write; `object` is what they encode, handed to watchers so that they need not decode. */
export interface Encoded {
  readonly bytes: Uint8Array
  readonly object?: unknown
}

/** Called once, at submission, with the revision that the write will have. */
export type Encode = (revision: number) => Encoded

export type Change =
  /** The key must not exist. */
  | { readonly op: 'create'; readonly key: string; readonly encode: Encode }
  /** The key's last write must be `expect`. */
  | { readonly op: 'update'; readonly key: string; readonly expect: number; readonly encode: Encode }
  /** As update; encode gives the last state, as watchers shall see it. */
  | { readonly op: 'delete'; readonly key: string; readonly expect: number; readonly encode: Encode }

export interface StoreEvent {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  /** For a delete: the last state. */
  readonly value: Uint8Array
  /** What Encode gave; absent when the event is replayed from the past. */
  readonly object?: unknown
  /** The state before, if the key existed. */
  readonly previous?: Stored
}

export interface RangeOptions {
  /** No limit when absent. */
  readonly limit?: number
  /** Only keys that sort after this one. */
  readonly startAfter?: string
  /** The present when absent. Throws RevisionCompacted or RevisionInFuture. */
  readonly atRevision?: number
  /** `remaining` need only say whether there are more: counting takes as long as reading on. */
  readonly uncounted?: boolean
  /** A value is read when it is asked for, each time: for many items that are looked at one after another. */
  readonly lazy?: boolean
}

export interface RangeResult {
  readonly items: readonly Stored[]
  /** The revision at which the range was read. */
  readonly revision: number
  /** How many keys of the prefix follow the last item. */
  readonly remaining: number
}

export interface Store {
  /** The last durable write. */
  readonly revision: number
  /** Reads and watches can go back to this revision and no further. */
  readonly oldestRevision: number
  get(key: string, atRevision?: number): Stored | undefined
  /** As get, with writes that are submitted but not yet durable: only for comparing before a write. */
  head(key: string): Stored | undefined
  range(prefix: string, options?: RangeOptions): RangeResult
  /** Resolves when durable. Rejects with WriteConflict, or a UserError when the disk fails. */
  write(change: Change): Promise<Stored>
  /** All of them or none, with consecutive revisions; watchers see them together. */
  transaction(changes: readonly Change[]): Promise<readonly Stored[]>
  /**
   * The events of a prefix after a revision: the past at once, in one call, then each durable batch, in order. Throws
   * RevisionCompacted or RevisionInFuture. The listener must not throw, and must not be one that watches the prefix already.
   * Listeners of the same prefix are given the same array.
   */
  watch(prefix: string, fromRevision: number, listener: (events: readonly StoreEvent[]) => void): () => void
  /** Forgets the past up to and including a revision. */
  compact(revision: number): void
  /** Waits for the writes that are submitted; those made later are rejected. */
  close(): Promise<void>
}

export interface StoreOptions {
  /** How many events the past holds at most. */
  readonly maxEvents?: number
  /** How many bytes of values the past holds at most. */
  readonly maxEventBytes?: number
}

export class WriteConflict extends Error {
  override readonly name = 'WriteConflict'
  readonly reason: 'exists' | 'missing' | 'changed'
  readonly key: string
  constructor(reason: 'exists' | 'missing' | 'changed', key: string) {
    super(`${key}: ${reason}`)
    this.reason = reason
    this.key = key
  }
}

export class RevisionCompacted extends Error {
  override readonly name = 'RevisionCompacted'
  readonly requested: number
  readonly oldest: number
  constructor(requested: number, oldest: number) {
    super(`revision ${requested} is gone, the oldest is ${oldest}`)
    this.requested = requested
    this.oldest = oldest
  }
}

export class RevisionInFuture extends Error {
  override readonly name = 'RevisionInFuture'
  readonly requested: number
  readonly current: number
  constructor(requested: number, current: number) {
    super(`revision ${requested} is in the future, the newest is ${current}`)
    this.requested = requested
    this.current = current
  }
}

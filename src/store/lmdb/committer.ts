import type { Thread, ThreadDriver } from '../../host/thread/mod.ts'
import { messageOf, UserError } from '../../lib/errors.ts'
import type { Version } from '../versions.ts'
import { pack, packedSize } from './batch.ts'
import { commitBatch } from './commit.ts'
import type { State, Tables } from './file.ts'
import { unusable } from './file.ts'
import type { CommitAnswer, CommitRequest } from './thread.ts'
import { COMMIT_THREAD } from './thread.ts'

/** Makes batches durable, one at a time. */
export interface Committer {
  /** Commits are made on the caller's thread, which waits for them. */
  readonly blocks: boolean
  /** Rejects with UserError: StoreFull, StoreUnusable. */
  commit(batch: readonly Version[], state: State): Promise<void>
  close(): Promise<void>
}

/** On this thread: whoever runs here waits for the disk. */
export const localCommitter = (tables: Tables, file: string): Committer => ({
  blocks: true,
  async commit(batch, state) {
    const bytes = Buffer.allocUnsafe(packedSize(batch))
    pack(batch, bytes)
    commitBatch(tables, file, bytes, state)
  },
  close: async () => {},
})

interface ThreadLife {
  readonly later: (start: () => void) => void
  readonly broken: (error: UserError) => void
}

/** Larger batches are rare, and their memory is given back. */
const KEPT_BYTES = 1 << 20

/**
 * On a thread of its own, once that is ready; on this one until then, so that nobody waits for a thread to start. `later` is handed
 * what starts it, and `broken` is told when it ends unasked.
 */
export function threadCommitter(
  threads: ThreadDriver,
  local: Committer,
  file: string,
  { later, broken }: ThreadLife,
): Committer {
  let remote: Committer | undefined
  let closed = false
  later(() => {
    if (!closed) remote = remoteCommitter(threads, local, file, broken)
  })
  return {
    get blocks() {
      return (remote ?? local).blocks
    },
    commit: (batch, state) => (remote ?? local).commit(batch, state),
    async close() {
      closed = true
      await remote?.close()
    },
  }
}

function remoteCommitter(
  threads: ThreadDriver,
  local: Committer,
  file: string,
  broken: ThreadLife['broken'],
): Committer {
  const thread = threads.start(COMMIT_THREAD, file)
  let ready = false
  // Written by this thread between commits, read by the other during one, which is sent it once.
  let shared = new SharedArrayBuffer(0)
  let known: SharedArrayBuffer | undefined
  let ended: UserError | undefined
  let closing = false
  let settle: ((answer: CommitAnswer | UserError) => void) | undefined
  const gone = new Promise<void>(resolve =>
    thread.onEnd(error => {
      ended = unusable(file, `its writing thread has ended: ${messageOf(error)}`)
      settle?.(ended)
      resolve()
      if (!closing) broken(ended)
    }),
  )
  thread.onMessage(message => {
    ready = true
    settle?.(message as CommitAnswer)
  })
  return {
    get blocks() {
      return !ready
    },
    async commit(batch, state) {
      if (ended) throw ended
      if (!ready) return local.commit(batch, state)
      const bytes = packedSize(batch)
      if (bytes > shared.byteLength) shared = new SharedArrayBuffer(Math.max(bytes, 2 * shared.byteLength))
      pack(batch, Buffer.from(shared, 0, bytes))
      const answer = await new Promise<CommitAnswer | UserError>(resolve => {
        settle = resolve
        send(thread, { ...(shared === known ? {} : { batch: shared }), bytes, state })
        known = shared
      })
      if (shared.byteLength > KEPT_BYTES) shared = new SharedArrayBuffer(0)
      settle = undefined
      thread.hold(false)
      if (answer instanceof UserError) throw answer
      if (answer.is === 'refused') throw new UserError(answer.code, answer.message, { hint: answer.hint })
    },
    async close() {
      closing = true
      thread.hold(true)
      thread.post('close')
      await gone
    },
  }
}

/** The process lives until what it promised is durable. */
function send(thread: Thread, request: CommitRequest): void {
  thread.hold(true)
  thread.post(request)
}

import { parentPort, workerData } from 'node:worker_threads'
import { commitBatch } from './commit.ts'
import type { State } from './file.ts'
import { tablesOf } from './file.ts'

/** The name a ThreadDriver knows it by. */
export const COMMIT_THREAD = 'store'

export interface CommitRequest {
  /** Where batches are packed, in the first bytes; absent where it is the one of the request before. */
  readonly batch?: SharedArrayBuffer
  readonly bytes: number
  readonly state: State
}

/** Of a CommitRequest; the first of all says that the thread is ready. */
export type CommitAnswer =
  | { readonly is: 'done' }
  | { readonly is: 'refused'; readonly code: string; readonly message: string; readonly hint: string }

/** Commits what it is sent, one batch after another, so that a slow disk holds up nobody else. Ends when told `close`. */
export async function commitThread(): Promise<void> {
  const port = parentPort!
  const file = workerData as string
  const tables = tablesOf(file)
  // LMDB is never given the address of shared memory, which its bindings cannot hold on to.
  let own = Buffer.alloc(0)
  let shared = new SharedArrayBuffer(0)
  const batchOf = ({ batch, bytes }: CommitRequest): Buffer => {
    if (batch) shared = batch
    if (own.length < bytes) own = Buffer.allocUnsafeSlow(2 * bytes)
    own.set(new Uint8Array(shared, 0, bytes))
    return own.subarray(0, bytes)
  }
  const answer = (message: CommitAnswer): void => port.postMessage(message)
  port.on('message', (message: CommitRequest | 'close') => {
    if (message === 'close') {
      void tables.root.close().then(() => port.close())
      return
    }
    try {
      commitBatch(tables, file, batchOf(message), message.state)
      answer({ is: 'done' })
    } catch (error) {
      const { code, message: text, hint } = error as { code: string; message: string; hint?: string }
      answer({ is: 'refused', code, message: text, hint: hint ?? '' })
    }
  })
  answer({ is: 'done' })
}

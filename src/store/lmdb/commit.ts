import { crc32 } from 'node:zlib'
import { unpack, VALUE_HEADER } from './batch.ts'
import type { State, Tables } from './file.ts'
import { checkRoom, STATE, stateBytes, writeError } from './file.ts'

/**
 * Makes a packed batch durable, on this thread: the write thread of lmdb itself leaves rejections behind that nobody can
 * handle when a commit fails. The callback must not return the promise of a put: the process would hang. Throws UserError:
 * StoreFull, StoreUnusable.
 */
export function commitBatch(tables: Tables, file: string, batch: Buffer, state: State): void {
  try {
    checkRoom(file, batch.length)
    tables.root.transactionSync(() => {
      for (const { key, value } of unpack(batch)) {
        if (value) {
          value.writeUInt32LE(crc32(value.subarray(VALUE_HEADER)), 16)
          void tables.objects.put(key, value)
        } else void tables.objects.remove(key)
      }
      void tables.meta.put(STATE, stateBytes(state))
    })
  } catch (error) {
    throw writeError(file, error)
  }
}

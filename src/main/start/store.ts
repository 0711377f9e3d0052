import { begin } from '../../main.ts'
import { commitThread } from '../../store/lmdb/thread.ts'

/** The thread of the API's process that waits for the disk. */
export const start = begin(commitThread)

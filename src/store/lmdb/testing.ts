import { join } from 'node:path'
import { nodeThreads } from '../../host/thread/real.ts'

/** The commit thread from its source. */
export const testThreads = nodeThreads({ file: join(import.meta.dirname, 'testdata/thread.mjs') })

import { Worker } from 'node:worker_threads'
import type { ThreadDriver } from './mod.ts'

/** What lives for one message only stays small: most of a thread's memory is room for garbage. */
const YOUNG_MB = 2

/** Threads of Node. The program is given the thread's name as its only argument, and the data as `workerData`. */
export const nodeThreads = ({ file }: { readonly file: string }): ThreadDriver => ({
  start(name, data) {
    const worker = new Worker(file, {
      argv: [name],
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.unref()
    return {
      post: message => worker.postMessage(message),
      onMessage: f => void worker.on('message', f),
      onEnd(f) {
        let failure: Error | undefined
        worker.once('error', error => {
          failure = error as Error
        })
        worker.once('exit', code => f(failure ?? new Error(`the thread ended with ${code}`)))
      },
      hold: held => (held ? worker.ref() : worker.unref()),
    }
  },
})

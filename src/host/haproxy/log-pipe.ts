import { closeSync, constants, openSync, statSync, watch, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import { codeOf } from '../../lib/errors.ts'

/** What waits for a reader; the rest is lost, since nobody's request may wait for a log. */
const MAX_BYTES = 1 << 20
const RETRY_MS = 50

/** Writes into a named pipe that somebody else makes and reads, from when it is there. Never blocks and never fails. */
export function logPipe(path: string, clock: Pick<Clock, 'after'>): Writable {
  const waiting: Buffer[] = []
  let bytes = 0
  let pipe: number | undefined
  let retry: (() => void) | undefined
  const flush = (): void => {
    pipe ??= openPipe(path)
    if (pipe === undefined) return
    while (waiting.length > 0) {
      const [first] = waiting
      const written = tryWrite(pipe, first!)
      bytes -= written
      if (written === first!.length) waiting.shift()
      else {
        waiting[0] = first!.subarray(written)
        later()
        return
      }
    }
  }
  const later = (): void => {
    retry ??= clock.after(RETRY_MS, () => {
      retry = undefined
      flush()
    })
  }
  // It is made a moment after the router has started.
  const watcher = watch(dirname(path), { persistent: false }, () => {
    flush()
    if (pipe !== undefined) watcher.close()
  })
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (bytes + chunk.length <= MAX_BYTES) {
        waiting.push(chunk)
        bytes += chunk.length
      }
      flush()
      done()
    },
    destroy(error, done) {
      watcher.close()
      retry?.()
      if (pipe !== undefined) closeSync(pipe)
      done(error)
    },
  })
}

/** For reading too: else it could not be opened before its reader has. */
function openPipe(path: string): number | undefined {
  try {
    return statSync(path).isFIFO() ? openSync(path, constants.O_RDWR | constants.O_NONBLOCK) : undefined
  } catch {
    return undefined
  }
}

function tryWrite(pipe: number, chunk: Buffer): number {
  try {
    return writeSync(pipe, chunk)
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return 0
    throw error
  }
}

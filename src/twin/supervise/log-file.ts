import type { FsDriver } from '../../host/fs/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { codeOf } from '../../lib/errors.ts'

export const LOG_LIMIT_BYTES = 8 << 20
const READ_BYTES = 64 << 10
const FOLLOW_MS = 100

const olderOf = (path: string): string => `${path}.1`

/**
 * Adds to a log; at the limit it becomes the older one, in place of the one before. At most two limits are ever kept. What a full disk
 * does not take is lost: a twin lives on without its logs.
 */
export function appendLog(fs: FsDriver, path: string, chunk: Buffer, limitBytes = LOG_LIMIT_BYTES): void {
  try {
    if ((fs.size(path) ?? 0) + chunk.length > limitBytes && (fs.size(path) ?? 0) > 0) fs.rename(path, olderOf(path))
    fs.append(path, chunk)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
  }
}

/** The last lines of a log, and then, when asked, what is added, until the signal aborts. */
export async function* readLog(
  deps: { readonly fs: FsDriver; readonly clock: Clock },
  path: string,
  options: { readonly follow: boolean; readonly tail?: number },
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  const { fs, clock } = deps
  const all = Buffer.concat([whole(fs, olderOf(path)), whole(fs, path)])
  let offset = fs.size(path) ?? 0
  const last = lastLines(all, options.tail)
  for (let at = 0; at < last.length; at += READ_BYTES) yield last.subarray(at, at + READ_BYTES)
  while (options.follow && !signal.aborted) {
    const size = fs.size(path) ?? 0
    if (size < offset) offset = 0
    const chunk = fs.slice(path, offset, Math.min(size - offset, READ_BYTES))
    offset += chunk.length
    if (chunk.length > 0) yield chunk
    else await clock.sleep(FOLLOW_MS, signal).catch(() => {})
  }
}

const whole = (fs: FsDriver, path: string): Buffer => fs.slice(path, 0, fs.size(path) ?? 0)

const NEWLINE = 10
function lastLines(bytes: Buffer, lines: number | undefined): Buffer {
  if (lines === undefined) return bytes
  if (lines === 0) return Buffer.alloc(0)
  let at = bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length
  for (let left = lines; left > 0; left--) {
    at = at > 0 ? bytes.lastIndexOf(NEWLINE, at - 1) : -1
    if (at < 0) return bytes
  }
  return bytes.subarray(at + 1)
}

import type { FsDriver } from '../../../host/fs/mod.ts'
import type { LogState } from './file.ts'
import { rotatedPath } from './file.ts'
import type { View } from './record.ts'
import { parseRecord, shown, splitLines } from './record.ts'

export interface ReadOptions extends View {
  readonly tailLines?: number
  readonly limitBytes?: number
}

const SLICE_BYTES = 64 * 1024

/** All that is kept of a log, oldest first. */
function kept(fs: FsDriver, path: string): Buffer {
  return Buffer.concat([fs.read(rotatedPath(path)) ?? Buffer.alloc(0), fs.read(path) ?? Buffer.alloc(0)])
}

/** What is there now, as the reader asked for it. */
export function readLog(fs: FsDriver, path: string, options: ReadOptions): readonly Buffer[] {
  const records = splitLines(kept(fs, path)).lines.flatMap(line => parseRecord(line) ?? [])
  const lines: Buffer[] = []
  let joining: Buffer[] = []
  for (const record of records) {
    const text = shown(record, options)
    if (text === undefined) continue
    joining.push(text)
    if (record.partial) continue
    lines.push(Buffer.concat(joining))
    joining = []
  }
  if (joining.length > 0) lines.push(Buffer.concat(joining))
  return options.tailLines === undefined ? lines : lines.slice(Math.max(0, lines.length - options.tailLines))
}

/** What was written after the first `position` bytes of a log that is still written to; at most a slice at a time. */
export function readFrom(fs: FsDriver, path: string, state: LogState, position: number): Buffer {
  if (position >= state.base) return fs.slice(path, position - state.base, SLICE_BYTES)
  const before = fs.size(rotatedPath(path)) ?? 0
  const start = position - (state.base - before)
  // What was rotated away twice is lost: go on with the oldest byte there is.
  return fs.slice(rotatedPath(path), Math.max(0, start), SLICE_BYTES)
}

/** Where the oldest byte that is still kept stands. */
export const oldest = (fs: FsDriver, path: string, state: LogState): number =>
  state.base - (fs.size(rotatedPath(path)) ?? 0)

/** Turns bytes as they come into what the reader asked for. */
export function viewer(view: View): (bytes: Buffer) => Buffer {
  let rest = Buffer.alloc(0)
  return bytes => {
    const split = splitLines(Buffer.concat([rest, bytes]))
    rest = Buffer.from(split.rest)
    return Buffer.concat(
      split.lines.flatMap(line => {
        const record = parseRecord(line)
        return record ? (shown(record, view) ?? []) : []
      }),
    )
  }
}

/** Cuts a sequence of chunks off after so many bytes; `left` is 0 when all is used up. */
export function limiter(limitBytes: number | undefined): { cut(chunk: Buffer): Buffer; readonly left: number } {
  let left = limitBytes ?? Number.POSITIVE_INFINITY
  return {
    cut: chunk => {
      const part = chunk.length <= left ? chunk : chunk.subarray(0, left)
      left -= part.length
      return part
    },
    get left() {
      return left
    },
  }
}

import type { FsDriver } from '../../../host/fs/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import { MAX_LINE_BYTES, recordBytes, splitLines } from './record.ts'

export interface LogFile {
  /** Bytes of the container's output: whole lines are written at once, the rest when its line or the log ends. */
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array | string): void
  /** The container has ended. */
  end(): void
}

/** A log's two files: when the first is full it takes the second's place. */
export const rotatedPath = (path: string): string => `${path}.1`

export interface LogDeps {
  readonly fs: FsDriver
  readonly clock: Clock
  /** Runs f soon, after what is being handled now: lines of one moment go out in one write. */
  readonly soon: (f: () => void) => void
}

export interface LogState {
  /** Bytes ever written before the first byte of the current file. */
  base: number
  /** Bytes in the current file. */
  size: number
  ended: boolean
}

const FLUSH_BYTES = 64 * 1024

/** Appends records to `path`; `changed` is called after each write and at the end. At most 2 x limitBytes are kept. */
export function openLog(
  deps: LogDeps,
  options: { readonly path: string; readonly limitBytes: number; readonly changed: (state: LogState) => void },
): LogFile & { readonly state: LogState; flush(): void } {
  const state: LogState = { base: 0, size: 0, ended: false }
  const rests = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  let pending: Buffer[] = []
  let pendingBytes = 0
  const flush = (): void => {
    if (pending.length === 0) return
    const bytes = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
    pending = []
    pendingBytes = 0
    if (state.size > 0 && state.size + bytes.length > options.limitBytes) {
      deps.fs.rename(options.path, rotatedPath(options.path))
      state.base += state.size
      state.size = 0
    }
    deps.fs.append(options.path, bytes)
    state.size += bytes.length
    options.changed(state)
  }
  const add = (stream: 'stdout' | 'stderr', partial: boolean, text: Buffer): void => {
    const record = recordBytes(deps.clock.now(), stream, partial, text)
    if (pending.length === 0) deps.soon(flush)
    pending.push(record)
    pendingBytes += record.length
    if (pendingBytes >= FLUSH_BYTES) flush()
  }
  return {
    state,
    flush,
    write: (stream, chunk) => {
      if (state.ended) return
      const { lines, rest } = splitLines(Buffer.concat([rests[stream], Buffer.from(chunk)]))
      for (const line of lines) {
        let at = 0
        for (; line.length - at > MAX_LINE_BYTES; at += MAX_LINE_BYTES)
          add(stream, true, line.subarray(at, at + MAX_LINE_BYTES))
        add(stream, false, line.subarray(at))
      }
      let kept = rest
      for (; kept.length >= MAX_LINE_BYTES; kept = kept.subarray(MAX_LINE_BYTES))
        add(stream, true, kept.subarray(0, MAX_LINE_BYTES))
      rests[stream] = Buffer.from(kept)
    },
    end: () => {
      if (state.ended) return
      for (const stream of ['stdout', 'stderr'] as const) if (rests[stream].length > 0) add(stream, true, rests[stream])
      flush()
      state.ended = true
      options.changed(state)
    },
  }
}

import type { FsDriver } from '../../../host/fs/mod.ts'
import type { LogState } from './file.ts'
import type { ReadOptions } from './read.ts'
import { limiter, oldest, readFrom, readLog, viewer } from './read.ts'

/** A log that is being written. */
export interface LiveLog {
  readonly state: LogState
  flush(): void
  /** Calls f at each change; the returned function stops that. */
  onChange(f: () => void): () => void
}

/** What is there, and with `live` what comes, until the log or the signal ends. Nothing is polled. */
export async function* readAndFollow(
  fs: FsDriver,
  path: string,
  options: ReadOptions,
  live: LiveLog | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  live?.flush()
  let position = live ? live.state.base + live.state.size : 0
  const limit = limiter(options.limitBytes)
  for (const line of readLog(fs, path, options)) {
    const part = limit.cut(line)
    if (part.length > 0) yield part
    if (limit.left === 0) return
  }
  if (!live) return
  const view = viewer(options)
  const { wait, stop } = bell(live, signal)
  try {
    while (!signal.aborted) {
      position = Math.max(position, oldest(fs, path, live.state))
      const bytes = readFrom(fs, path, live.state, position)
      position += bytes.length
      const part = limit.cut(view(bytes))
      if (part.length > 0) yield part
      if (limit.left === 0 || (bytes.length === 0 && live.state.ended)) return
      if (bytes.length === 0) await wait()
    }
  } finally {
    stop()
  }
}

/** Rings that came while nobody waited are not lost. */
function bell(live: LiveLog, signal: AbortSignal): { wait(): Promise<void>; stop(): void } {
  let rung = false
  let wake = (): void => {}
  const ring = (): void => {
    rung = true
    wake()
  }
  const off = live.onChange(ring)
  signal.addEventListener('abort', ring, { once: true })
  return {
    wait: async () => {
      if (!rung) await new Promise<void>(resolve => (wake = resolve))
      rung = false
    },
    stop: () => {
      off()
      signal.removeEventListener('abort', ring)
    },
  }
}

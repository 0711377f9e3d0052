import type { ByteSink } from '../stream-body.ts'

/** How much a client may be behind before its watch is cut off; it lists again. */
export const MAX_BEHIND_BYTES = 16 << 20

/** Sends frames to a sink in order: what must come first one piece at a time as the sink takes it, then what was pushed. */
export interface Pump {
  push(frame: Uint8Array): void
  /** Ends the stream once all that was pushed is sent. */
  end(): void
  readonly closed: boolean
}

/** failed: what must come first could not be made. It must end the sink. */
export function createPump(
  sink: ByteSink,
  first: Iterator<Uint8Array>,
  failed: (error: unknown) => void,
  maxBehindBytes = MAX_BEHIND_BYTES,
): Pump {
  let queue: Uint8Array[] = []
  let behind = 0
  let initial: Iterator<Uint8Array> | undefined = first
  let blocked = false
  let ending = false
  let closed = false
  const run = (): void => {
    while (!blocked && !closed) {
      const frame = next()
      if (!frame) break
      blocked = !sink.write(frame)
    }
    if (ending && !closed && !initial && queue.length === 0) sink.end()
  }
  const nextInitial = (): Uint8Array | undefined => {
    try {
      const step = initial?.next()
      return step?.done ? undefined : step?.value
    } catch (error) {
      failed(error)
      return undefined
    }
  }
  const next = (): Uint8Array | undefined => {
    const frame = nextInitial()
    if (frame) return frame
    initial = undefined
    if (queue.length === 0) return undefined
    const joined = queue.length === 1 ? queue[0]! : Buffer.concat(queue)
    queue = []
    behind = 0
    return joined
  }
  sink.onDrain(() => {
    blocked = false
    run()
  })
  sink.onClose(() => {
    closed = true
    queue = []
    initial = undefined
  })
  run()
  return {
    push(frame) {
      if (closed || ending) return
      if (!blocked && !initial && queue.length === 0) {
        blocked = !sink.write(frame)
        return
      }
      queue.push(frame)
      behind += frame.length
      if (behind > maxBehindBytes) sink.destroy()
      else run()
    },
    end() {
      ending = true
      run()
    },
    get closed() {
      return closed
    },
  }
}

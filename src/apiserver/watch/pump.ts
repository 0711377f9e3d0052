import type { Budget } from '../http/budget.ts'
import type { ByteSink } from '../stream-body.ts'

/** How much a client may be behind before its watch is cut off; it lists again. */
export const MAX_BEHIND_BYTES = 16 << 20
/** So much is handed to the sink at a time: what it has taken counts as its own. */
const PIECE_BYTES = 64 << 10

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
  budget: Budget,
  maxBehindBytes = MAX_BEHIND_BYTES,
): Pump {
  const holder = budget.holder(() => sink.destroy())
  let queue: Uint8Array[] = []
  let start = 0
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
    return queue.length === 0 ? undefined : nextPiece()
  }
  const nextPiece = (): Uint8Array => {
    const first = start
    let bytes = 0
    while (start < queue.length && bytes < PIECE_BYTES) bytes += queue[start++]!.length
    const frames = queue.slice(first, start)
    behind -= bytes
    holder.hold(-bytes)
    if (start === queue.length) {
      queue = []
      start = 0
    }
    return frames.length === 1 ? frames[0]! : Buffer.concat(frames)
  }
  sink.onDrain(() => {
    blocked = false
    run()
  })
  sink.onClose(() => {
    closed = true
    queue = []
    start = 0
    holder.release()
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
      holder.hold(frame.length)
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

/** Where a streamed answer goes: a socket, or a queue of the same process. */
export interface ByteSink {
  /** False when the sink would rather wait for `drained`. */
  write(chunk: Uint8Array): boolean
  end(): void
  /** Ends without a proper end, so that the client sees a broken stream. */
  destroy(): void
  /** Called each time the sink has room again after a write returned false. */
  onDrain(f: () => void): void
  /** Called once, when either side has ended. */
  onClose(f: () => void): void
}

/** An answer that comes piece by piece. Called once, when the headers are sent. */
export type ByteStream = (sink: ByteSink) => void

/**
 * A stream as an iterable, for callers of the same process. It runs from now on; the iteration takes what has come. Ending
 * it early, or the signal, closes the sink.
 */
export function iterate(stream: ByteStream, signal: AbortSignal, maxBytes: number): AsyncIterable<Uint8Array> {
  const queue = createQueue(maxBytes)
  const abort = (): void => queue.close('broken')
  signal.addEventListener('abort', abort, { once: true })
  queue.sink.onClose(() => signal.removeEventListener('abort', abort))
  stream(queue.sink)
  if (signal.aborted) abort()
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          const chunk = queue.take()
          if (chunk) yield chunk
          else if (queue.state() === 'open') await queue.changed()
          else if (signal.aborted) throw signal.reason
          else if (queue.state() === 'ended') return
          else throw new Error('the stream was cut off')
        }
      } finally {
        queue.close('ended')
      }
    },
  }
}

function createQueue(maxBytes: number) {
  let chunks: Uint8Array[] = []
  let bytes = 0
  let state: 'open' | 'ended' | 'broken' = 'open'
  let wake = (): void => {}
  let drain = (): void => {}
  const closers: (() => void)[] = []
  const close = (how: 'ended' | 'broken'): void => {
    if (state !== 'open') return
    state = how
    for (const f of closers.splice(0)) f()
    wake()
  }
  const sink: ByteSink = {
    write(chunk) {
      chunks.push(chunk)
      bytes += chunk.length
      wake()
      return bytes < maxBytes
    },
    end: () => close('ended'),
    destroy: () => close('broken'),
    onDrain(f) {
      drain = f
    },
    onClose: f => void closers.push(f),
  }
  return {
    sink,
    close,
    state: () => state,
    changed: () =>
      new Promise<void>(resolve => {
        wake = resolve
      }),
    /** All that has come, as one chunk. */
    take(): Uint8Array | undefined {
      if (chunks.length === 0) return undefined
      const taken = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      const full = bytes >= maxBytes
      chunks = []
      bytes = 0
      if (full) drain()
      return taken
    },
  }
}

/** Parts joined to pieces of at least so many bytes, but for the last; each is made when it is taken. */
export function* inPieces(parts: Iterable<Uint8Array>, leastBytes: number): Generator<Uint8Array> {
  let held: Uint8Array[] = []
  let bytes = 0
  for (const part of parts) {
    held.push(part)
    bytes += part.length
    if (bytes < leastBytes) continue
    yield Buffer.concat(held)
    held = []
    bytes = 0
  }
  if (held.length > 0) yield Buffer.concat(held)
}

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

/** A stream as an iterable, for callers of the same process. Ending early closes the sink. */
export function iterate(stream: ByteStream, signal: AbortSignal, maxBytes: number): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      let queue: Uint8Array[] = []
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
      const abort = (): void => close('broken')
      signal.addEventListener('abort', abort, { once: true })
      try {
        stream({
          write(chunk) {
            queue.push(chunk)
            bytes += chunk.length
            wake()
            return bytes < maxBytes
          },
          end: () => close('ended'),
          destroy: () => close('broken'),
          onDrain: f => {
            drain = f
          },
          onClose: f => closers.push(f),
        })
        if (signal.aborted) abort()
        for (;;) {
          if (queue.length > 0) {
            const chunk = queue.length === 1 ? queue[0]! : Buffer.concat(queue)
            queue = []
            const full = bytes >= maxBytes
            bytes = 0
            yield chunk
            if (full) drain()
          } else if (state === 'open') {
            await new Promise<void>(resolve => {
              wake = resolve
            })
          } else if (signal.aborted) throw signal.reason
          else if (state === 'ended') return
          else throw new Error('the stream was cut off')
        }
      } finally {
        signal.removeEventListener('abort', abort)
        close('ended')
      }
    },
  }
}

import { PassThrough } from 'node:stream'

/** What a container writes, on its way to the log and to whoever is attached. */
export interface Output {
  /** False when someone attached cannot keep up: the source should pause until `onDrain`. */
  write(stream: 'stdout' | 'stderr', chunk: Buffer): boolean
  /** From now on; the first one also gets what was written before, as far as it was kept. */
  attach(): { readonly stdout: PassThrough; readonly stderr: PassThrough; detach(): void }
  onDrain(handler: () => void): void
  end(): void
  /** Nobody has attached yet and what was written is kept whole. */
  readonly replayable: boolean
}

export interface OutputOptions {
  readonly log: (stream: 'stdout' | 'stderr', chunk: Buffer) => void
  /** Keep the first so many bytes for the first who attaches: an interactive command may end before anyone can. */
  readonly keepBytes: number
}

type Tap = Readonly<Record<'stdout' | 'stderr', PassThrough>>

export function createOutput(options: OutputOptions): Output {
  const taps = new Set<Tap>()
  let kept: { readonly stream: 'stdout' | 'stderr'; readonly chunk: Buffer }[] = []
  let keptBytes = 0
  let keeping = options.keepBytes > 0
  let ended = false
  let drained = (): void => {}
  const full = (): boolean => [...taps].some(tap => tap.stdout.writableNeedDrain || tap.stderr.writableNeedDrain)
  return {
    write: (stream, chunk) => {
      options.log(stream, chunk)
      if (keeping && keptBytes < options.keepBytes) {
        kept.push({ stream, chunk })
        keptBytes += chunk.length
      }
      for (const tap of taps) tap[stream].write(chunk)
      return !full()
    },
    attach: () => {
      const tap: Tap = { stdout: new PassThrough(), stderr: new PassThrough() }
      const drain = (): void => {
        if (!full()) drained()
      }
      const detach = (): void => {
        taps.delete(tap)
        drained()
      }
      for (const name of ['stdout', 'stderr'] as const) tap[name].on('drain', drain).once('close', detach)
      for (const { stream, chunk } of kept) tap[stream].write(chunk)
      keeping = false
      kept = []
      if (ended) for (const name of ['stdout', 'stderr'] as const) tap[name].end()
      else taps.add(tap)
      return { ...tap, detach }
    },
    onDrain: handler => {
      drained = handler
    },
    end: () => {
      ended = true
      for (const tap of taps) for (const name of ['stdout', 'stderr'] as const) tap[name].end()
      taps.clear()
    },
    get replayable() {
      return keeping
    },
  }
}

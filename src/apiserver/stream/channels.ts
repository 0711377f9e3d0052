import type { Readable, Writable } from 'node:stream'

/** The client's ends of an exec or attach, whatever protocol carries them. */
export interface CommandChannels {
  /** Ends when the client will type no more. Null where the client did not ask for it, as with the others. */
  readonly stdin: Readable | null
  readonly stdout: Writable | null
  readonly stderr: Writable | null
  /** The client's terminal: called for its size at once, where it is known, and for each change. */
  onResize(f: (columns: number, rows: number) => void): void
  /** Sends what is left, then how it ended, and ends the connection. */
  finish(status: CommandStatus): Promise<void>
  /** Aborts when the client has gone before `finish`. */
  readonly gone: AbortSignal
}

/** Which streams a request asks for. */
export interface Wanted {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** The Status that a client gets last. */
export interface CommandStatus {
  readonly metadata: Readonly<Record<string, never>>
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] }
  readonly code?: number
}

/** Resolves when everything written has been handed on, or the stream is gone. */
export const ended = (stream: Writable | null): Promise<void> =>
  new Promise(resolve => {
    if (!stream || stream.destroyed || stream.writableFinished) return resolve()
    stream.once('close', resolve)
    stream.end(resolve)
  })

/** Terminal sizes out of a stream of JSON objects, however it is cut: {"Width":80,"Height":24} */
export function resizeParser(resized: (columns: number, rows: number) => void): (chunk: Buffer) => void {
  let text = ''
  return chunk => {
    text = (text + chunk.toString('latin1')).slice(-MAX_RESIZE_CHARS)
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const object = text.slice(text.lastIndexOf('{', end), end + 1)
      text = text.slice(end + 1)
      const columns = /"width"\s*:\s*(\d{1,5})\b/i.exec(object)?.[1]
      const rows = /"height"\s*:\s*(\d{1,5})\b/i.exec(object)?.[1]
      if (columns && rows) resized(Math.min(Number(columns), 0xffff), Math.min(Number(rows), 0xffff))
    }
  }
}

const MAX_RESIZE_CHARS = 4096

/** Remembers the last size for who asks later. */
export function sizes(): {
  readonly set: (columns: number, rows: number) => void
  readonly on: CommandChannels['onResize']
} {
  let last: readonly [columns: number, rows: number] | undefined
  let listener: ((columns: number, rows: number) => void) | undefined
  return {
    set(columns, rows) {
      last = [columns, rows]
      listener?.(columns, rows)
    },
    on(f) {
      listener = f
      if (last) f(...last)
    },
  }
}

import type { Writable } from 'node:stream'
import type { ByteSink } from '../stream-body.ts'

/** A socket's side of a streamed answer. */
export const sinkOf = (writable: Writable): ByteSink => ({
  write: chunk => !writable.destroyed && writable.write(chunk),
  end: () => void writable.end(),
  destroy: () => void writable.destroy(),
  onDrain: f => void writable.on('drain', f),
  onClose: f => void writable.once('close', f),
})

import type { ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import type { Writable } from 'node:stream'
import type { ByteSink } from '../stream-body.ts'

/** A socket's side of a streamed answer. */
export const sinkOf = (writable: Writable): ByteSink => ({
  write: chunk => !writable.destroyed && writable.write(chunk),
  end: () => void writable.end(),
  destroy: () => breakOff(writable),
  onDrain: f => void writable.on('drain', f),
  onClose: f => void writable.once('close', f),
})

/** As an error: an HTTP/2 stream that is only destroyed looks to some clients as if all had been said. */
function breakOff(writable: Writable): void {
  if ('rstCode' in writable) (writable as ServerHttp2Stream).close(constants.NGHTTP2_INTERNAL_ERROR)
  writable.destroy()
}

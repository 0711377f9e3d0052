import { Socket } from 'node:net'
import type { Writable } from 'node:stream'

/** The inherited pipe to the launcher. It leaves when the twin is ready: that the other end is gone then is no error. */
export function reportPipe(fd: number): Writable {
  const pipe = new Socket({ fd, readable: false, writable: true })
  pipe.on('error', () => {})
  pipe.unref()
  return pipe
}

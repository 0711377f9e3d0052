import { Socket } from 'node:net'
import type { Writable } from 'node:stream'

/** The inherited pipe to the launcher, which leaves when it has read that the twin is ready. `broken`: it left before. */
export function reportPipe(fd: number, broken: () => void): Writable {
  const pipe = new Socket({ fd, readable: false, writable: true })
  pipe.on('error', broken)
  pipe.unref()
  return pipe
}

import { Transform } from 'node:stream'

const NEWLINE = 0x0a
/** Nobody's line is longer: HAProxy cuts at 4,096 bytes. */
const MAX_LINE = 16_384

/** Passes whole lines on, many at a time: others write to the same place, and must not come in the middle of one. */
export function wholeLines(): Transform {
  let rest: Buffer = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const end = chunk.lastIndexOf(NEWLINE) + 1
      if (end === 0 && rest.length < MAX_LINE) {
        rest = Buffer.concat([rest, chunk])
        return done()
      }
      const whole = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, end)]) : chunk.subarray(0, end)
      rest = chunk.subarray(end)
      done(null, whole)
    },
    flush(done) {
      done(null, rest)
    },
  })
}

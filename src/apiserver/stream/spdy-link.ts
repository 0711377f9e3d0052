/** SPDY streams as Node streams. */
import { Duplex } from 'node:stream'
import type { SpdyStream } from '../../wire/spdy/session.ts'
import { SpdySession } from '../../wire/spdy/session.ts'
import type { Carrier } from './carrier.ts'

export interface SpdyLink {
  /** Refuses new streams, and ends the connection once everything has been sent. */
  end(): void
}

/**
 * Serves a SPDY connection. `accept` gets each new stream and takes it with `duplexOf`, or resets it. `closed` is called
 * once, after every stream has been destroyed.
 */
export function spdyLink(carrier: Carrier, accept: (stream: SpdyStream) => void, closed: () => void): SpdyLink {
  const session = new SpdySession(carrier, {
    stream: accept,
    failed: () => carrier.destroy(),
  })
  carrier.listen({
    data: chunk => session.receive(chunk),
    drain: () => session.drained(),
    close() {
      session.close()
      closed()
    },
  })
  return {
    end() {
      session.goAway()
      carrier.end()
    },
  }
}

export function duplexOf(stream: SpdyStream): Duplex {
  let room: (() => void) | undefined
  const duplex = new Duplex({
    read: () => stream.resume(),
    write(chunk: Buffer, _, done) {
      if (stream.write(chunk)) done()
      else room = done
    },
    final(done) {
      stream.end()
      done()
    },
    destroy(error, done) {
      stream.reset()
      done(error)
    },
  })
  stream.accept({
    data: chunk => duplex.push(chunk),
    end: () => duplex.push(null),
    closed: () => duplex.destroy(),
    drain() {
      const done = room
      room = undefined
      done?.()
    },
  })
  duplex.on('error', () => {})
  return duplex
}

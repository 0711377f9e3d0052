import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { Frame } from './frame.ts'
import { type Channel, encodeControl, encodeFrame, frameDecoder } from './frame.ts'

/** One end of a connection. */
export interface Peer {
  control(message: unknown): void
  data(channel: Channel, payload: Uint8Array): void
  /** Sends what a stream yields, no faster than the other end takes it, and its end. */
  pump(source: Readable, channel: Channel): Promise<void>
  /** Passes a payload on (an empty one is the end); nothing more is read while `into` cannot take it. */
  feed(into: Writable, payload: Buffer): void
  /** Ends the connection when all is sent. */
  end(): void
  destroy(): void
  pause(): void
  resume(): void
  readonly bufferedBytes: number
}

/** `onFrame` may pause the peer while it cannot take more. A frame that no peer of ours sends ends the connection. */
export function peerOn(socket: Socket, onFrame: (frame: Frame, peer: Peer) => void, onClose: () => void): Peer {
  const decode = frameDecoder()
  const waiting = new Set<() => void>()
  const release = (): void => {
    for (const go of waiting) go()
    waiting.clear()
  }
  const peer: Peer = {
    control: message => void (socket.writable && socket.write(encodeControl(message))),
    data: (channel, payload) => void (socket.writable && socket.write(encodeFrame(channel, payload))),
    pump: (source, channel) =>
      new Promise(resolve => {
        source.on('data', (chunk: Buffer) => {
          if (!socket.writable || socket.write(encodeFrame(channel, chunk))) return
          source.pause()
          waiting.add(() => source.resume())
        })
        const done = (): void => {
          peer.data(channel, new Uint8Array())
          resolve()
        }
        source.once('end', done)
        source.once('error', done)
      }),
    feed: (into, payload) => {
      if (into.writableEnded || into.destroyed) return
      if (payload.length === 0) into.end()
      else if (!into.write(payload)) whileFull(socket, into)
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    get bufferedBytes() {
      return socket.writableLength
    },
  }
  socket.on('drain', release)
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of decode(chunk)) onFrame(frame, peer)
    } catch {
      socket.destroy()
    }
  })
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.once('close', () => {
    release()
    onClose()
  })
  return peer
}

/** A stream that has been told its end says "finish" in the place of "drain". */
function whileFull(socket: Socket, into: Writable): void {
  const events = ['drain', 'finish', 'close']
  const go = (): void => {
    for (const event of events) into.off(event, go)
    socket.resume()
  }
  socket.pause()
  for (const event of events) into.on(event, go)
}

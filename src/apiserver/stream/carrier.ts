/** What carries the bytes of an upgraded connection: the socket itself, or the messages of a WebSocket. */
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock } from '../../lib/clock.ts'

export interface CarrierEvents {
  data(chunk: Buffer): void
  drain(): void
  /** Called once: the other side, or we, have ended it. */
  close(): void
}

export interface Carrier {
  listen(events: CarrierEvents): void
  /** False when it would rather wait for `drain`. */
  send(chunk: Uint8Array): boolean
  pause(): void
  resume(): void
  /** Ends properly once everything has been sent. */
  end(): void
  destroy(): void
}

/** Of what waits to be sent, in bytes. */
const HIGH_WATER_BYTES = 256 * 1024
/** How long a client may take to end its side once we have ended ours. */
const LINGER_MS = 5000
const KEEP_ALIVE_MS = 30_000

/** `head` is what came right behind the request. */
export function socketCarrier(socket: Duplex, head: Buffer, clock: Clock): Carrier {
  keepAlive(socket)
  return {
    listen(events) {
      socket.on('data', chunk => events.data(chunk))
      socket.on('drain', () => events.drain())
      socket.on('end', () => socket.end())
      socket.on('error', () => socket.destroy())
      socket.on('close', () => events.close())
      if (head.length > 0) events.data(head)
    },
    send: chunk => socket.writable && socket.write(chunk),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end() {
      // What the client still sends is read and dropped: closing with unread data would cut off what we have sent.
      socket.removeAllListeners('data')
      socket.resume()
      socket.end()
      const cancel = clock.after(LINGER_MS, () => socket.destroy())
      socket.once('close', cancel)
    },
    destroy: () => socket.destroy(),
  }
}

/** A client that has gone without a word is found out. */
export function keepAlive(socket: Duplex): void {
  if ('setKeepAlive' in socket && typeof socket.setKeepAlive === 'function') socket.setKeepAlive(true, KEEP_ALIVE_MS)
}

export function webSocketCarrier(webSocket: WebSocket): Carrier {
  let full = false
  let drain = (): void => {}
  return {
    listen(events) {
      drain = events.drain
      webSocket.on('message', data => events.data(data as Buffer))
      webSocket.on('error', () => webSocket.terminate())
      webSocket.on('close', () => events.close())
    },
    send(chunk) {
      if (webSocket.readyState !== webSocket.OPEN) return false
      webSocket.send(chunk, { binary: true }, () => {
        if (!full || webSocket.bufferedAmount > HIGH_WATER_BYTES / 2) return
        full = false
        drain()
      })
      if (webSocket.bufferedAmount > HIGH_WATER_BYTES) full = true
      return !full
    },
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    end: () => webSocket.close(1000),
    destroy: () => webSocket.terminate(),
  }
}

/**
 * The server's side of one SPDY/3.1 connection, over anything that carries bytes.
 *
 * There are no windows: the only clients there are (moby/spdystream, in kubectl and client-go) neither send nor heed
 * WINDOW_UPDATE, so a server that waited for one would wait for ever. What is too fast waits in the transport: reading
 * stops while a stream's consumer is full, and writers wait until the transport has drained.
 */
import { Buffer } from 'node:buffer'
import { SpdyError } from './error.ts'
import type { Frame } from './frame.ts'
import { dataHeader, FrameReader, goAway, ping, RESET, reset, synReply } from './frame.ts'
import type { Headers } from './headers.ts'
import { HeaderReader, HeaderWriter } from './headers.ts'

/** What carries the bytes. */
export interface Transport {
  /** False when it would rather wait until it calls `drained`. */
  send(chunk: Uint8Array): boolean
  /** Stop and go on calling `receive`. */
  pause(): void
  resume(): void
}

export interface SessionEvents {
  /** A stream that the client opened: call `accept` or `reset` at once. */
  stream(stream: SpdyStream): void
  /** The client broke the protocol or a limit: drop the transport. */
  failed(error: SpdyError): void
}

export interface StreamEvents {
  /** False when no more should come until `resume`. */
  data(chunk: Buffer): boolean
  /** The client will send no more. */
  end(): void
  /** The stream is gone: reset by the client, or lost with the connection. */
  closed(): void
  drain(): void
}

export interface SpdyStream {
  readonly id: number
  readonly headers: Headers
  accept(events: StreamEvents): void
  /** False when the writer should wait for `drain`. */
  write(chunk: Uint8Array): boolean
  /** We will send no more. */
  end(): void
  reset(): void
  resume(): void
}

interface Limits {
  /** Open at the same time. */
  readonly maxStreams: number
}

const MAX_DATA_BYTES = 0xffffff
const JOINED_BYTES = 16 * 1024

export class SpdySession {
  readonly #transport: Transport
  readonly #events: SessionEvents
  readonly #limits: Limits
  readonly #frames = new FrameReader()
  readonly #headersIn = new HeaderReader()
  readonly #headersOut = new HeaderWriter()
  readonly #streams = new Map<number, OpenStream>()
  #queue: Frame[] = []
  #working = false
  #lastId = 0
  #closed = false
  /** How many reasons there are not to read. */
  #holds = 0

  constructor(transport: Transport, events: SessionEvents, limits: Limits = { maxStreams: 1000 }) {
    this.#transport = transport
    this.#events = events
    this.#limits = limits
  }

  receive(chunk: Buffer): void {
    if (this.#closed) return
    try {
      this.#queue.push(...this.#frames.read(chunk))
      void this.#work()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The transport has room again. */
  drained(): void {
    for (const stream of [...this.#streams.values()]) stream.events?.drain()
  }

  /** The transport is gone, or is about to be: every stream is closed. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#headersIn.close()
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) stream.events?.closed()
  }

  /** Tells the client that no more streams are taken. */
  goAway(): void {
    if (!this.#closed) this.#transport.send(goAway(this.#lastId))
  }

  /** Handles frames in order; a header block takes a moment, so nothing is read meanwhile. */
  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    try {
      for (let frame = this.#queue.shift(); frame && !this.#closed; frame = this.#queue.shift()) {
        if ('block' in frame) await this.#withHeaders(frame)
        else this.#handle(frame)
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#working = false
    }
  }

  async #withHeaders(frame: Extract<Frame, { readonly block: Buffer }>): Promise<void> {
    this.#hold(true)
    const headers = await this.#headersIn.read(frame.block)
    if (this.#closed) return
    if (frame.is === 'syn') this.#open(frame.stream, headers, frame.fin)
    else if (frame.is === 'headers' && frame.fin) this.#streams.get(frame.stream)?.remoteEnd()
    this.#hold(false)
  }

  #handle(frame: Exclude<Frame, { readonly block: Buffer }>): void {
    if (frame.is === 'data') this.#streams.get(frame.stream)?.deliver(frame.chunk, frame.fin)
    else if (frame.is === 'reset') this.#streams.get(frame.stream)?.remoteReset()
    // The client's pings have odd numbers; even ones would be answers to ours.
    else if (frame.is === 'ping' && frame.id % 2 === 1) this.#transport.send(ping(frame.id))
  }

  #open(id: number, headers: Headers, fin: boolean): void {
    if (id % 2 === 0 || id <= this.#lastId) throw new SpdyError(`stream ${id} after stream ${this.#lastId}`)
    this.#lastId = id
    if (this.#streams.size >= this.#limits.maxStreams) {
      this.#transport.send(reset(id, RESET.refusedStream))
      return
    }
    const stream = new OpenStream(id, headers, {
      send: chunk => !this.#closed && this.#transport.send(chunk),
      reply: () => synReply(id, this.#headersOut.write({})),
      hold: on => this.#hold(on),
      forget: () => this.#streams.delete(id),
    })
    this.#streams.set(id, stream)
    this.#events.stream(stream)
    if (fin) stream.remoteEnd()
  }

  #hold(on: boolean): void {
    const before = this.#holds
    this.#holds += on ? 1 : -1
    if (before === 0 && on) this.#transport.pause()
    else if (before === 1 && !on && !this.#closed) this.#transport.resume()
  }

  #fail(error: unknown): void {
    if (this.#closed) return
    this.close()
    this.#events.failed(error instanceof SpdyError ? error : new SpdyError(String(error)))
  }
}

interface StreamHost {
  send(chunk: Uint8Array): boolean
  reply(): Buffer
  hold(on: boolean): void
  forget(): void
}

class OpenStream implements SpdyStream {
  readonly id: number
  readonly headers: Headers
  readonly #host: StreamHost
  events: StreamEvents | undefined
  #localDone = false
  #remoteDone = false
  #full = false

  constructor(id: number, headers: Headers, host: StreamHost) {
    this.id = id
    this.headers = headers
    this.#host = host
  }

  accept(events: StreamEvents): void {
    this.events = events
    this.#host.send(this.#host.reply())
  }

  write(chunk: Uint8Array): boolean {
    let room = true
    for (let at = 0; at < chunk.length && !this.#localDone; at += MAX_DATA_BYTES) {
      const part = chunk.subarray(at, at + MAX_DATA_BYTES)
      room = this.#send(dataHeader(this.id, part.length, false), part)
    }
    return room
  }

  /** Small pieces go out with their header: one write, one TLS record. */
  #send(header: Buffer, part: Uint8Array): boolean {
    if (part.length <= JOINED_BYTES) return this.#host.send(Buffer.concat([header, part]))
    this.#host.send(header)
    return this.#host.send(part)
  }

  end(): void {
    if (this.#localDone) return
    this.#localDone = true
    this.#host.send(dataHeader(this.id, 0, true))
    this.#forgetIfDone()
  }

  reset(): void {
    if (this.#localDone && this.#remoteDone) return
    this.#host.send(reset(this.id, RESET.cancel))
    this.#gone()
  }

  resume(): void {
    if (!this.#full) return
    this.#full = false
    this.#host.hold(false)
  }

  deliver(chunk: Buffer, fin: boolean): void {
    if (this.#remoteDone) return
    if (chunk.length > 0 && this.events?.data(chunk) === false && !this.#full && !this.#remoteDone) {
      this.#full = true
      this.#host.hold(true)
    }
    if (fin) this.remoteEnd()
  }

  remoteEnd(): void {
    if (this.#remoteDone) return
    this.#remoteDone = true
    this.events?.end()
    this.#forgetIfDone()
  }

  remoteReset(): void {
    this.#gone()
    this.events?.closed()
  }

  #gone(): void {
    this.#localDone = true
    this.#remoteDone = true
    this.#forgetIfDone()
  }

  #forgetIfDone(): void {
    if (!this.#localDone || !this.#remoteDone) return
    this.#host.forget()
    this.resume()
  }
}

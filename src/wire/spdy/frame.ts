/** The frames of SPDY/3.1. Data passes through in pieces as it arrives; control frames are read whole. */
import { Buffer } from 'node:buffer'
import { SpdyError } from './error.ts'

export type Frame =
  /** A piece of a data frame; `fin` only on its last piece. */
  | { readonly is: 'data'; readonly stream: number; readonly chunk: Buffer; readonly fin: boolean }
  | { readonly is: 'syn'; readonly stream: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly is: 'headers' | 'reply'; readonly stream: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly is: 'reset'; readonly stream: number; readonly status: number }
  | { readonly is: 'ping'; readonly id: number }
  | { readonly is: 'goAway'; readonly lastStream: number; readonly status: number }
  | { readonly is: 'window'; readonly stream: number; readonly delta: number }
  | { readonly is: 'settings' }

const VERSION = 3
const TYPES = { syn: 1, reply: 2, reset: 3, settings: 4, ping: 6, goAway: 7, headers: 8, window: 9 } as const
const FIN = 1
/** Of a control frame's body, in bytes. */
const MAX_CONTROL_BYTES = 64 * 1024
export const RESET = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5, internalError: 6 } as const

/** Turns bytes into frames, however they are cut. */
export class FrameReader {
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** The rest of a data frame whose header has been read. */
  #data: { readonly stream: number; readonly fin: boolean; left: number } | undefined

  /** Throws SpdyError. */
  read(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    if (chunk.length > 0) this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    while (this.#step(frames)) {}
    return frames
  }

  #step(frames: Frame[]): boolean {
    if (this.#data) return this.#passData(frames, this.#data)
    const header = this.#peek(8)
    if (!header) return false
    const length = header.readUIntBE(5, 3)
    if ((header[0]! & 0x80) === 0) {
      this.#take(8)
      this.#data = { stream: header.readUInt32BE(0), fin: (header[4]! & FIN) !== 0, left: length }
      return true
    }
    if (length > MAX_CONTROL_BYTES) throw new SpdyError(`a control frame of ${length} bytes is too long`)
    const whole = this.#peek(8 + length)
    if (!whole) return false
    this.#take(8 + length)
    const frame = parseControl(header, whole.subarray(8, 8 + length))
    if (frame) frames.push(frame)
    return true
  }

  #passData(frames: Frame[], data: { readonly stream: number; readonly fin: boolean; left: number }): boolean {
    if (data.left > 0 && this.#pendingBytes === 0) return false
    const chunk = this.#take(Math.min(data.left, this.#pending[0]?.length ?? 0))
    data.left -= chunk.length
    const last = data.left === 0
    if (last) this.#data = undefined
    if (chunk.length > 0 || (last && data.fin))
      frames.push({ is: 'data', stream: data.stream, chunk, fin: last && data.fin })
    return true
  }

  /** The next bytes in one piece, left where they are. */
  #peek(length: number): Buffer | undefined {
    if (this.#pendingBytes < length) return undefined
    if (this.#pending[0]!.length < length) this.#pending = [Buffer.concat(this.#pending)]
    return this.#pending[0]
  }

  #take(length: number): Buffer {
    const first = this.#pending[0]
    if (!first || length === 0) return Buffer.alloc(0)
    this.#pendingBytes -= length
    if (first.length === length) this.#pending.shift()
    else this.#pending[0] = first.subarray(length)
    return first.subarray(0, length)
  }
}

/** Undefined for frames of types we know nothing of. */
function parseControl(header: Buffer, body: Buffer): Frame | undefined {
  const version = header.readUInt16BE(0) & 0x7fff
  if (version !== VERSION) throw new SpdyError(`SPDY version ${version} is not supported`)
  const fin = (header[4]! & FIN) !== 0
  const word = (at: number): number => {
    if (at + 4 > body.length) throw new SpdyError('a control frame ends early')
    return body.readUInt32BE(at)
  }
  const id = (at: number): number => word(at) & 0x7fffffff
  switch (header.readUInt16BE(2)) {
    case TYPES.syn:
      if (body.length < 10) throw new SpdyError('a control frame ends early')
      return { is: 'syn', stream: id(0), fin, block: body.subarray(10) }
    case TYPES.reply:
      return { is: 'reply', stream: id(0), fin, block: body.subarray(4) }
    case TYPES.headers:
      return { is: 'headers', stream: id(0), fin, block: body.subarray(4) }
    case TYPES.reset:
      return { is: 'reset', stream: id(0), status: word(4) }
    case TYPES.ping:
      return { is: 'ping', id: word(0) }
    case TYPES.goAway:
      return { is: 'goAway', lastStream: id(0), status: body.length >= 8 ? word(4) : 0 }
    case TYPES.window:
      return { is: 'window', stream: id(0), delta: id(4) }
    case TYPES.settings:
      return { is: 'settings' }
    default:
      return undefined
  }
}

/** The header of a data frame; the data follow it as they are. At most 2^24 - 1 bytes. */
export function dataHeader(stream: number, length: number, fin: boolean): Buffer {
  const header = Buffer.allocUnsafe(8)
  header.writeUInt32BE(stream)
  header[4] = fin ? FIN : 0
  header.writeUIntBE(length, 5, 3)
  return header
}

export const synStream = (stream: number, block: Uint8Array, fin = false): Buffer =>
  control(TYPES.syn, [words(stream, 0), Buffer.alloc(2), block], fin)
export const synReply = (stream: number, block: Uint8Array): Buffer => control(TYPES.reply, [words(stream), block])
export const reset = (stream: number, status: number): Buffer => control(TYPES.reset, [words(stream, status)])
export const ping = (id: number): Buffer => control(TYPES.ping, [words(id)])
export const goAway = (lastStream: number, status = 0): Buffer => control(TYPES.goAway, [words(lastStream, status)])
export const windowUpdate = (stream: number, delta: number): Buffer => control(TYPES.window, [words(stream, delta)])

function control(type: number, parts: readonly Uint8Array[], fin = false): Buffer {
  const body = Buffer.concat(parts)
  const header = Buffer.allocUnsafe(8)
  header.writeUInt16BE(0x8000 | VERSION, 0)
  header.writeUInt16BE(type, 2)
  header[4] = fin ? FIN : 0
  header.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([header, body])
}

function words(...values: readonly number[]): Buffer {
  const result = Buffer.allocUnsafe(4 * values.length)
  for (const [i, value] of values.entries()) result.writeUInt32BE(value, 4 * i)
  return result
}

/**
 * Frames on the runtime's socket: length (4 bytes, big endian, of what follows), channel (1 byte), payload. A connection
 * carries either calls and their answers, or one stream (exec, attach, logs, events, port-forward).
 */
export const Channel = {
  /** JSON. */
  control: 0,
  /** Towards the process; an empty payload is its end. */
  stdin: 1,
  /** From the process (logs and port-forward too); an empty payload is its end. */
  stdout: 2,
  stderr: 3,
} as const
export type Channel = (typeof Channel)[keyof typeof Channel]

export interface Frame {
  readonly channel: number
  readonly payload: Buffer
}

/** Larger frames end the connection: nothing we send is. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024
const HEADER_BYTES = 5

export function encodeFrame(channel: Channel, payload: Uint8Array | string): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  if (body.length + 1 > MAX_FRAME_BYTES)
    throw new Error(`a frame of ${body.length} bytes is over the limit of ${MAX_FRAME_BYTES}`)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  frame.writeUInt32BE(body.length + 1, 0)
  frame[4] = channel
  frame.set(body, HEADER_BYTES)
  return frame
}

export const encodeControl = (value: unknown): Buffer => encodeFrame(Channel.control, JSON.stringify(value))

/** Splits a byte stream into frames; throws on a length that no sender of ours writes. */
export function frameDecoder(): (chunk: Buffer) => readonly Frame[] {
  let pending: Buffer[] = []
  let pendingBytes = 0
  return chunk => {
    pending.push(chunk)
    pendingBytes += chunk.length
    const frames: Frame[] = []
    for (;;) {
      if (pendingBytes < HEADER_BYTES) return frames
      if (pending[0]!.length < HEADER_BYTES) pending = [Buffer.concat(pending)]
      const length = pending[0]!.readUInt32BE(0)
      if (length < 1 || length > MAX_FRAME_BYTES) throw new Error(`a frame of ${length} bytes is over the limit`)
      if (pendingBytes < 4 + length) return frames
      const all = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      frames.push({ channel: all[4]!, payload: all.subarray(HEADER_BYTES, 4 + length) })
      pending = all.length > 4 + length ? [all.subarray(4 + length)] : []
      pendingBytes = all.length - 4 - length
    }
  }
}

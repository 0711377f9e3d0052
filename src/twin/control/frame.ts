/** Frames on the control socket: four bytes of length, one of channel, the payload. One connection carries one request. */

/** message: a JSON value. data: standard input one way, standard output the other; an empty one is its end. error: standard error. */
export const CHANNEL = { message: 0, data: 1, error: 2 } as const
export type Channel = (typeof CHANNEL)[keyof typeof CHANNEL]

export interface Frame {
  readonly channel: Channel
  readonly payload: Buffer
}

const HEADER = 5
const LIMIT = 16 << 20

export function encodeFrame(channel: Channel, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER + payload.length)
  bytes.writeUInt32BE(payload.length, 0)
  bytes[4] = channel
  bytes.set(payload, HEADER)
  return bytes
}

export const encodeMessage = (value: unknown): Buffer =>
  encodeFrame(CHANNEL.message, Buffer.from(JSON.stringify(value)))

/** Takes bytes as they come and gives the frames that are whole. Throws on a frame beyond the limit. */
export function frameReader(): (chunk: Buffer) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const frames: Frame[] = []
    while (rest.length >= HEADER) {
      const length = rest.readUInt32BE(0)
      if (length > LIMIT || rest[4]! > CHANNEL.error) throw new Error('not a frame of the control socket')
      if (rest.length < HEADER + length) break
      frames.push({ channel: rest[4] as Channel, payload: rest.subarray(HEADER, HEADER + length) })
      rest = rest.subarray(HEADER + length)
    }
    return frames
  }
}

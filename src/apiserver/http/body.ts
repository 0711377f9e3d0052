import type { Readable } from 'node:stream'
import { tooLarge } from '../errors.ts'
import type { Holder } from './budget.ts'

export const MAX_BODY_BYTES = 3 * 1024 * 1024

const EMPTY = Buffer.alloc(0)

/** The whole body; what has come of it is held meanwhile. Rejects with StatusError 413 beyond the limit, and with the stream's error when it breaks. */
export function readBody(stream: Readable, holder: Holder): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let ended = false
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_BODY_BYTES) {
        chunks.length = 0
        holder.release()
        reject(tooLarge(`Request entity too large: limit is ${MAX_BODY_BYTES}`))
        // What still comes is read and thrown away, so that the client gets to see the answer.
        return
      }
      chunks.push(chunk)
      holder.hold(chunk.length)
    })
    stream.on('end', () => {
      ended = true
      holder.release()
      resolve(chunks.length === 0 ? EMPTY : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    stream.on('error', reject)
    stream.on('close', () => {
      if (ended) return
      holder.release()
      reject(new Error('the request was cut off'))
    })
  })
}

/** The header blocks of SYN_STREAM, SYN_REPLY and HEADERS: one zlib stream for each direction of a connection. */
import { Buffer } from 'node:buffer'
import type { Inflate } from 'node:zlib'
import { constants, createInflate } from 'node:zlib'
import { dictionary, sized } from './dictionary.ts'
import { SpdyError } from './error.ts'

/** Names in lower case; several values of one name are joined by a comma. */
export type Headers = Readonly<Record<string, string>>

const MAX_HEADERS = 100
/** Of one block when inflated, in bytes. */
const MAX_HEADERS_BYTES = 64 * 1024

/** Reads the blocks that the other side sends, in order: one `read` at a time. */
export class HeaderReader {
  readonly #inflate: Inflate
  #chunks: Buffer[] = []
  #bytes = 0
  #fail: (error: Error) => void = () => {}

  constructor() {
    this.#inflate = createInflate({ dictionary: dictionary(), flush: constants.Z_SYNC_FLUSH })
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length
      if (this.#bytes > MAX_HEADERS_BYTES) this.#inflate.destroy()
      else this.#chunks.push(chunk)
    })
    this.#inflate.on('error', error => this.#fail(new SpdyError(`headers cannot be inflated: ${error.message}`)))
  }

  /** Rejects with SpdyError, after which the connection cannot go on. */
  async read(block: Uint8Array): Promise<Headers> {
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject
      this.#inflate.write(block, error => (error ? reject(new SpdyError(error.message)) : resolve()))
    })
    if (this.#bytes > MAX_HEADERS_BYTES) throw new SpdyError('headers are too long')
    const bytes = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#bytes = 0
    return parseBlock(bytes)
  }

  close(): void {
    this.#inflate.destroy()
  }
}

function parseBlock(bytes: Buffer): Headers {
  let at = 0
  const number = (): number => {
    if (at + 4 > bytes.length) throw new SpdyError('a header block ends early')
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  const text = (): string => {
    const length = number()
    if (at + length > bytes.length) throw new SpdyError('a header block ends early')
    at += length
    return bytes.toString('latin1', at - length, at)
  }
  const count = number()
  if (count > MAX_HEADERS) throw new SpdyError(`${count} headers: at most ${MAX_HEADERS} are allowed`)
  const headers: Record<string, string> = Object.create(null)
  for (let i = 0; i < count; i++) headers[text().toLowerCase()] = text().replaceAll('\0', ',')
  return headers
}

/** An empty stored block: readers hand on what they have only when they see one. */
const FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff])

/**
 * Writes blocks as one zlib stream that stores and never compresses: what a server has to say is short, and so it needs no
 * state but whether it has begun.
 */
export class HeaderWriter {
  #begun = false

  write(headers: Headers): Buffer {
    const entries = Object.entries(headers)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(entries.length)
    const body = Buffer.concat([count, ...entries.flatMap(([name, value]) => [sized(name), sized(value)])])
    if (body.length > 0xffff) throw new SpdyError('headers are too long')
    // A stored block that is not the last: type 0, length, its complement.
    const block = Buffer.from([
      0,
      body.length & 0xff,
      body.length >> 8,
      ~body.length & 0xff,
      (~body.length >> 8) & 0xff,
    ])
    const begin = this.#begun ? [] : [Buffer.from([0x78, 0x01])]
    this.#begun = true
    return Buffer.concat([...begin, block, body, FLUSH])
  }
}

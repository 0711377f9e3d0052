import { ConnectionError, type TransportResponse } from './transport.ts'

/** No object of a sane API is larger; etcd refuses requests beyond 1.5 MiB. */
const LIMIT_BYTES = 64 * 1024 * 1024
const NEWLINE = 10

/**
 * The JSON values of a stream that holds one per line. A last line without its newline is dropped: it was cut off, and
 * whoever resumes gets it again. Rejects with ConnectionError on a line that is not JSON or has no end.
 */
export async function* jsonLines(body: TransportResponse['body']): AsyncGenerator<unknown, void, undefined> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const piece = bytes.subarray(start, end)
      start = end + 1
      const line = restBytes === 0 ? piece : Buffer.concat([...rest, piece])
      if (restBytes > 0) rest = []
      restBytes = 0
      if (line.length > 0) yield parse(line)
    }
    if (start === bytes.length) continue
    rest.push(bytes.subarray(start))
    restBytes += bytes.length - start
    if (restBytes > LIMIT_BYTES) throw new ConnectionError(`a line of the stream is longer than ${LIMIT_BYTES} bytes`)
  }
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch (cause) {
    throw new ConnectionError(`a line of the stream is not JSON: ${line.toString('utf8', 0, 80)}`, { cause })
  }
}

/** One request to a Kubernetes API as plain values, whatever carries it. */
export interface TransportRequest {
  readonly method: string
  /** With its query: /api/v1/pods?limit=500 */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** The answer is wanted piece by piece as it comes (watches, logs); without it a transport may collect it first. */
  readonly stream?: boolean
  readonly signal?: AbortSignal
}

export interface TransportResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Iterating rejects with ConnectionError when the connection breaks; ending early cancels the request. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

export interface Transport {
  /** Rejects with ConnectionError when no answer came; with the signal's reason when it aborted. */
  request(request: TransportRequest): Promise<TransportResponse>
  close(): void
}

/** The API could not be reached, or the connection broke. Worth another try, later. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** An errno or TLS code: ECONNREFUSED, CERT_HAS_EXPIRED ... */
  readonly code: string | undefined
  constructor(message: string, options: { code?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = options.code
  }
}

/** A transport that calls a server of the same process. The caller binds the identity the handler acts under. */
export function loopbackTransport(handle: (request: TransportRequest) => Promise<TransportResponse>): Transport {
  return { request: handle, close() {} }
}

/** The whole body as one buffer; rejects beyond the limit, so that no answer can fill the memory. */
export async function readAll(body: TransportResponse['body'], limitBytes = 512 * 1024 * 1024): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > limitBytes) throw new ConnectionError(`the API's answer is larger than ${limitBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

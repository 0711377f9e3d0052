/** The other side broke the protocol or a limit: the connection ends. */
export class SpdyError extends Error {
  override readonly name = 'SpdyError'
}

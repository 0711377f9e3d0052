/** Of TLS: record type and handshake type of a ClientHello, and the extension with the server's name. Source: RFC 8446, RFC 6066. */
const HANDSHAKE = 0x16
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const RECORD_HEADER = 5

/** The name that the first bytes of a connection ask for, in lower case without port: empty when they do not say. */
export function hostAsked(first: Buffer): string {
  if (first[0] !== HANDSHAKE) return (/^host:[ \t]*([^\s:]+)/im.exec(first.toString('latin1'))?.[1] ?? '').toLowerCase()
  try {
    return serverName(first.subarray(RECORD_HEADER)).toLowerCase()
  } catch (error) {
    // It ends in the middle of something.
    if (error instanceof RangeError) return ''
    throw error
  }
}

function serverName(hello: Buffer): string {
  if (hello[0] !== CLIENT_HELLO) return ''
  // Handshake header, version, random; then the session, cipher suites and compressions.
  let at = 4 + 2 + 32
  at += 1 + hello.readUInt8(at)
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello.readUInt8(at)
  const end = at + 2 + hello.readUInt16BE(at)
  at += 2
  while (at < end) {
    const [type, length] = [hello.readUInt16BE(at), hello.readUInt16BE(at + 2)]
    // List length, name type, name length.
    if (type === SERVER_NAME) return hello.toString('latin1', at + 9, at + 9 + hello.readUInt16BE(at + 7))
    at += 4 + length
  }
  return ''
}

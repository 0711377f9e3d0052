const MAX_BYTES = 14_000

/**
 * A whole HTTP response as an administrator writes it, in the form HAProxy takes: a status line, headers, an empty line, a body of the
 * length that is told. Undefined when it is none.
 */
export function readPage(text: string | undefined): string | undefined {
  if (!text || text.length > MAX_BYTES) return undefined
  const [head = '', ...rest] = text.replaceAll('\r\n', '\n').split('\n\n')
  const [status = '', ...headers] = head.split('\n')
  if (!/^HTTP\/1\.[01] [1-5]\d\d( [\x20-\x7e]*)?$/.test(status)) return undefined
  const kept = headers.filter(line => !/^(content-length|transfer-encoding|connection):/i.test(line))
  if (!kept.every(line => /^[A-Za-z0-9-]+: ?[\x20-\x7e]*$/.test(line))) return undefined
  const body = rest.join('\n\n')
  const lines = [status, ...kept, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close']
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

import type { IncomingHttpHeaders as Headers1 } from 'node:http'
import type { IncomingHttpHeaders as Headers2 } from 'node:http2'

/** Without those of HTTP/2 itself; several of one name are joined. */
export function plainHeaders(headers: Headers1 | Headers2): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const name in headers) {
    if (name.startsWith(':')) continue
    const value = headers[name]
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return plain
}

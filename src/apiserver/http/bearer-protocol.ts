import type { IncomingHttpHeaders } from 'node:http'
import { plainHeaders } from './headers.ts'

const PREFIX = 'base64url.bearer.authorization.k8s.io.'
const PROTOCOLS = 'sec-websocket-protocol'

/**
 * The headers of a request that wants another protocol. Browsers cannot send a token with a WebSocket but as one of the
 * protocols they offer: it is taken out of them, which must leave one to agree on. Source: k8s.io/apiserver's websocket
 * authenticator.
 */
export function takeBearer(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const plain = plainHeaders(headers)
  const offered = (plain[PROTOCOLS] ?? '').split(',').map(text => text.trim())
  const tokens = offered.filter(text => text.startsWith(PREFIX))
  if (tokens.length === 0 || plain.authorization !== undefined) return plain
  const others = offered.filter(text => !text.startsWith(PREFIX))
  const encoded = tokens[0]!.slice(PREFIX.length)
  const token = Buffer.from(encoded, 'base64url').toString('utf8')
  // Neither of several, nor one that is none, nor one with nothing left to speak: an empty token is nobody's.
  const isSound = tokens.length === 1 && others.length > 0 && /^[\w-]+$/.test(encoded) && /^\S+$/.test(token)
  headers[PROTOCOLS] = others.join(', ')
  return { ...plain, [PROTOCOLS]: others.join(', '), authorization: `Bearer ${isSound ? token : '-'}` }
}

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DialDriver } from '../../host/dial/mod.ts'
import type { Location } from './location.ts'
import { type ProxyPath, passedOn } from './path.ts'
import { authorityOf, connect } from './proxy.ts'

export interface ProxiedUpgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  /** As sent, with its question mark; may be empty. */
  readonly search: string
}

/** The request with its wish to speak another protocol goes to the backend; then both sides talk. Throws StatusError 503. */
export async function proxyUpgrade(
  dial: DialDriver | undefined,
  location: Location,
  { prefix, path = '/' }: ProxyPath,
  { request, socket, head, search }: ProxiedUpgrade,
): Promise<void> {
  const backend = await connect(dial, location)
  const headers = {
    host: authorityOf(location),
    ...passedOn(request.headers, prefix, path),
    connection: 'Upgrade',
    upgrade: String(request.headers.upgrade),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  backend.write(`${request.method} ${path}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  if (head.length > 0) backend.write(head)
  socket.on('error', () => backend.destroy())
  backend.on('error', () => socket.destroy())
  socket.pipe(backend).pipe(socket)
  socket.on('close', () => backend.destroy())
  await once(backend, 'close').catch(() => {})
  socket.end()
}

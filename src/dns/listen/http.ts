import { createServer } from 'node:http'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** Serves one path; resolves with the way to stop. Rejects with EADDRINUSE, EACCES. */
export async function listenHttp(
  sockets: SocketDriver,
  at: { readonly netns: Netns; readonly port: number },
  path: string,
  answer: () => HttpAnswer,
): Promise<() => void> {
  const server = createServer((request, response) => {
    const { status, text } = request.url?.split('?')[0] === path ? answer() : { status: 404, text: 'not found\n' }
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(text)
  })
  await sockets.listen(server, at)
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

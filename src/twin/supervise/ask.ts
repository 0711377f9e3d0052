import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Progress } from '../../client/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'

const LIMIT_MS = 1000

/** How far the role behind an admin socket is; undefined when nobody answers there. */
export function askProgress(sockets: SocketDriver, path: string): Promise<Progress | undefined> {
  return new Promise(resolve => {
    const asked = request(
      { path: '/progress', createConnection: () => sockets.connectUnix(path), timeout: LIMIT_MS },
      answer => {
        text(answer).then(
          body => resolve(answer.statusCode === 200 ? (JSON.parse(body) as Progress) : undefined),
          () => resolve(undefined),
        )
      },
    )
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(undefined))
    asked.end()
  })
}

import type { Server } from 'node:http'
import { createServer } from 'node:http'

/** A web server somewhere on the internet: tells every client the address it came from, as one learns one's egress address. */
export const whoAmI = (): Server =>
  createServer((request, response) => {
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    response.setHeader('content-type', 'text/plain')
    response.end(`${address}\n`)
  })

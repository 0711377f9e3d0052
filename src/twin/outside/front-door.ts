import type { Server, Socket } from 'node:net'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { splice } from './splice.ts'

export interface FrontDoorDeps {
  readonly sockets: SocketDriver
  readonly log: Logger
}

/** A TLS connection begins with a handshake record. Source: RFC 8446 section 5.1. */
const TLS_HANDSHAKE = 0x16
const FIRST_BYTE_MS = 30_000

/**
 * The host's front door: every connection goes on from the outside client host to the load balancer's VIP. Each port takes plain HTTP
 * and TLS, told apart by the first byte, so that a redirect that keeps its port still arrives.
 */
export function frontDoor(deps: FrontDoorDeps, client: Netns, vip: Ip): Server {
  return deps.sockets.server(socket => {
    socket.setTimeout(FIRST_BYTE_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.once('data', first => {
      socket.setTimeout(0)
      forward(deps, socket, first as Buffer, { netns: client, vip })
    })
  })
}

function forward({ sockets, log }: FrontDoorDeps, socket: Socket, first: Buffer, to: { netns: Netns; vip: Ip }): void {
  socket.pause()
  const port = first[0] === TLS_HANDSHAKE ? 443 : 80
  const onward = sockets.connect({ netns: to.netns, address: to.vip, port, allowHalfOpen: true })
  onward.once('error', error =>
    log.warn({ error: error.message, vip: to.vip, port }, 'the load balancer does not answer'),
  )
  onward.write(first)
  splice(socket, onward)
}

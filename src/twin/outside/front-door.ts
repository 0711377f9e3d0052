import type { Server, Socket } from 'node:net'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { hostAsked } from './asked-host.ts'
import { dial } from './dial.ts'
import { splice } from './splice.ts'

export interface FrontDoorDeps {
  readonly sockets: SocketDriver
  readonly clock: Clock
  readonly log: Logger
}

/** A TLS connection begins with a handshake record. Source: RFC 8446 section 5.1. */
const TLS_HANDSHAKE = 0x16
const FIRST_BYTE_MS = 30_000
/** While one load balancer takes over from another, the kernel alone would try again after a whole second. */
const DIAL_MS = 150
const DIALS = 20

/**
 * The host's front door: every connection goes on from the outside client host to an address of the load balancers, chosen by the
 * name it asks for. Each port takes plain HTTP and TLS, told apart by the first byte, so that a redirect that keeps its port still
 * arrives.
 */
export function frontDoor(deps: FrontDoorDeps, client: Netns, addressFor: (host: string) => Ip): Server {
  return deps.sockets.server(socket => {
    socket.setTimeout(FIRST_BYTE_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.once('data', first => {
      socket.setTimeout(0)
      void forward(deps, socket, first as Buffer, { netns: client, address: addressFor(hostAsked(first as Buffer)) })
    })
  })
}

async function forward(
  deps: FrontDoorDeps,
  socket: Socket,
  first: Buffer,
  to: { netns: Netns; address: Ip },
): Promise<void> {
  socket.pause()
  const target = { ...to, port: first[0] === TLS_HANDSHAKE ? 443 : 80 }
  for (let tries = 0; tries < DIALS; tries++) {
    const onward = await dial(deps, target, DIAL_MS)
    if (socket.destroyed) return void onward?.destroy()
    if (!onward) continue
    onward.write(first)
    return splice(socket, onward)
  }
  deps.log.warn({ address: target.address, port: target.port }, 'no load balancer answers')
  socket.destroy()
}

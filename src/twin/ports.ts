import type { Netns } from '../host/netns/mod.ts'
import type { SocketDriver } from '../host/socket/mod.ts'
import { codeOf, UserError } from '../lib/errors.ts'
import type { Ip } from '../lib/ip.ts'
import type { Ports } from './mod.ts'

export interface BoundPorts {
  readonly ports: Ports
  /** Listening sockets of the host, in the order api, http, https. */
  readonly fds: readonly number[]
  /** Lets go of them again. */
  close(): void
}

type Use = keyof Ports
const USES: readonly Use[] = ['api', 'http', 'https']
const LOOPBACK = '127.0.0.1' as Ip
const SPAN = 200
const upFrom = (port: number): number[] => Array.from({ length: SPAN }, (_, index) => port + index)
/** Tried in this order when no port was asked for. The spans are apart, so that no use takes another's favourite. */
const PREFERRED: Readonly<Record<Use, readonly number[]>> = {
  api: [6443, ...upFrom(7443)],
  http: [80, ...upFrom(8080)],
  https: [443, ...upFrom(8443)],
}

/**
 * Listens on the host before the twin's world exists, so that the world inherits the sockets. A port asked for by name and taken is an
 * error; others move on: first to where they were last time, then to the next that is free.
 */
export function bindPorts(
  sockets: SocketDriver,
  home: Netns,
  asked: Partial<Ports>,
  last: Ports | undefined,
): BoundPorts {
  const bound: { port: number; fd: number }[] = []
  const close = (): void => {
    for (const { fd } of bound) sockets.closeFd(fd)
  }
  try {
    for (const use of USES) bound.push(bindOne(sockets, home, use, asked[use], last?.[use]))
  } catch (error) {
    close()
    throw error
  }
  const [api, http, https] = bound.map(({ port }) => port) as [number, number, number]
  return { ports: { api, http, https }, fds: bound.map(({ fd }) => fd), close }
}

function bindOne(
  sockets: SocketDriver,
  home: Netns,
  use: Use,
  asked: number | undefined,
  last: number | undefined,
): { port: number; fd: number } {
  const listen = (port: number): { port: number; fd: number } => ({
    port,
    fd: sockets.listenFd({ netns: home, port, address: LOOPBACK }),
  })
  if (asked !== undefined) {
    try {
      return listen(asked)
    } catch (error) {
      throw refusedPort(use, asked, error)
    }
  }
  for (const port of [...(last === undefined ? [] : [last]), ...PREFERRED[use]]) {
    try {
      return listen(port)
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' && codeOf(error) !== 'EACCES') throw error
    }
  }
  throw new UserError('NoPort', `no port of 127.0.0.1 is free for ${use}`, { hint: `name one: --publish ${use}=PORT` })
}

function refusedPort(use: Use, port: number, cause: unknown): unknown {
  const code = codeOf(cause)
  if (code === 'EADDRINUSE')
    return new UserError('PortTaken', `port ${port} of 127.0.0.1, asked for as ${use}, is taken`, {
      hint: `see who has it: ss -ltnp 'sport = :${port}'; or leave it out of --publish`,
      cause,
    })
  if (code === 'EACCES')
    return new UserError(
      'PortForbidden',
      `port ${port} of 127.0.0.1, asked for as ${use}, is not allowed to this user`,
      {
        hint: 'choose one above 1023, run as root, or lower sysctl net.ipv4.ip_unprivileged_port_start',
        cause,
      },
    )
  return cause
}

import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import type { Netns } from '../../../../host/netns/mod.ts'
import type { SocketDriver } from '../../../../host/socket/mod.ts'
import type { Ip } from '../../../../lib/ip.ts'

/** Opens a way to a DNS server of the cluster, and to nobody else. The way ends when the signal aborts; rejects when there is none. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>

/** A Unix socket: whoever could make it is trusted. */
export const dialUnix =
  (sockets: Pick<SocketDriver, 'connectUnix'>, path: string): Dial =>
  signal => {
    const socket = sockets.connectUnix(path)
    return opened(socket, 'connect', signal)
  }

export interface TlsTarget {
  readonly netns: Netns
  readonly address: Ip
  readonly port: number
  /** In the server's certificate. */
  readonly serverName: string
  /** Whoever signs it; PEM. Read for each way, as is the token: files are replaced while they are in use. May throw. */
  readonly authority: () => string
  /** Says to the server who asks. */
  readonly token: () => string
}

const KEEP_ALIVE_MS = 10_000

/** TLS to a server whose certificate is right; only then it is shown who asks. */
export function dialTls(sockets: Pick<SocketDriver, 'connect'>, target: TlsTarget): Dial {
  return async signal => {
    const ca = target.authority()
    // Without any the authorities of the public web would be asked.
    if (!ca.includes('BEGIN CERTIFICATE')) throw new Error('the authority of DNS servers is no certificate')
    const token = target.token().trim()
    const plain = sockets.connect({ netns: target.netns, address: target.address, port: target.port })
    plain.setKeepAlive(true, KEEP_ALIVE_MS)
    const socket = connect({
      socket: plain,
      ca,
      servername: target.serverName,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
    })
    plain.on('error', error => socket.destroy(error))
    socket.on('close', () => plain.destroy())
    await opened(socket, 'secureConnect', signal)
    socket.write(`${token}\n`)
    return socket
  }
}

function opened(socket: Duplex, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Duplex> {
  const end = (): void => void socket.destroy()
  signal.addEventListener('abort', end, { once: true })
  // A Unix socket stays half open by itself.
  socket.on('end', end)
  socket.on('close', () => signal.removeEventListener('abort', end))
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('hung up')))
    socket.once(event, () => resolve(socket))
    if (signal.aborted) end()
  })
}

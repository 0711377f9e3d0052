import type { Socket as UdpSocket } from 'node:dgram'
import type { ListenOptions, Server, Socket } from 'node:net'
import type { Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'

/** What any node server (net, http, https, http2, tls) offers here. */
export type Listenable = Pick<Server, 'listen' | 'address' | 'close' | 'once' | 'off'>

export interface TcpTarget {
  readonly netns: Netns
  readonly address: Ip
  readonly port: number
  readonly localAddress?: Ip
  /** The end of the other's data does not end ours: for forwarders. */
  readonly allowHalfOpen?: boolean
}

/** Whoever sent a datagram. */
export interface DatagramSender {
  readonly address: Ip
  readonly port: number
  /** Sends another datagram back, whenever; one that cannot be sent is lost. */
  send(bytes: Uint8Array): void
}

/** What answers datagrams. Nothing here may throw. */
export interface DatagramService {
  /**
   * Writes the reply to the datagram, which is the first `length` bytes of `packet`, into `reply`, and returns its length; 0 is
   * no reply now. Both buffers are lent for this call alone. `sender` is asked for by those who need it, within this call.
   */
  answer(packet: Buffer, length: number, reply: Buffer, sender: () => DatagramSender): number
  /** Called when what had arrived has been answered, with the number of datagrams. */
  answered?(count: number): void
}

/** What a service can write at once; longer replies go by the sender. Longer datagrams than this are not read. */
export const DATAGRAM_BYTES = 2048

/** A TCP socket that accepts, or a bound UDP one. */
export interface Listener {
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
  /** Reached by the namespace itself alone: 127.0.0.0/8 or ::1. */
  readonly isLoopback: boolean
}

/** Sockets that live in a given namespace though this process does not. */
export interface SocketDriver {
  /** Makes the server listen; address absent means every address of both families. Rejects with EADDRINUSE, EACCES ... */
  listen(server: Listenable, at: { readonly netns: Netns; readonly port: number; readonly address?: Ip }): Promise<void>
  /** Connects by address, never by name. The socket is returned at once and emits connect or error. */
  connect(target: TcpTarget): Socket
  /** A bound UDP socket; port 0 lets the kernel choose. address absent means every IPv4 address (or IPv6 with family 6). */
  udp(at: {
    readonly netns: Netns
    readonly port: number
    readonly address?: Ip
    readonly family?: 4 | 6
  }): Promise<UdpSocket>
  /**
   * Answers datagrams to every address of a family until closed: in batches, where the kernel's calls for them can be reached.
   * Rejects with EADDRINUSE, EACCES, EAFNOSUPPORT.
   */
  serveUdp(
    at: { readonly netns: Netns; readonly port: number; readonly family: 4 | 6 },
    service: DatagramService,
  ): Promise<{ close(): void }>
  /** Who listens in the namespace, whichever process it is. */
  listeners(netns: Netns): readonly Listener[]
  /** A listening TCP socket of the namespace as a descriptor, to pass on or inherit. Throws EADDRINUSE, EACCES. */
  listenFd(at: { readonly netns: Netns; readonly port: number; readonly address: Ip }): number
  /** Lets go of what listenFd made. */
  closeFd(fd: number): void
  /** A plain TCP or Unix server that does not listen yet: hand it to `listen` or `listenUnix`. Sockets are half-open capable. */
  server(onConnection: (socket: Socket) => void): Server
  /** Makes the server listen on a Unix socket, mode 0600; replaces a socket file nobody listens on. Rejects with EADDRINUSE. */
  listenUnix(server: Listenable, path: string): Promise<void>
  /** Connects to a Unix socket. The socket is returned at once and emits connect or error. */
  connectUnix(path: string): Socket
}
export type { ListenOptions }

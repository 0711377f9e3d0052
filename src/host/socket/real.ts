import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { closeSync, rmSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import type { Ip } from '../../lib/ip.ts'
import { C, check, libc } from '../libc.ts'
import type { Netns, NetnsDriver } from '../netns/mod.ts'
import { afOf, socketAddress } from './address.ts'
import { readListeners } from './listeners.ts'
import type { Listenable, SocketDriver, TcpTarget } from './mod.ts'
import { serveUdp } from './serve-udp.ts'

/** A socket belongs for ever to the namespace in which it was made, whatever its process does later. */
export function kernelSockets(netns: NetnsDriver): SocketDriver {
  const listenFd = (at: { netns: Netns; port: number; address: Ip }): number => {
    const fd = open(netns, at.netns, at.address, 0)
    return orClose(fd, () => {
      const on = Buffer.of(1, 0, 0, 0)
      check(libc().setsockopt(fd, C.SOL_SOCKET, C.SO_REUSEADDR, on, 4), 'setsockopt')
      const address = socketAddress(at.address, at.port)
      check(libc().bind(fd, address, address.length), 'bind', `${at.address}:${at.port}`)
      check(libc().listen(fd, 1024), 'listen', `${at.address}:${at.port}`)
    })
  }
  return {
    listenFd,
    closeFd: fd => closeSync(fd),
    listen: (server, { netns: at, port, address }) =>
      listening(server, () => {
        // With a host, Node would look it up and make the socket in a later turn: at home.
        if (address === undefined) netns.within(at, () => server.listen({ port, exclusive: true }))
        else server.listen({ fd: listenFd({ netns: at, port, address }) })
      }),
    connect: target => connect(netns, target),
    udp: at => udp(netns, at),
    listeners: at => netns.within(at, readListeners),
    serveUdp: async (at, service) => serveUdp(netns, at, service),
    server: onConnection => createServer({ allowHalfOpen: true }, onConnection),
    listenUnix: (server, path) => listenUnix(server, path),
    connectUnix: path => new Socket({ allowHalfOpen: true }).connect(path),
  }
}

function open(netns: NetnsDriver, at: Netns, address: Ip, flags: number): number {
  const type = C.SOCK_STREAM | C.SOCK_CLOEXEC | flags
  return netns.within(at, () => check(libc().socket(afOf(address), type, 0), 'socket'))
}

function orClose(fd: number, use: () => void): number {
  try {
    use()
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function listening(server: Listenable, begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      server.off('error', failed)
      resolve()
    }
    const failed = (error: Error): void => {
      server.off('listening', done)
      reject(error)
    }
    server.once('listening', done)
    server.once('error', failed)
    try {
      begin()
    } catch (error) {
      server.off('error', failed)
      failed(error as Error)
    }
  })
}

function connect(netns: NetnsDriver, target: TcpTarget): Socket {
  const { address: host, port, localAddress, allowHalfOpen = false } = target
  let fd: number
  try {
    fd = open(netns, target.netns, host, C.SOCK_NONBLOCK)
  } catch (error) {
    return new Socket().destroy(error as Error)
  }
  // In the same turn: an unconnected socket fails with ENOTCONN in the next.
  const socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen })
  return socket.connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) })
}

type UdpAt = Parameters<SocketDriver['udp']>[0]
function udp(netns: NetnsDriver, at: UdpAt): Promise<UdpSocket> {
  const family = at.family ?? (at.address?.includes(':') ? 6 : 4)
  const socket = createSocket({
    type: `udp${family}`,
    ipv6Only: family === 6,
    // The default would resolve even an address in a later turn: at home.
    lookup: (host, options, callback) => {
      const answer = (typeof options === 'function' ? options : callback) as (
        e: null,
        host: string,
        family: number,
      ) => void
      answer(null, host, family)
    },
  })
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      socket.close()
      reject(error)
    }
    socket.once('error', failed)
    socket.once('listening', () => {
      socket.off('error', failed)
      resolve(socket)
    })
    const address = at.address ?? (family === 4 ? '0.0.0.0' : '::')
    netns.within(at.netns, () => socket.bind({ port: at.port, address, exclusive: true }))
  })
}

async function listenUnix(server: Listenable, path: string): Promise<void> {
  const bind = (): Promise<void> =>
    listening(server, () => {
      const before = process.umask(0o177)
      try {
        server.listen(path)
      } finally {
        process.umask(before)
      }
    })
  try {
    await bind()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || (await answers(path))) throw error
    rmSync(path)
    await bind()
  }
}

/** Whether anybody listens on the socket file. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = new Socket().connect(path)
    const done = (found: boolean): void => {
      probe.destroy()
      resolve(found)
    }
    probe.once('connect', () => done(true)).once('error', () => done(false))
  })
}

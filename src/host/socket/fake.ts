import type { Socket as UdpSocket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'
import type { Listenable, Listener, SocketDriver, TcpTarget } from './mod.ts'
import { serving } from './serve-udp.ts'

/** Which namespace answers for an address, as seen from another; undefined is unreachable. */
export type Reach = (from: Netns, address: Ip) => Netns | undefined

/** Sockets in memory. Without `reach` each namespace reaches only itself. */
export function fakeSockets(reach: Reach = from => from): SocketDriver {
  const tcp = new Map<string, { readonly address: Ip | undefined; accept(socket: Duplex): void }>()
  const udp = new Map<string, FakeUdp>()
  const unix = new Map<string, Listenable>()
  const fds = new Map<number, string>()
  let lastPort = 40_000
  let lastFd = 1_000

  const find = (from: Netns, address: Ip, port: number): { accept(socket: Duplex): void } | undefined => {
    const at = reach(from, address)
    const found = at && tcp.get(`${at.fd} ${port}`)
    return found && (found.address === undefined || found.address === address || from !== at) ? found : undefined
  }
  const take = (at: { netns: Netns; port: number; address?: Ip }, accept: (socket: Duplex) => void): number => {
    const port = at.port === 0 ? ++lastPort : at.port
    const key = `${at.netns.fd} ${port}`
    if (tcp.has(key)) throw failure('EADDRINUSE', `listen ${port}`)
    tcp.set(key, { address: at.address, accept })
    return port
  }
  const openUdp: SocketDriver['udp'] = async at => {
    const port = at.port === 0 ? ++lastPort : at.port
    const key = (netns: Netns, address: string, number: number): string =>
      `${netns.fd} ${at.family ?? 4} ${address} ${number}`
    const [own, any] = [key(at.netns, at.address ?? ANY, port), key(at.netns, ANY, port)]
    if (udp.has(own) || udp.has(any)) throw failure('EADDRINUSE', `bind ${port}`)
    const send = (data: Buffer, to: number, address: Ip): void => {
      const there = reach(at.netns, address)
      const info = { address: at.address ?? '127.0.0.1', port, family: 'IPv4', size: data.length }
      if (there) (udp.get(key(there, address, to)) ?? udp.get(key(there, ANY, to)))?.deliver(data, info)
    }
    const socket = new FakeUdp(port, at.address ?? ('0.0.0.0' as Ip), send, () => udp.delete(own))
    udp.set(own, socket)
    return socket as unknown as UdpSocket
  }
  return {
    listen: async (server, at) => {
      const port = take(at, socket => emitter(server).emit('connection', socket))
      pretend(server, { port, address: at.address ?? '::' }, () => tcp.delete(`${at.netns.fd} ${port}`))
    },
    listeners: ({ fd }) => [
      ...[...tcp.keys()].flatMap(key => listenerOf(fd, 'TCP', key)),
      ...[...udp.keys()].flatMap(key => listenerOf(fd, 'UDP', key)),
    ],
    listenFd: at => {
      const port = take(at, socket => socket.destroy())
      fds.set(++lastFd, `${at.netns.fd} ${port}`)
      return lastFd
    },
    closeFd: fd => void tcp.delete(fds.get(fd) ?? ''),
    connect: target => connectTo(target, find(target.netns, target.address, target.port)),
    udp: openUdp,
    serveUdp: async (at, service) => serving(await openUdp(at), -1, service, () => undefined),
    server: onConnection => createServer({ allowHalfOpen: true }, onConnection),
    listenUnix: async (server, path) => {
      if (unix.has(path)) throw failure('EADDRINUSE', `listen ${path}`)
      unix.set(path, server)
      pretend(server, path, () => unix.delete(path))
    },
    connectUnix: path => {
      const server = unix.get(path)
      return pairUp(server && (socket => void emitter(server).emit('connection', socket)), {}, 'ENOENT', path)
    },
  }
}

const failure = (code: string, what: string): Error => Object.assign(new Error(`${what}: ${code}`), { code })
const emitter = (server: Listenable): EventEmitter => server as unknown as EventEmitter

/** Makes a server that does not listen look as if it did. */
function pretend(server: Listenable, address: string | { port: number; address: string }, release: () => void): void {
  const family = typeof address !== 'string' && address.address.includes(':') ? 'IPv6' : 'IPv4'
  Object.defineProperty(server, 'listening', { value: true, configurable: true })
  Object.assign(server, {
    address: () => (typeof address === 'string' ? address : { ...address, family }),
    close(callback?: () => void) {
      release()
      setImmediate(() => {
        emitter(server).emit('close')
        callback?.()
      })
      return server
    },
  })
  emitter(server).emit('listening')
}

function connectTo(target: TcpTarget, listener: { accept(socket: Duplex): void } | undefined): Socket {
  const local = { localAddress: target.localAddress ?? '127.0.0.1', localPort: 50_000 }
  const remote = { remoteAddress: target.address, remotePort: target.port }
  return pairUp(
    listener && (socket => listener.accept(socket)),
    { ...local, ...remote, allowHalfOpen: target.allowHalfOpen ?? false },
    'ECONNREFUSED',
    `connect ${target.address}:${target.port}`,
  )
}

interface Ends {
  readonly localAddress?: string
  readonly localPort?: number
  readonly remoteAddress?: string
  readonly remotePort?: number
  readonly allowHalfOpen?: boolean
}

function pairUp(accept: ((socket: Duplex) => void) | undefined, ends: Ends, code: string, what: string): Socket {
  const client = new FakeSocket(ends)
  setImmediate(() => {
    if (client.destroyed) return
    if (!accept) return void client.destroy(failure(code, what))
    const other = {
      allowHalfOpen: true,
      localAddress: ends.remoteAddress,
      localPort: ends.remotePort,
      remoteAddress: ends.localAddress,
      remotePort: ends.localPort,
    }
    const server = new FakeSocket(other as Ends)
    client.join(server)
    server.join(client)
    accept(server)
    client.connecting = false
    client.emit('connect')
    client.emit('ready')
  })
  return client as unknown as Socket
}

/** One end of a connection: what is written here is read there, with backpressure. */
class FakeSocket extends Duplex {
  connecting = true
  #other: FakeSocket | undefined
  #resume: (() => void) | undefined
  #waiting: (() => void)[] = []

  constructor(ends: Ends) {
    super({ allowHalfOpen: ends.allowHalfOpen ?? true })
    Object.assign(this, ends)
  }
  join(other: FakeSocket): void {
    this.#other = other
    this.connecting = false
    for (const run of this.#waiting.splice(0)) run()
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }
  resetAndDestroy(): this {
    return this.destroy()
  }
  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    const run = (): void => {
      if (!this.#other || this.#other.destroyed) callback()
      else if (this.#other.push(chunk)) callback()
      else this.#other.#resume = callback
    }
    if (this.#other) run()
    else this.#waiting.push(run)
  }
  override _final(callback: () => void): void {
    const run = (): void => {
      this.#other?.push(null)
      callback()
    }
    if (this.#other) run()
    else this.#waiting.push(run)
  }
  override _read(): void {
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const other = this.#other
    if (other && !other.destroyed) setImmediate(() => (this.writableFinished ? other.#orphaned() : other.destroy()))
    callback(error)
  }
  /** The other end is gone after it had sent everything. */
  #orphaned(): void {
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
}

class FakeUdp extends EventEmitter {
  readonly #port: number
  readonly #address: Ip
  readonly #send: (data: Buffer, port: number, address: Ip) => void
  readonly #release: () => void

  constructor(port: number, address: Ip, send: (data: Buffer, port: number, address: Ip) => void, release: () => void) {
    super()
    this.#port = port
    this.#address = address
    this.#send = send
    this.#release = release
  }
  address(): { address: string; port: number; family: string } {
    return { address: this.#address, port: this.#port, family: this.#address.includes(':') ? 'IPv6' : 'IPv4' }
  }
  deliver(data: Buffer, info: object): void {
    setImmediate(() => this.emit('message', data, info))
  }
  send(data: Buffer | string, port: number, address: Ip, callback?: (error: null, bytes: number) => void): void {
    const bytes = Buffer.from(data)
    this.#send(bytes, port, address)
    if (callback) setImmediate(() => callback(null, bytes.length))
  }
  close(callback?: () => void): this {
    this.#release()
    setImmediate(() => {
      this.emit('close')
      callback?.()
    })
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

/** Where a datagram socket hears whatever address it is sent to. */
const ANY = '*'

/** Of a key "fd port" or "fd family address port". */
function listenerOf(fd: number, protocol: 'TCP' | 'UDP', key: string): readonly Listener[] {
  const parts = key.split(' ')
  return Number(parts[0]) === fd ? [{ protocol, port: Number(parts.at(-1)), isLoopback: false }] : []
}

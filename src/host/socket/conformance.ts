import { createServer as createHttpServer, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'
import type { Listenable, SocketDriver } from './mod.ts'

export interface SocketFixture {
  readonly sockets: SocketDriver
  /** Two namespaces with loopback up that do not reach each other. */
  readonly a: Netns
  readonly b: Netns
  /** A folder for Unix sockets. */
  readonly folder: string
  close(): void
}

const LOOPBACK = ip('127.0.0.1')
const portOf = (server: Listenable): number => (server.address() as AddressInfo).port
const connected = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
const failed = (socket: Socket): Promise<NodeJS.ErrnoException> => new Promise(resolve => socket.once('error', resolve))

/** What every SocketDriver must do. */
export function socketConformance(open: () => SocketFixture): void {
  let fixture: SocketFixture
  let sockets: SocketDriver
  beforeEach(() => {
    fixture = open()
    sockets = fixture.sockets
  })
  afterEach(() => fixture.close())
  const echo = (): ReturnType<SocketDriver['server']> =>
    sockets.server(socket => void socket.on('error', () => {}).pipe(socket))
  const ask = async (socket: Socket, message: string): Promise<string> => {
    socket.end(message)
    return text(socket)
  }

  it('serves in the namespace asked for, and in no other', async () => {
    const server = echo()
    await sockets.listen(server, { netns: fixture.a, port: 7000 })
    const here = sockets.connect({ netns: fixture.a, address: LOOPBACK, port: 7000, allowHalfOpen: true })
    expect(await ask(here, 'hello')).toBe('hello')
    expect(await failed(sockets.connect({ netns: fixture.b, address: LOOPBACK, port: 7000 }))).toMatchObject({
      code: 'ECONNREFUSED',
    })
    server.close()
  })

  it('listens on one address, on a port that the kernel chooses', async () => {
    const server = echo()
    await sockets.listen(server, { netns: fixture.a, port: 0, address: LOOPBACK })
    expect(portOf(server)).toBeGreaterThan(0)
    const here = sockets.connect({ netns: fixture.a, address: LOOPBACK, port: portOf(server), allowHalfOpen: true })
    expect(await ask(here, 'hello')).toBe('hello')
    server.close()
  })

  it('refuses a port that is taken, here but not there', async () => {
    const [first, second, third] = [echo(), echo(), echo()]
    await sockets.listen(first, { netns: fixture.a, port: 7000 })
    await expect(sockets.listen(second, { netns: fixture.a, port: 7000 })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await sockets.listen(third, { netns: fixture.b, port: 7000 })
    expect(() => sockets.listenFd({ netns: fixture.a, port: 7000, address: LOOPBACK })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    )
    const held = sockets.listenFd({ netns: fixture.a, port: 7001, address: LOOPBACK })
    await expect(sockets.listen(second, { netns: fixture.a, port: 7001 })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    sockets.closeFd(held)
    await sockets.listen(second, { netns: fixture.a, port: 7001 })
    for (const server of [first, second, third]) server.close()
  })

  it('gives a port back', async () => {
    const server = echo()
    await sockets.listen(server, { netns: fixture.a, port: 7000 })
    await new Promise(resolve => server.close(() => resolve(undefined)))
    const again = echo()
    await sockets.listen(again, { netns: fixture.a, port: 7000 })
    again.close()
  })

  it('carries HTTP', async () => {
    const server = createHttpServer((asked, answer) => answer.end(`${asked.method} ${asked.url}`))
    await sockets.listen(server, { netns: fixture.a, port: 7080 })
    const answer = await new Promise<string>((resolve, reject) => {
      const createConnection = (): Socket => sockets.connect({ netns: fixture.a, address: LOOPBACK, port: 7080 })
      request({ path: '/x', createConnection }, got => resolve(text(got)))
        .once('error', reject)
        .end()
    })
    expect(answer).toBe('GET /x')
    server.close()
  })

  it('keeps one direction open after the end of the other, when asked', async () => {
    const server = sockets.server(socket => {
      let got = ''
      socket.on('data', data => {
        got += String(data)
      })
      socket.on('end', () => socket.end(`got ${got}`))
    })
    await sockets.listen(server, { netns: fixture.a, port: 7000 })
    const socket = sockets.connect({ netns: fixture.a, address: LOOPBACK, port: 7000, allowHalfOpen: true })
    expect(await ask(socket, 'all')).toBe('got all')
    server.close()
  })

  it('holds a sender back until the other reads', async () => {
    let accept: (socket: Socket) => void = () => {}
    const accepted = new Promise<Socket>(resolve => {
      accept = resolve
    })
    const server = sockets.server(socket => accept(socket))
    await sockets.listen(server, { netns: fixture.a, port: 7000 })
    const socket = sockets.connect({ netns: fixture.a, address: LOOPBACK, port: 7000 })
    await connected(socket)
    const bytes = 32 << 20
    expect(socket.write(Buffer.alloc(bytes))).toBe(false)
    socket.end()
    let received = 0
    for await (const chunk of await accepted) received += (chunk as Buffer).length
    expect(received).toBe(bytes)
    server.close()
  })

  it('sends and receives datagrams inside the namespace', async () => {
    const server = await sockets.udp({ netns: fixture.a, port: 5353 })
    server.on('message', (data, from) => server.send(`re ${data}`, from.port, from.address))
    await expect(sockets.udp({ netns: fixture.a, port: 5353 })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const elsewhere = await sockets.udp({ netns: fixture.b, port: 5353 })
    const client = await sockets.udp({ netns: fixture.a, port: 0, address: LOOPBACK })
    const answer = new Promise(resolve => client.once('message', data => resolve(String(data))))
    client.send('ping', 5353, LOOPBACK)
    expect(await answer).toBe('re ping')
    for (const socket of [server, elsewhere, client]) socket.close()
  })

  it('hears by each address what is sent to it, on the same port', async () => {
    const addresses = [LOOPBACK, ip('127.0.0.2')]
    const servers = await Promise.all(addresses.map(address => sockets.udp({ netns: fixture.a, port: 5353, address })))
    await expect(sockets.udp({ netns: fixture.a, port: 5353, address: LOOPBACK })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    const heard = servers.map(server => new Promise(resolve => server.once('message', data => resolve(String(data)))))
    const client = await sockets.udp({ netns: fixture.a, port: 0, address: LOOPBACK })
    for (const address of addresses.toReversed()) client.send(address, 5353, address)
    expect(await Promise.all(heard)).toEqual(addresses)
    for (const socket of [...servers, client]) socket.close()
  })

  it('answers datagrams at once or later, each to its sender', async () => {
    const counts: number[] = []
    const server = await sockets.serveUdp(
      { netns: fixture.a, port: 5353, family: 4 },
      {
        answer(packet, length, reply, sender) {
          const said = packet.toString('latin1', 0, length)
          const { port, send } = sender()
          if (said.startsWith('later')) setImmediate(() => send(Buffer.from(`${said} ${port}`)))
          return said.startsWith('now') ? reply.write(`${said} ${port}`) : 0
        },
        answered: count => counts.push(count),
      },
    )
    const at = { netns: fixture.a, port: 5353, family: 4 } as const
    await expect(sockets.serveUdp(at, { answer: () => 0 })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const clients = await Promise.all([1, 2].map(() => sockets.udp({ netns: fixture.a, port: 0, address: LOOPBACK })))
    const wanted = clients.map(client => {
      const { port } = client.address()
      const all = Array.from({ length: 100 }, (_, i) => `${i % 2 === 0 ? 'now' : 'later'} ${i} ${port}`)
      const got: string[] = []
      const whole = new Promise<void>(resolve =>
        client.on('message', data => {
          got.push(String(data))
          if (got.length === all.length) resolve()
        }),
      )
      for (const text of all) client.send(text.slice(0, text.lastIndexOf(' ')), 5353, LOOPBACK)
      client.send('nothing', 5353, LOOPBACK)
      return whole.then(() => expect(got.toSorted()).toEqual(all.toSorted()))
    })
    await Promise.all(wanted)
    await expect.poll(() => counts.reduce((sum, count) => sum + count, 0)).toBe(202)
    server.close()
    for (const client of clients) client.close()
  })

  it('serves Unix sockets', async () => {
    const path = `${fixture.folder}/s.sock`
    expect(await failed(sockets.connectUnix(path))).toMatchObject({ code: 'ENOENT' })
    const server = echo()
    await sockets.listenUnix(server, path)
    expect(await ask(sockets.connectUnix(path), 'hello')).toBe('hello')
    const second = echo()
    await expect(sockets.listenUnix(second, path)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await new Promise(resolve => server.close(() => resolve(undefined)))
    await sockets.listenUnix(second, path)
    second.close()
  })
}

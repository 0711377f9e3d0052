import { closeSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { kernelLinks } from '../link/real.ts'
import { assertOneNamespace, kernelNetns } from '../netns/real.ts'
import { type SocketFixture, socketConformance } from './conformance.ts'
import { kernelSockets } from './real.ts'

function fixture(): SocketFixture {
  const netns = kernelNetns()
  const [a, b] = [netns.create('socket-a'), netns.create('socket-b')]
  for (const at of [a, b]) kernelLinks(netns).apply(at, [{ op: 'up', name: 'lo' }])
  const folder = mkdtempSync(`${tmpdir()}/fairlead-socket-`)
  const close = (): void => {
    for (const at of [a, b]) netns.remove(at)
    rmSync(folder, { recursive: true })
  }
  return { sockets: kernelSockets(netns), a, b, folder, close }
}

describe('kernelSockets', () => {
  socketConformance(fixture)
})

describe('kernelSockets beyond the interface', () => {
  let made: SocketFixture
  beforeEach(() => {
    made = fixture()
  })
  afterEach(async () => {
    made.close()
    await assertOneNamespace()
  })

  it('makes descriptors that another server can listen on', async () => {
    const { sockets, a } = made
    const fd = sockets.listenFd({ netns: a, port: 7000, address: ip('127.0.0.1') })
    const server = createServer(socket => socket.end('by fd')).listen({ fd })
    const socket = sockets.connect({ netns: a, address: ip('127.0.0.1'), port: 7000 })
    expect(String((await socket.toArray())[0])).toBe('by fd')
    server.close()
    closeSync(sockets.listenFd({ netns: a, port: 7001, address: ip('::1') }))
  })

  it('serves both families where no address is given, also where IPv6 is off', async () => {
    const { sockets, a } = made
    const server = sockets.server(socket => socket.end('here'))
    await sockets.listen(server, { netns: a, port: 7000 })
    for (const address of ['127.0.0.1', '::1'])
      expect(String((await sockets.connect({ netns: a, address: ip(address), port: 7000 }).toArray())[0])).toBe('here')
    server.close()
  })

  it('takes IPv4 and IPv6 datagrams on one port, in two sockets', async () => {
    const { sockets, a } = made
    const four = await sockets.udp({ netns: a, port: 53 })
    const six = await sockets.udp({ netns: a, port: 53, family: 6 })
    const client = await sockets.udp({ netns: a, port: 0, family: 6 })
    const got = new Promise(resolve => six.once('message', data => resolve(String(data))))
    client.send('six', 53, '::1')
    expect(await got).toBe('six')
    for (const socket of [four, six, client]) socket.close()
  })

  it('makes Unix sockets for the owner alone, and replaces one that nobody serves', async () => {
    const { sockets, folder } = made
    const path = `${folder}/stale.sock`
    writeFileSync(path, '')
    const server = sockets.server(socket => socket.end())
    await sockets.listenUnix(server, path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    server.close()
  })
})

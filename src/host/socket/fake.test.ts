import { describe, expect, it } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { fakeNetns } from '../netns/fake.ts'
import { socketConformance } from './conformance.ts'
import { fakeSockets } from './fake.ts'

describe('fakeSockets', () => {
  socketConformance(() => {
    const netns = fakeNetns()
    return { sockets: fakeSockets(), a: netns.create('a'), b: netns.create('b'), folder: '/run', close: () => {} }
  })

  it('reaches other namespaces where it is told so', async () => {
    const netns = fakeNetns()
    const [a, b] = [netns.create('a'), netns.create('b')]
    const sockets = fakeSockets((from, address) => (address === '10.0.0.2' ? b : from))
    const server = sockets.server(socket => socket.end(String(socket.remoteAddress)))
    await sockets.listen(server, { netns: b, port: 80 })
    const socket = sockets.connect({ netns: a, address: ip('10.0.0.2'), port: 80, localAddress: ip('10.0.0.1') })
    const [data] = await socket.toArray()
    expect(String(data)).toBe('10.0.0.1')
  })
})

import type { Server, Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { systemClock } from '../../host/clock/real.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import { frontDoor } from './front-door.ts'
import { loadBalancer } from './load-balancer.ts'

const VIP = ip('172.18.0.100')
const CLIENT = ip('172.18.0.200')
const NODES = [ip('172.18.0.11'), ip('172.18.0.12'), ip('172.18.0.13')]

function world() {
  const netns = fakeNetns()
  const places = new Map<Ip, Netns>([
    [VIP, netns.create('lb')],
    ...NODES.map((address, index) => [address, netns.create(`node-${index + 1}`)] as const),
  ])
  const client = netns.create('client')
  places.set(CLIENT, client)
  const sockets = fakeSockets((_, address) => places.get(address))
  /** A server that says its name and sends back what it hears until the other end ends. */
  const named = async (address: Ip, port: number, name: string): Promise<Server> => {
    const server = sockets.server(socket => {
      socket.write(`${name}:`)
      socket.pipe(socket)
    })
    await sockets.listen(server, { netns: places.get(address)!, port })
    return server
  }
  return { sockets, client, lb: places.get(VIP)!, named }
}

function talk(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = ''
    socket.on('data', chunk => {
      heard += String(chunk)
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(heard))
    socket.end(text)
  })
}

describe('front door', () => {
  test.each([
    ['GET / HTTP/1.1\r\n', 'plain'],
    ['\x16\x03\x01hello', 'tls'],
  ])('%j goes to the %s port of the VIP, whole', async (text, expected) => {
    const { sockets, client, named } = world()
    await named(VIP, 80, 'plain')
    await named(VIP, 443, 'tls')
    await sockets.listen(
      frontDoor({ sockets, clock: systemClock, log: silent }, client, () => VIP),
      { netns: client, port: 8443 },
    )
    const answer = await talk(
      sockets.connect({ netns: client, address: CLIENT, port: 8443, allowHalfOpen: true }),
      text,
    )
    expect(answer).toBe(`${expected}:${text}`)
  })
})

describe('load balancer', () => {
  const balanced = async (w: ReturnType<typeof world>, requests: number): Promise<string[]> => {
    await w.sockets.listen(
      loadBalancer({ sockets: w.sockets, clock: systemClock, log: silent }, w.lb, { port: 80, nodes: () => NODES })
        .server,
      { netns: w.lb, port: 80 },
    )
    const answers: string[] = []
    for (let index = 0; index < requests; index++)
      answers.push(await talk(w.sockets.connect({ netns: w.client, address: VIP, port: 80, allowHalfOpen: true }), 'x'))
    return answers
  }
  test('takes the nodes in turn', async () => {
    const w = world()
    for (const [index, node] of NODES.entries()) await w.named(node, 80, `n${index + 1}`)
    expect(new Set(await balanced(w, 3))).toEqual(new Set(['n1:x', 'n2:x', 'n3:x']))
  })
  test('passes over nodes without a router; every request is served', async () => {
    const w = world()
    await w.named(NODES[1]!, 80, 'n2')
    expect(await balanced(w, 4)).toEqual(['n2:x', 'n2:x', 'n2:x', 'n2:x'])
  })
  test('a node that has failed is tried beside the requests, and takes part again once it answers', async () => {
    const w = world()
    const clock = fakeClock()
    await w.named(NODES[0]!, 80, 'n1')
    const { server } = loadBalancer({ sockets: w.sockets, clock, log: silent }, w.lb, { port: 80, nodes: () => NODES })
    await w.sockets.listen(server, { netns: w.lb, port: 80 })
    const ask = () => talk(w.sockets.connect({ netns: w.client, address: VIP, port: 80, allowHalfOpen: true }), 'x')
    const several = async () => new Set([await ask(), await ask(), await ask(), await ask()])
    expect(await several()).toEqual(new Set(['n1:x']))
    await w.named(NODES[1]!, 80, 'n2')
    expect(await several()).toEqual(new Set(['n1:x']))
    await clock.advance(500)
    expect(await ask()).toBe('n1:x')
    expect(await several()).toEqual(new Set(['n1:x', 'n2:x']))
  })
  test('closes the connection when no node answers', async () => {
    const w = world()
    expect((await balanced(w, 1))[0]).toBe('')
  })
})

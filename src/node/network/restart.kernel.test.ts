import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Service } from '../../api/core/service.ts'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { CONTENT_TABLE } from '../../datapath/program.ts'
import { TABLE } from '../../datapath/skeleton.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from './testing.ts'
import { createWorld, putNode, putService, putSlice } from './testing.ts'

let world: World
let bench: TestBench
let pods: { readonly a: Awaited<ReturnType<World['pod']>>; readonly b: Awaited<ReturnType<World['pod']>> }
const API = ip('172.30.1.1')

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  await (await world.start(bench, 2)).ready
  await (await agent()).stop()
  pods = { a: await world.pod(1, 3), b: await world.pod(2, 3) }
  putService(bench.api, 'api', API)
  putSlice(bench.api, 'api', [{ address: pods.b.address, node: 'node-2' }], { port: 7000 })
})
afterAll(() => {
  bench.close()
  world.close()
})

const echo = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text)
  const [data] = await once(socket, 'data')
  return String(data)
}

/** An agent of node 1 with caches of its own, as a new process has. */
async function agent(): Promise<{ readonly bench: TestBench; stop(): Promise<void> }> {
  const own = testBench({}, bench.api)
  const role = await world.start(own, 1)
  await role.ready
  return {
    bench: own,
    stop: async () => {
      own.close()
      await role.done
    },
  }
}

test('connections live on while the agent is away and after the next one has taken over', async () => {
  const server = createServer(socket => socket.pipe(socket))
  await world.sockets.listen(server, { netns: pods.b.netns, port: 7000 })
  const nft = world.nft.open(world.node(1))
  const first = await agent()
  const connection = world.sockets.connect({ netns: pods.a.netns, address: API, port: 80 })
  expect(await echo(connection, 'one')).toBe('one')
  const note = nft.comment(CONTENT_TABLE.family, CONTENT_TABLE.name)
  await first.stop()
  expect(await echo(connection, 'two')).toBe('two')

  const second = await agent()
  expect(await echo(connection, 'three')).toBe('three')
  expect(nft.comment(CONTENT_TABLE.family, CONTENT_TABLE.name)).toBe(note)
  await second.stop()

  // While nobody looks, one Service comes and somebody spoils an element of another; the note must not hide the first.
  putService(bench.api, 'more', '172.30.1.2')
  putSlice(bench.api, 'more', [{ address: pods.b.address, node: 'node-2' }])
  const third = await agent()
  expect(await echo(connection, 'four')).toBe('four')
  expect(await world.ask(pods.a.netns, ip('172.30.1.2'), 80)).toMatch(/^pod-2-3/)

  bench.api.drop(Service, { namespace: 'shop', name: 'more' })
  await settled(third.bench)
  expect(await world.ask(pods.a.netns, ip('172.30.1.2'), 80)).toBe('timeout')
  expect(await echo(connection, 'five')).toBe('five')
  await third.stop()
  connection.destroy()
  server.close()
  nft.close()
})

test('a UDP client that never pauses leaves a backend that went while no agent looked', async () => {
  const servers = await Promise.all(
    Object.entries(pods).map(async ([name, { netns }]) => {
      const socket = await world.sockets.udp({ netns, port: 5300 })
      socket.on('message', (_, { address, port }) => socket.send(name, port, address))
      return socket
    }),
  )
  const dns = ip('172.30.0.10')
  putService(bench.api, 'dns', dns, { ports: [{ port: 53, protocol: 'UDP' }] })
  const put = (pod: { readonly address: string }) =>
    putSlice(bench.api, 'dns', [{ address: pod.address }], { port: 5300, protocol: 'UDP' })
  put(pods.a)
  const first = await agent()
  const client = await world.sockets.udp({ netns: pods.a.netns, port: 0 })
  const hears = async (): Promise<string> => {
    client.send('?', 53, dns)
    const [data] = await once(client, 'message')
    return String(data)
  }
  expect(await hears()).toBe('a')
  await first.stop()
  put(pods.b)
  expect(await hears()).toBe('a')
  const second = await agent()
  expect(await hears()).toBe('b')
  await second.stop()
  client.close()
  for (const server of servers) server.close()
})

test('what a killed agent left half done is finished, element by element', async () => {
  const first = await agent()
  await first.stop()
  const nft = world.nft.open(world.node(1))
  const before = nft.elements(TABLE.family, TABLE.name, 'services4')?.length
  nft.run(`delete element inet fairlead services4 { ${API} . tcp . 80 }
add element inet fairlead endpoints-tcp4 { 172.30.7.7 . 80 . 0 : 10.128.0.9 . 80 }
add table inet fairlead-content\ndelete table inet fairlead-content\nadd table inet fairlead-content { comment "changing"; }`)
  const second = await agent()
  expect(nft.elements(TABLE.family, TABLE.name, 'services4')).toHaveLength(before!)
  expect(JSON.stringify(nft.elements(TABLE.family, TABLE.name, 'endpoints-tcp4'))).not.toContain('172.30.7.7')
  await second.stop()
  nft.close()
})

test('routes to nodes that went meanwhile are taken away', async () => {
  const far = putNode(bench.api, 9)
  const first = await agent()
  const to = '10.128.16.0/23'
  const routes = () => world.link.routes(world.node(1), 4).map(route => route.to)
  expect(routes()).toContain(to)
  await first.stop()
  bench.api.drop(Node, { name: far.metadata.name })
  const second = await agent()
  expect(routes()).not.toContain(to)
  expect(routes()).toContain('10.128.2.0/23')
  await second.stop()
})

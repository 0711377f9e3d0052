/**
 * Many Services, made and deleted again and again: nothing may be left. The whole of it:
 * CHURN_SERVICES=10000 CHURN_ROUNDS=5 SCALE_SERVICES=30000 tools/in-world.sh npx vitest run --project kernel src/node/network/churn.kernel.test.ts
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { elementMaps } from '../../datapath/elements.ts'
import { TABLE } from '../../datapath/skeleton.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from './testing.ts'
import { createWorld, putNode, putService, putSlice } from './testing.ts'

const SERVICES = Number(process.env.CHURN_SERVICES ?? 300)
const ROUNDS = Number(process.env.CHURN_ROUNDS ?? 3)
const SCALE = Number(process.env.SCALE_SERVICES ?? 1500)
const LIMIT_MS = 120_000 + (SERVICES * ROUNDS + SCALE) * 10

type Pod = Awaited<ReturnType<World['pod']>>
let world: World
let bench: TestBench
let pod: Pod
let client: Pod
beforeAll(async () => {
  world = createWorld(1)
  const first = testBench()
  putNode(first.api, 1)
  await (await world.start(first, 1)).ready
  pod = await world.pod(1, 3)
  client = await world.pod(1, 4)
  first.close()
})
beforeEach(() => {
  bench = testBench()
  putNode(bench.api, 1)
})
afterEach(() => bench.close())
afterAll(() => world.close())

const addressOf = (i: number): string => `172.30.${4 + (i >> 8)}.${i & 255}`
const name = (i: number): string => `s${i}`

/** Of every kind: TCP and UDP, node ports, affinity, source ranges, external addresses; two endpoints each. */
function make(i: number, round: number): void {
  const nodePort = 30_000 + (i % 2700)
  const hasPort = i < 2700
  putService(bench.api, name(i), addressOf(i), {
    type: hasPort ? 'NodePort' : 'ClusterIP',
    ports: [
      { name: 'tcp', port: 80, protocol: 'TCP', ...(hasPort ? { nodePort } : {}) },
      { name: 'udp', port: 53, protocol: 'UDP' },
    ],
    ...(i % 3 === 0 ? { sessionAffinity: 'ClientIP' as const } : {}),
    ...(i % 5 === 0 ? { externalIPs: [`198.51.100.${i % 250}`] } : {}),
  })
  const endpoints = [0, 1].map(j => ({ address: `10.129.${(i + round) & 255}.${j + 1}` }))
  const slice = putSlice(bench.api, name(i), endpoints)
  bench.api.put(EndpointSlice, {
    ...slice,
    ports: [
      { name: 'tcp', protocol: 'TCP', port: 8080 },
      { name: 'udp', protocol: 'UDP', port: 5353 },
    ],
  })
}
function unmake(i: number): void {
  if (!bench.api.get(Service, { namespace: 'shop', name: name(i) })) return
  bench.api.drop(Service, { namespace: 'shop', name: name(i) })
  bench.api.drop(EndpointSlice, { namespace: 'shop', name: `${name(i)}-1` })
}

/** How many elements each map and set of the kernel has. */
function counts(): Readonly<Record<string, number>> {
  const nft = world.nft.open(world.node(1))
  const found = Object.fromEntries(
    elementMaps(4).map(map => [map, nft.elements(TABLE.family, TABLE.name, map)?.length ?? -1]),
  )
  nft.close()
  return found
}

test(
  `${SERVICES} Services are deleted and made again ${ROUNDS} times: no element is left, none is missing`,
  async () => {
    await (await world.start(bench, 1)).ready
    await settled(bench)
    const empty = counts()
    let full: ReturnType<typeof counts> | undefined
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < SERVICES; i++) make(i, round)
      await settled(bench)
      full ??= counts()
      expect(counts()).toEqual(full)
      expect(full.services4).toBeGreaterThanOrEqual(2 * SERVICES)
      for (let i = 0; i < SERVICES; i++) unmake(i)
      await settled(bench)
      expect(counts()).toEqual(empty)
    }
  },
  LIMIT_MS,
)

test('an agent that is killed in the middle of churn leaves connections alone, and its successor nothing stale', async () => {
  const server = createServer(socket => socket.on('error', () => {}).pipe(socket))
  await world.sockets.listen(server, { netns: pod.netns, port: 7000 })
  putService(bench.api, 'held', '172.30.1.1')
  putSlice(bench.api, 'held', [{ address: pod.address }], { port: 7000 })
  let agent = testBench({}, bench.api)
  await (await world.start(agent, 1)).ready
  const connection = world.sockets.connect({ netns: client.netns, address: ip('172.30.1.1'), port: 80 })
  const echo = async (text: string): Promise<string> => {
    connection.write(text)
    const [data] = await once(connection, 'data')
    return String(data)
  }
  expect(await echo('before')).toBe('before')
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 200; i++)
      if ((i + round) % 3 === 0) unmake(i)
      else make(i, round)
    // Wherever it is by now.
    agent.close()
    expect(await echo(`killed ${round}`)).toBe(`killed ${round}`)
    for (let i = 0; i < 200; i += 7) unmake(i)
    agent = testBench({}, bench.api)
    await (await world.start(agent, 1)).ready
    await settled(agent)
    expect(await echo(`again ${round}`)).toBe(`again ${round}`)
  }
  const kept = counts()
  // What an agent makes of nothing is the measure.
  agent.close()
  const nft = world.nft.open(world.node(1))
  nft.run('flush ruleset')
  nft.close()
  const fresh = testBench({}, bench.api)
  await (await world.start(fresh, 1)).ready
  expect(kept).toEqual(counts())
  fresh.close()
  connection.destroy()
  server.close()
})

test(
  `${SCALE} Services with two endpoints each stand, and one more change is one`,
  async () => {
    for (let i = 0; i < SCALE; i++) {
      putService(bench.api, name(i), addressOf(i))
      putSlice(
        bench.api,
        name(i),
        [0, 1].map(j => ({ address: `10.129.${i & 255}.${j + 1}` })),
      )
    }
    const role = await world.start(bench, 1)
    await role.ready
    expect(counts()).toMatchObject({ services4: SCALE, 'endpoints-tcp4': 2 * SCALE })
    putSlice(bench.api, name(SCALE - 1), [{ address: pod.address }])
    await settled(bench)
    expect(await world.ask(client.netns, ip(addressOf(SCALE - 1)), 80)).toMatch(/^pod-1-3/)
    expect(counts()).toMatchObject({ services4: SCALE, 'endpoints-tcp4': 2 * SCALE - 1 })
  },
  LIMIT_MS,
)

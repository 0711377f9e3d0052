import { describe, expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import type { Hop, Observer, PodPlace, RouterLine } from './journey.ts'
import { throughRouter, throughService } from './journey.ts'
import { parseRouterLine } from './router-line.ts'
import type { Flow } from './tap.ts'
import { parseTap } from './tap.ts'

const POD: PodPlace = { name: 'api-1', node: 'node-2', address: ip('10.128.2.5') }
const CLIENT: PodPlace = { name: 'frontend-1', node: 'node-1', address: ip('10.128.0.7') }
const SERVICE = { address: ip('172.30.0.50'), port: 80 }
const LINE: RouterLine = {
  route: 'production/api',
  status: 200,
  from: { address: ip('10.128.0.2'), port: 40_001 },
  server: { address: POD.address, port: 8080 },
}

const flow = (
  link: string,
  source: string,
  sourcePort: number,
  destination: string,
  destinationPort: number,
): Flow => ({
  link,
  source: ip(source),
  sourcePort,
  destination: ip(destination),
  destinationPort,
  packets: 6,
})
const TRACES: Readonly<Record<string, readonly Flow[]>> = {
  'node-1 left': [
    flow('vxlan0', '10.128.0.2', 40_001, '10.128.2.5', 8080),
    flow('vxlan0', '10.128.0.7', 50_001, '10.128.2.5', 8080),
  ],
  'node-1 arrived': [flow('veth7', '10.128.0.7', 50_001, '172.30.0.50', 80)],
  'node-2 arrived': [
    flow('vxlan0', '10.128.0.2', 40_001, '10.128.2.5', 8080),
    flow('vxlan0', '10.128.0.7', 50_001, '10.128.2.5', 8080),
  ],
}
const everything: Observer = {
  routerLine: async () => LINE,
  routerNode: async () => 'node-1',
  podAt: async address => (address === POD.address ? POD : undefined),
  podLine: async (pods, id) =>
    pods.includes(POD) ? { pod: POD, line: `10.128.0.2:40001 "GET /${id} HTTP/1.1" 200 12` } : undefined,
  flows: async (node, side) => TRACES[`${node} ${side}`] ?? [],
}
const whole = (hops: readonly Hop[]): boolean => hops.length > 0 && hops.every(hop => hop.seen !== undefined)
const without = (key: string): Observer => ({
  ...everything,
  flows: async (node, side) => (`${node} ${side}` === key ? [] : (TRACES[`${node} ${side}`] ?? [])),
})

describe('through the router', () => {
  test('every hop is named with what it saw', async () => {
    const hops = await throughRouter(everything, 'r1')
    expect(hops.map(hop => hop.where)).toEqual(['HAProxy', 'Service', 'VXLAN, node-1', 'VXLAN, node-2', 'pod api-1'])
    expect(whole(hops)).toBe(true)
    expect(hops[2]!.seen).toBe('6 packets 10.128.0.2:40001 -> 10.128.2.5:8080 into vxlan0')
  })
  test('within one node there is no tunnel to cross', async () => {
    const hops = await throughRouter({ ...everything, routerNode: async () => 'node-2' }, 'r1')
    expect(hops.map(hop => hop.where)).toEqual(['HAProxy', 'Service', 'pod api-1'])
  })
  test.each([
    ['the router wrote nothing', { ...everything, routerLine: async () => undefined }],
    ['the server is no pod', { ...everything, podAt: async () => undefined }],
    ['nothing went into the tunnel', without('node-1 left')],
    ['nothing came out of the tunnel', without('node-2 arrived')],
    ['the pod wrote nothing', { ...everything, podLine: async () => undefined }],
  ] as const)('a hop is missing when %s', async (_, observer) => {
    expect(whole(await throughRouter(observer, 'r1'))).toBe(false)
  })
})

describe('through a Service', () => {
  const journey = (observer: Observer) => throughService(observer, 'r2', CLIENT, SERVICE, [CLIENT, POD])
  test('the rewritten address, the tunnel and the pod', async () => {
    const hops = await journey(everything)
    expect(hops.map(hop => hop.where)).toEqual(['nftables, node-1', 'VXLAN, node-1', 'VXLAN, node-2', 'pod api-1'])
    expect(whole(hops)).toBe(true)
    expect(hops[0]!.seen).toBe('Service 172.30.0.50:80 became 10.128.2.5:8080 (6 packets of port 50001)')
  })
  test.each([
    ['no packet went to the Service', without('node-1 arrived')],
    ['no packet left for the pod', without('node-1 left')],
    ['nothing came out of the tunnel', without('node-2 arrived')],
    ['no pod answered', { ...everything, podLine: async () => undefined }],
  ] as const)('a hop is missing when %s', async (_, observer) => {
    expect(whole(await journey(observer))).toBe(false)
  })
})

test("the router's line: both ends of its connection to the pod; others are none", () => {
  const text =
    '{"id":"x","client":"172.18.0.99:5","frontend":"tls","route":"production/api","server":"10.128.2.5:8080","source":"10.128.0.2:40001","path":"/r1","status":200}'
  expect(parseRouterLine(text)).toEqual(LINE)
  for (const other of ['', 'ready', '{"status":503,"server":"-:0","source":"-:0"}', '{broken'])
    expect(parseRouterLine(other)).toBeUndefined()
})

test("nft's JSON of a tap", () => {
  const text =
    '{"nftables": [{"metainfo": {}}, {"set": {"name": "left", "elem": [{"elem": {"val": {"concat": ["vxlan0", "10.128.0.2", 40001, "10.128.2.5", 8080]}, "expires": 59, "counter": {"packets": 6, "bytes": 270}}}]}}]}'
  expect(parseTap(text)).toEqual([flow('vxlan0', '10.128.0.2', 40_001, '10.128.2.5', 8080)])
  expect(parseTap('{"nftables": [{"set": {"name": "left"}}]}')).toEqual([])
})

import { afterEach, expect, test } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Service } from '../../api/core/service.ts'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import { EgressService } from '../../api/ovn/egress-service.ts'
import { settled } from '../../client/testing.ts'
import { ASSIGNABLE, HOST_CIDRS, PRIMARY_ADDRESSES, UNHEARD } from '../../model/egress/nodes.ts'
import { startEgressService } from '../egress-service/controller.ts'
import { type ControllerBench, controllerBench, serviceOf } from '../shared/testing.ts'
import { startEgressIP } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const [A, B] = ['172.18.0.50', '172.18.0.51'] as const
async function start(nodes = 3): Promise<void> {
  bench = controllerBench()
  for (let number = 1; number <= nodes; number++) putNode(number)
  await startEgressIP(bench.deps, bench.signal)
  await startEgressService(bench.deps, bench.signal)
}
const putNode = (number: number, unheard?: string, isAssignable = true): Node =>
  bench.api.put(Node, {
    metadata: {
      name: `node-${number}`,
      labels: isAssignable ? { [ASSIGNABLE]: '' } : {},
      annotations: {
        [PRIMARY_ADDRESSES]: `{"ipv4":"172.18.0.1${number}/24"}`,
        ...(unheard === undefined ? {} : { [UNHEARD]: unheard }),
      },
    },
    spec: {},
    status: {
      addresses: [{ type: 'InternalIP', address: `172.18.0.1${number}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  })
const put = (name: string, egressIPs: readonly string[]): void => {
  const old = bench.api.get(EgressIP, { name })
  const spec = { egressIPs, namespaceSelector: {} }
  bench.api.put(EgressIP, { metadata: { name }, spec, ...(old?.status ? { status: old.status } : {}) })
}
const where = () =>
  bench.api
    .all(EgressIP)
    .map(one => `${one.metadata.name} ${one.status?.items.map(item => `${item.egressIP}@${item.node}`)}`)

test('gives addresses to nodes, moves them when most of the nodes complain, and says so', async () => {
  await start()
  put('web', [A, B])
  await settled(bench)
  expect(where()).toEqual([`web ${A}@node-1,${B}@node-2`])
  putNode(2, 'node-1:uplink')
  await settled(bench)
  expect(where()).toEqual([`web ${A}@node-1,${B}@node-2`])
  putNode(3, 'node-1:overlay')
  await settled(bench)
  expect(where()).toEqual([`web ${A}@node-3,${B}@node-2`])
  // It is heard again: nothing goes back by itself.
  putNode(2)
  putNode(3)
  await settled(bench)
  expect(where()).toEqual([`web ${A}@node-3,${B}@node-2`])
  expect(await bench.eventsOf('web')).toEqual([
    `EgressIPAssigned: ${A} is on node-1`,
    `EgressIPAssigned: ${B} is on node-2`,
    `EgressIPAssigned: ${A} is on node-3, and was on node-1`,
  ])
})

test('an address that cannot be given is told of once, and given when it can', async () => {
  await start(1)
  put('web', [A, B, '172.18.0.11'])
  await settled(bench)
  put('web', [A, B, '172.18.0.11'])
  await settled(bench)
  expect(where()).toEqual([`web ${A}@node-1`])
  expect((await bench.eventsOf('web')).toSorted()).toEqual([
    `EgressIPAssigned: ${A} is on node-1`,
    'EgressIPConflict: 172.18.0.11 is the address of node node-1: it is given to no node',
    `UnassignedRequest: ${B} has no node: label more nodes`,
  ])
  putNode(2)
  await settled(bench)
  expect(where()).toEqual([`web ${A}@node-1,${B}@node-2`])
  putNode(1, undefined, false)
  putNode(2, undefined, false)
  await settled(bench)
  expect(where()).toEqual(['web '])
  expect((await bench.eventsOf('web')).filter(text => text.startsWith('EgressIPUnassigned'))).toHaveLength(2)
})

test('an address of a second link’s network is for nodes that have such a link; one of a node itself is for none', async () => {
  await start()
  const node = putNode(3)
  const annotations = { ...node.metadata.annotations, [HOST_CIDRS]: '["172.18.0.13/24","10.77.0.2/24"]' }
  bench.api.put(Node, { ...node, metadata: { ...node.metadata, annotations } })
  put('web', ['10.77.0.50', '10.77.0.2', '10.78.0.50'])
  await settled(bench)
  expect(where()).toEqual(['web 10.77.0.50@node-3'])
  const told = (await bench.eventsOf('web')).join('\n')
  expect(told).toContain('EgressIPConflict: 10.77.0.2 is the address of node node-3')
  expect(told).toContain("10.78.0.50 is in no node's network")
})

test('chooses a host for an EgressService once its Service has an address, and labels it as long as it is one', async () => {
  await start(2)
  const hosts = () => bench.api.all(EgressService).map(one => one.status?.host)
  const label = 'egress-service.k8s.ovn.org/shop-web'
  const labelled = () =>
    bench.api
      .all(Node)
      .filter(one => one.metadata.labels?.[label] === '')
      .map(one => one.metadata.name)
  const object = (spec: object) =>
    bench.api.put(EgressService, { metadata: { namespace: 'shop', name: 'web' }, spec } as never)
  object({ sourceIPBy: 'LoadBalancerIP' })
  await settled(bench)
  expect([hosts(), labelled()]).toEqual([[''], []])
  bench.api.put(Service, {
    ...serviceOf('web', { type: 'LoadBalancer' }),
    status: { loadBalancer: { ingress: [{ ip: '172.18.0.210', ipMode: 'VIP' }] } },
  })
  await settled(bench)
  expect([hosts(), labelled()]).toEqual([['node-1'], ['node-1']])
  object({ sourceIPBy: 'Network' })
  await settled(bench)
  expect([hosts(), labelled()]).toEqual([['ALL'], []])
  bench.api.drop(EgressService, { namespace: 'shop', name: 'web' })
  await settled(bench)
  expect(labelled()).toEqual([])
})

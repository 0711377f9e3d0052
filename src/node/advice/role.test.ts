import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Event } from '../../api/core/event.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { EventRecorder } from '../../client/events.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { fakeLinks } from '../../host/link/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import { netnsOf } from '../cni/names.ts'
import { putService } from '../network/testing.ts'
import { startAdvice } from './role.ts'

const clock = fakeClock()
let bench: TestBench
let events: EventRecorder
afterEach(() => bench.close())

async function start() {
  bench = testBench({}, undefined, clock)
  const netns = fakeNetns()
  const link = fakeLinks(netns)
  const sockets = fakeSockets()
  events = createEventRecorder({ client: bench.api.client, clock, log: bench.log }, { component: 'advice' })
  await startAdvice({ ...bench, netns, link, sockets, events }, 'node-1', bench.signal)
  return { netns, link, sockets }
}
const told = async (): Promise<readonly string[]> => {
  await events.flush()
  return bench.api.all(Event).map(({ involvedObject, reason }) => `${involvedObject.name} ${reason}`)
}
const put = (service: string, uid: string, nodeName = 'node-1') =>
  bench.api.put(EndpointSlice, {
    metadata: { namespace: 'shop', name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: [
      {
        addresses: ['10.128.0.5'],
        nodeName,
        targetRef: { kind: 'Pod', namespace: 'shop', name: `${service}-pod`, uid },
      },
    ],
  })

test('a Service is told of a pod in which nothing listens, after some patience, and of no other', async () => {
  const { netns, sockets } = await start()
  for (const name of ['deaf', 'fine', 'late', 'gone', 'far']) putService(bench.api, name, '172.30.1.1')
  for (const uid of ['deaf', 'fine', 'late', 'gone']) netns.create(netnsOf(uid))
  const listen = (uid: string) => sockets.udp({ netns: netns.open(netnsOf(uid)), port: 8080 })
  const serve = (uid: string) => sockets.listen(createServer(), { netns: netns.open(netnsOf(uid)), port: 8080 })
  await listen('deaf')
  await serve('fine')
  for (const uid of ['deaf', 'fine', 'late', 'gone']) put(uid, uid)
  put('far', 'deaf', 'node-2')
  await settled(bench)
  await clock.advance(8000)
  expect(await told()).toEqual([])
  await serve('late')
  bench.api.drop(EndpointSlice, { namespace: 'shop', name: 'gone-1' })
  await settled(bench)
  await clock.advance(5000)
  expect(await told()).toEqual(['deaf NobodyListens'])
})

test('a Service is told of a node port in the range of connections, also when the range changes later', async () => {
  const { link, netns } = await start()
  const at = netns.home
  link.sysctl(at, 'net/ipv4/ip_local_port_range', '32768\t60999')
  await clock.advance(10_000)
  putService(bench.api, 'web', '172.30.1.1', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] })
  await settled(bench)
  expect(await told()).toEqual([])
  link.sysctl(at, 'net/ipv4/ip_local_port_range', '30000\t60999')
  await clock.advance(10_000)
  expect(await told()).toEqual(['web NodePortNotReserved'])
})

import { Namespace } from '../src/api/core/namespace.ts'
import { Service } from '../src/api/core/service.ts'
import { EndpointSlice } from '../src/api/discovery/endpoint-slice.ts'
import { testBench } from '../src/client/testing.ts'
import { createDnsServer } from '../src/dns/server.ts'
import { kernelNetns } from '../src/host/netns/real.ts'
import { kernelSockets } from '../src/host/socket/real.ts'

const CHANGE_MS = 20

/** Serves names of so many Services until it is killed, while endpoints change fifty times a second. */
export async function serveNames(count: number, port: number): Promise<never> {
  const bench = testBench()
  const netns = kernelNetns()
  const namespace = 'bench'
  bench.api.put(Namespace, { metadata: { name: namespace }, spec: {} })
  const putSlice = (i: number, last: number) =>
    bench.api.put(EndpointSlice, {
      metadata: { namespace, name: `s${i}-1`, labels: { 'kubernetes.io/service-name': `s${i}` } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [`10.128.${(i >> 8) & 255}.${last}`], conditions: { ready: true } }],
    })
  for (let i = 0; i < count; i++) {
    const clusterIP = `172.30.${i >> 8}.${i & 255}`
    const spec = {
      type: 'ClusterIP' as const,
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ port: 80, protocol: 'TCP' as const }],
    }
    bench.api.put(Service, { metadata: { namespace, name: `s${i}` }, spec })
    putSlice(i, 1)
  }
  const server = createDnsServer(
    { ...bench, sockets: kernelSockets(netns) },
    { domain: 'cluster.local', networks: [], ttl: 5 },
  )
  await bench.informers.sync(bench.signal)
  const at = { netns: netns.home, port, hostname: 'bench', upstreams: [], logClass: 'error', out: () => {} } as const
  await server.attach(at, bench.signal)
  let changes = 0
  setInterval(() => putSlice(++changes % count, 2 + (changes % 200)), CHANGE_MS)
  return new Promise(() => {})
}

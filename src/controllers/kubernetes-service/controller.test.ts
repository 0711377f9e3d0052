import { afterEach, expect, it } from 'vitest'
import { Endpoints } from '../../api/core/endpoints.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { settled } from '../../client/testing.ts'
import { ip } from '../../lib/ip.ts'
import { type ControllerBench, controllerBench } from '../shared/testing.ts'
import { startKubernetesService } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

it('leads to the API: a Service at its first address, and where it listens in both forms, put back when taken away', async () => {
  bench = controllerBench()
  bench.api.put(Namespace, { metadata: { name: 'default' }, spec: {} })
  const options = { serviceAddresses: [ip('172.30.0.1')], addresses: [ip('172.18.0.2')], port: 6443 }
  await startKubernetesService(bench.deps, options, bench.signal)
  const key = { namespace: 'default', name: 'kubernetes' }
  const stands = async (): Promise<void> => {
    await settled(bench)
    expect(bench.api.get(Service, key)).toMatchObject({
      metadata: { labels: { provider: 'kubernetes', component: 'apiserver' } },
      spec: { clusterIP: '172.30.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }] },
    })
    const ports = [{ name: 'https', port: 6443, protocol: 'TCP' }]
    expect(bench.api.get(Endpoints, key)?.subsets).toEqual([{ addresses: [{ ip: '172.18.0.2' }], ports }])
    expect(bench.api.get(EndpointSlice, key)).toMatchObject({
      metadata: { labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      endpoints: [{ addresses: ['172.18.0.2'], conditions: { ready: true } }],
      ports,
    })
  }
  await stands()
  bench.api.drop(Service, key)
  bench.api.drop(EndpointSlice, key)
  await stands()
})

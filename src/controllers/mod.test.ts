import { afterEach, expect, it } from 'vitest'
import { Deployment } from '../api/apps/deployment.ts'
import { ReplicaSet } from '../api/apps/replica-set.ts'
import { ConfigMap } from '../api/core/config-map.ts'
import { Endpoints } from '../api/core/endpoints.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Node } from '../api/core/node.ts'
import { Pod } from '../api/core/pod.ts'
import { Service } from '../api/core/service.ts'
import { ServiceAccount } from '../api/core/service-account.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { eventually, settled } from '../client/testing.ts'
import { cidr } from '../lib/cidr.ts'
import { ip } from '../lib/ip.ts'
import { type ControllersOptions, startControllers } from './mod.ts'
import {
  type ControllerBench,
  controllerBench,
  deploymentDraft,
  fakeNodes,
  nodeSeed,
  TEST_KINDS,
} from './shared/testing.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const OPTIONS: ControllersOptions = {
  kinds: TEST_KINDS,
  clusterNetwork: [{ cidr: cidr('10.128.0.0/14'), hostPrefix: 23 }],
  kubernetesService: { serviceAddresses: [ip('172.30.0.1')], addresses: [ip('172.18.0.2')], port: 6443 },
  namespaceContent: { rootCa: 'ROOT', serviceCa: 'SERVICE' },
}

async function cluster(): Promise<ControllerBench> {
  bench = controllerBench()
  const { api } = bench
  for (const name of ['default', 'shop']) await api.client.create(Namespace, { metadata: { name }, spec: {} })
  for (const name of ['node-1', 'node-2', 'node-3']) api.put(Node, nodeSeed(name))
  await startControllers({ ...bench, client: api.client }, OPTIONS, bench.signal)
  return bench
}

it('makes a Deployment and a Service into bound, ready pods and endpoints', async () => {
  const { api } = await cluster()
  fakeNodes(bench)
  await settled(bench)
  await api.client.create(Service, {
    metadata: { namespace: 'shop', name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
  })
  await api.client.create(Deployment, deploymentDraft('web', 10))
  const pods = () => api.all(Pod)
  await eventually(
    () => pods().filter(pod => pod.spec.nodeName).length === 10,
    () => pods().length,
  )
  await settled(bench)
  const [slice] = api.all(EndpointSlice).filter(one => one.metadata.namespace === 'shop')
  expect(slice?.endpoints).toHaveLength(10)
  expect(slice?.ports).toEqual([{ name: '', port: 8080, protocol: 'TCP' }])
  expect(api.get(Endpoints, { namespace: 'shop', name: 'web' })?.subsets?.[0]?.addresses).toHaveLength(10)
  expect(api.get(Deployment, { namespace: 'shop', name: 'web' })?.status).toMatchObject({
    replicas: 10,
    availableReplicas: 10,
    updatedReplicas: 10,
  })
  const perNode = ['node-1', 'node-2', 'node-3'].map(name => pods().filter(pod => pod.spec.nodeName === name).length)
  expect(perNode.sort()).toEqual([3, 3, 4])
})

it('keeps what a cluster has from the start', async () => {
  const { api } = await cluster()
  await settled(bench)
  expect(api.all(Node).map(node => node.spec.podCIDR)).toEqual(['10.128.0.0/23', '10.128.2.0/23', '10.128.4.0/23'])
  expect(api.get(Service, { namespace: 'default', name: 'kubernetes' })?.spec.clusterIP).toBe('172.30.0.1')
  expect(api.get(EndpointSlice, { namespace: 'default', name: 'kubernetes' })?.endpoints[0]?.addresses).toEqual([
    '172.18.0.2',
  ])
  expect(
    api
      .all(ServiceAccount)
      .map(one => one.metadata.namespace)
      .sort(),
  ).toEqual(['default', 'shop'])
  expect(api.get(ConfigMap, { namespace: 'shop', name: 'kube-root-ca.crt' })?.data).toEqual({ 'ca.crt': 'ROOT' })
  api.drop(ServiceAccount, { namespace: 'shop', name: 'default' })
  api.drop(Service, { namespace: 'default', name: 'kubernetes' })
  await settled(bench)
  expect(api.all(ServiceAccount)).toHaveLength(2)
  expect(api.get(Service, { namespace: 'default', name: 'kubernetes' })).toBeDefined()
})

it('takes everything away with its owner, and a namespace with all in it', async () => {
  const { api } = await cluster()
  fakeNodes(bench)
  await api.client.create(Deployment, deploymentDraft('web', 3))
  await api.client.create(Deployment, deploymentDraft('api', 2))
  await settled(bench)
  expect([api.all(ReplicaSet).length, api.all(Pod).length]).toEqual([2, 5])
  await api.client.delete(Deployment, { namespace: 'shop', name: 'web' })
  await eventually(
    () => api.all(Pod).length === 2,
    () => api.all(Pod).length,
  )
  expect(api.all(ReplicaSet)).toHaveLength(1)
  await api.client.delete(Namespace, { name: 'shop' })
  await eventually(
    () => api.get(Namespace, { name: 'shop' }) === undefined,
    () => api.get(Namespace, { name: 'shop' }),
  )
  const left = [Pod, ReplicaSet, Deployment, ServiceAccount, ConfigMap].flatMap(kind => api.all<never>(kind as never))
  expect(left.filter((object: { metadata: { namespace?: string } }) => object.metadata.namespace === 'shop')).toEqual(
    [],
  )
})

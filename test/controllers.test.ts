import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Deployment } from '../src/api/apps/deployment.ts'
import { ReplicaSet } from '../src/api/apps/replica-set.ts'
import { ConfigMap } from '../src/api/core/config-map.ts'
import { Endpoints } from '../src/api/core/endpoints.ts'
import { Event } from '../src/api/core/event.ts'
import { Namespace } from '../src/api/core/namespace.ts'
import { Node } from '../src/api/core/node.ts'
import { Pod } from '../src/api/core/pod.ts'
import { Service } from '../src/api/core/service.ts'
import { ServiceAccount } from '../src/api/core/service-account.ts'
import { EndpointSlice } from '../src/api/discovery/endpoint-slice.ts'
import { type TestApi, testApi } from '../src/apiserver/testing.ts'
import { createInformers } from '../src/client/informers.ts'
import type { Informer, Role } from '../src/client/mod.ts'
import { createProgress, type ProgressWorker } from '../src/client/progress.ts'
import { startControllers } from '../src/controllers/mod.ts'
import { deploymentDraft } from '../src/controllers/shared/testing.ts'
import { systemClock } from '../src/host/clock/real.ts'
import { cidr } from '../src/lib/cidr.ts'
import { ip } from '../src/lib/ip.ts'
import { silent } from '../src/lib/log.ts'

let api: TestApi
let role: Role
let stop: AbortController

beforeEach(async () => {
  api = await testApi(systemClock, { namespaces: ['shop', 'kube-node-lease'] })
  stop = new AbortController()
  const progress = createProgress()
  const deps = { client: api.client, clock: systemClock, log: silent, progress }
  const informers = createInformers(deps, stop.signal)
  for (const name of ['node-1', 'node-2']) {
    const node = await api.client.create(Node, { metadata: { name }, spec: {} })
    const status = {
      conditions: [{ type: 'Ready', status: 'True' }],
      allocatable: { pods: '110', cpu: '4', memory: '8Gi' },
    }
    await api.client.updateStatus(Node, { ...node, status })
  }
  const options = {
    clusterNetwork: [{ cidr: cidr('10.128.0.0/14'), hostPrefix: 23 }],
    kubernetesService: { serviceAddresses: [ip('172.30.0.1')], addresses: [ip('172.18.0.2')], port: 6443 },
    namespaceContent: { rootCa: 'ROOT', serviceCa: 'SERVICE' },
    // Nobody renews the leases of these nodes.
    nodeGraceMs: 86_400_000,
  }
  role = await startControllers({ ...deps, informers }, options, stop.signal)
  playNodes(informers.of(Pod), progress.worker('nodes'))
})
afterEach(async () => {
  stop.abort(new Error('the test has ended'))
  await role.done
  await api.close()
})

/** What is bound runs at once; what is asked to end has ended. */
function playNodes(pods: Informer<Pod>, worker: ProgressWorker): void {
  let count = 0
  let running = 0
  const track = async (work: Promise<unknown>): Promise<void> => {
    worker.busy(++running > 0)
    await work.catch(() => {})
    worker.busy(--running > 0)
  }
  pods.onChange(({ type, object, old }) => {
    const { namespace, name, deletionTimestamp } = object.metadata
    const key = { namespace: namespace!, name }
    const isNews = deletionTimestamp ? !old?.metadata.deletionTimestamp : object.spec.nodeName && !old?.spec.nodeName
    if (type === 'deleted' || !isNews) return
    if (deletionTimestamp) return void track(api.client.delete(Pod, key, { gracePeriodSeconds: 0 }))
    const address = `10.128.0.${++count + 2}`
    const conditions = [{ type: 'Ready', status: 'True' }]
    const body = { status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }], conditions } }
    void track(api.client.patch(Pod, key, { type: 'merge', body }, 'status'))
  })
}

const bookmarks = async (): Promise<number> => {
  const answer = (await api.client.request('POST', '/fairlead/bookmarks')) as { readonly resourceVersion: string }
  return Number(answer.resourceVersion)
}
/** Until nothing happens any more. */
async function settled(): Promise<void> {
  for (;;) {
    const version = await bookmarks()
    for (;;) {
      const { observed, busy } = role.progress()
      if (observed >= version && busy.length === 0) break
      await new Promise(resolve => setImmediate(resolve))
      await bookmarks()
    }
    if ((await bookmarks()) === version) return
  }
}
const web = { namespace: 'shop', name: 'web' }
const images = async (): Promise<string[]> =>
  (await api.client.list(Pod, { namespace: 'shop' })).items.map(
    pod => `${pod.spec.containers[0]?.image} ${pod.status?.phase}`,
  )

it('rolls a Deployment out behind its Service, and again when its template changes', async () => {
  const { client } = api
  const ports = [{ port: 80, targetPort: 'http' }]
  await client.create(Service, { metadata: web, spec: { selector: { app: 'web' }, ports } })
  await client.create(Deployment, deploymentDraft('web', 4, 'v1'))
  await settled()
  expect(await images()).toEqual(Array(4).fill('v1 Running'))
  const slices = async () => (await client.list(EndpointSlice, { namespace: 'shop' })).items
  expect((await slices()).map(slice => [slice.endpoints.length, slice.ports?.[0]?.port])).toEqual([[4, 8080]])
  expect((await client.get(Endpoints, web)).subsets?.[0]?.addresses).toHaveLength(4)
  const containers = [{ name: 'main', image: 'v2', ports: [{ name: 'http', containerPort: 9090 }] }]
  await client.patch(Deployment, web, { type: 'merge', body: { spec: { template: { spec: { containers } } } } })
  await settled()
  expect(await images()).toEqual(Array(4).fill('v2 Running'))
  expect((await slices()).map(slice => [slice.endpoints.length, slice.ports?.[0]?.port])).toEqual([[4, 9090]])
  const deployment = await client.get(Deployment, web)
  expect(deployment.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
  expect(deployment.status?.conditions?.map(({ type, status }) => `${type}=${status}`).toSorted()).toEqual([
    'Available=True',
    'Progressing=True',
  ])
  expect((await client.list(ReplicaSet, { namespace: 'shop' })).items.map(set => set.spec.replicas).toSorted()).toEqual(
    [0, 4],
  )
  const reasons = async (): Promise<(string | undefined)[]> =>
    (await client.list(Event, { namespace: 'shop' })).items.map(event => event.reason)
  // Events are told when the work is done.
  await vi.waitFor(
    async () =>
      expect(await reasons()).toEqual(expect.arrayContaining(['ScalingReplicaSet', 'SuccessfulCreate', 'Scheduled'])),
    60_000,
  )
})

it('takes pods with their Deployment, whichever way it is deleted', async () => {
  const { client } = api
  for (const propagationPolicy of ['Background', 'Foreground'] as const) {
    await client.create(Deployment, deploymentDraft('web', 2))
    await settled()
    expect(await images()).toHaveLength(2)
    await client.delete(Deployment, web, { propagationPolicy })
    await settled()
    expect([await images(), await client.find(Deployment, web)]).toEqual([[], undefined])
  }
  await client.create(Deployment, deploymentDraft('web', 2))
  await settled()
  await client.delete(Deployment, web, { propagationPolicy: 'Orphan' })
  await settled()
  expect(await images()).toHaveLength(2)
})

it('keeps what a cluster and each namespace have, and empties namespaces that go', async () => {
  const { client } = api
  await settled()
  expect((await client.list(Node)).items.map(node => node.spec.podCIDR)).toEqual(['10.128.0.0/23', '10.128.2.0/23'])
  const kubernetes = { namespace: 'default', name: 'kubernetes' }
  expect((await client.get(Service, kubernetes)).spec.clusterIP).toBe('172.30.0.1')
  expect((await client.get(EndpointSlice, kubernetes)).endpoints[0]?.addresses).toEqual(['172.18.0.2'])
  await client.get(ServiceAccount, { namespace: 'shop', name: 'default' })
  await client.get(ConfigMap, { namespace: 'shop', name: 'openshift-service-ca.crt' })
  await client.create(Deployment, deploymentDraft('web', 2))
  await settled()
  await client.delete(Namespace, { name: 'shop' })
  while (await client.find(Namespace, { name: 'shop' })) await settled()
  expect(await images()).toEqual([])
  expect(await client.find(ServiceAccount, { namespace: 'default', name: 'default' })).toBeDefined()
})

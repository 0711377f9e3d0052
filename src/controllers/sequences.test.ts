import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DaemonSet } from '../api/apps/daemon-set.ts'
import { Deployment } from '../api/apps/deployment.ts'
import { ReplicaSet } from '../api/apps/replica-set.ts'
import { Endpoints } from '../api/core/endpoints.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Node } from '../api/core/node.ts'
import { Pod } from '../api/core/pod.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { isAlreadyExists, isNotFound } from '../client/mod.ts'
import { settled } from '../client/testing.ts'
import { cidr } from '../lib/cidr.ts'
import { startControllers } from './mod.ts'
import {
  type ControllerBench,
  controllerBench,
  deploymentDraft,
  fakeNodes,
  nodeSeed,
  TEST_KINDS,
} from './shared/testing.ts'

/** What users do. Names repeat on purpose. */
const operation = fc.oneof(
  fc.record({
    do: fc.constant('deploy' as const),
    name: fc.constantFrom('web', 'api'),
    replicas: fc.nat(6),
    image: fc.constantFrom('v1', 'v2'),
  }),
  fc.record({ do: fc.constant('remove' as const), name: fc.constantFrom('web', 'api') }),
  fc.record({ do: fc.constant('expose' as const), name: fc.constantFrom('web', 'api') }),
  fc.record({ do: fc.constant('hide' as const), name: fc.constantFrom('web', 'api') }),
  fc.record({ do: fc.constant('join' as const), name: fc.constantFrom('node-3', 'node-4') }),
  fc.record({ do: fc.constant('kill' as const), index: fc.nat(10) }),
  fc.record({ do: fc.constant('cut' as const) }),
  fc.record({ do: fc.constant('pause' as const) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

const ignore = (error: unknown): void => {
  if (!isNotFound(error) && !isAlreadyExists(error)) throw error
}
const key = (name: string) => ({ namespace: 'shop', name })

async function carryOut({ api }: ControllerBench, step: Operation): Promise<void> {
  const { client } = api
  switch (step.do) {
    case 'deploy': {
      const draft = deploymentDraft(step.name, step.replicas, step.image)
      const made = await client.create(Deployment, draft).catch(ignore)
      if (!made)
        await client.patch(Deployment, key(step.name), { type: 'merge', body: { spec: draft.spec } }).catch(ignore)
      return
    }
    case 'remove':
      return void (await client.delete(Deployment, key(step.name)).catch(ignore))
    case 'expose':
      return void (await client
        .create(Service, {
          metadata: key(step.name),
          spec: { selector: { app: step.name }, ports: [{ port: 80, targetPort: 'http' }] },
        })
        .catch(ignore))
    case 'hide':
      return void (await client.delete(Service, key(step.name)).catch(ignore))
    case 'join':
      return void (api.get(Node, { name: step.name }) ?? api.put(Node, nodeSeed(step.name)))
    case 'kill': {
      const pods = api.all(Pod)
      const victim = pods[step.index % (pods.length || 1)]
      return void (victim && (await client.delete(Pod, key(victim.metadata.name)).catch(ignore)))
    }
    case 'cut':
      return api.cutWatches()
    case 'pause':
      return void (await new Promise(resolve => setImmediate(resolve)))
  }
}

/** What should be there in the end: the last word on each name. */
function expected(steps: readonly Operation[]) {
  const deployments = new Map<string, { replicas: number; image: string }>()
  const services = new Set<string>()
  for (const step of steps) {
    if (step.do === 'deploy') deployments.set(step.name, step)
    if (step.do === 'remove') deployments.delete(step.name)
    if (step.do === 'expose') services.add(step.name)
    if (step.do === 'hide') services.delete(step.name)
  }
  return { deployments, services }
}

async function run(steps: readonly Operation[]): Promise<void> {
  const bench = controllerBench()
  const { api } = bench
  try {
    await api.client.create(Namespace, { metadata: { name: 'shop' }, spec: {} })
    for (const name of ['node-1', 'node-2']) api.put(Node, nodeSeed(name))
    const options = { kinds: TEST_KINDS, clusterNetwork: [{ cidr: cidr('10.128.0.0/14'), hostPrefix: 23 }] }
    await startControllers({ ...bench, client: api.client }, options, bench.signal)
    fakeNodes(bench)
    for (const step of steps) await carryOut(bench, step)
    await settled(bench)
    check(bench, steps)
    const writes = api.revision
    await settled(bench)
    expect(api.revision).toBe(writes)
  } finally {
    bench.close()
  }
}

function check({ api }: ControllerBench, steps: readonly Operation[]): void {
  const { deployments, services } = expected(steps)
  for (const name of ['web', 'api']) {
    const wanted = deployments.get(name)
    const pods = api.all(Pod).filter(pod => pod.metadata.labels?.app === name)
    expect(pods.map(pod => [pod.spec.containers[0]?.image, pod.status?.phase])).toEqual(
      Array(wanted?.replicas ?? 0).fill([wanted?.image, 'Running']),
    )
    expect(api.get(Deployment, key(name))?.status?.availableReplicas ?? 0).toBe(wanted?.replicas ?? 0)
    const addresses = pods.map(pod => pod.status!.podIP!).toSorted()
    const slices = api
      .all(EndpointSlice)
      .filter(slice => slice.metadata.labels?.['kubernetes.io/service-name'] === name)
    const isExposed = services.has(name)
    expect(slices.flatMap(slice => slice.endpoints.flatMap(endpoint => endpoint.addresses)).toSorted()).toEqual(
      isExposed ? addresses : [],
    )
    expect(slices.length > 0).toBe(isExposed)
    const subsets = api.get(Endpoints, key(name))?.subsets ?? []
    expect(subsets.flatMap(subset => (subset.addresses ?? []).map(one => one.ip)).toSorted()).toEqual(
      isExposed ? addresses : [],
    )
    const sets = api.all(ReplicaSet).filter(set => set.metadata.ownerReferences?.[0]?.name === name)
    if (!wanted) expect(sets).toEqual([])
  }
  expect(api.all(DaemonSet)).toEqual([])
  const ranges = api.all(Node).map(node => node.spec.podCIDR)
  expect(new Set(ranges).size).toBe(ranges.length)
}

it('ends in what was last asked for, whatever happened on the way and however watches broke', async () => {
  await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 3, maxLength: 25 }), run), {
    numRuns: 60,
    endOnFailure: true,
  })
}, 60_000)

import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { ControllerRevision } from '../../api/apps/controller-revision.ts'
import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { StatefulSet } from '../../api/apps/stateful-set.ts'
import { Node } from '../../api/core/node.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim.ts'
import { Pod } from '../../api/core/pod.ts'
import { settled } from '../../client/testing.ts'
import { startDaemonSet } from '../daemonset/controller.ts'
import { startScheduler } from '../scheduler/controller.ts'
import { type ControllerBench, controllerBench, fakeNodes, nodeSeed } from '../shared/testing.ts'
import { startStatefulSet } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())
const web = { namespace: 'shop', name: 'web' }
const spec = (replicas: number, image: string) => ({
  replicas,
  serviceName: 'web',
  selector: { matchLabels: { app: 'web' } },
  template: { metadata: { labels: { app: 'web' } } as never, spec: { containers: [{ name: 'c', image }] } },
})

async function start(): Promise<void> {
  bench = controllerBench()
  for (const name of ['node-1', 'node-2']) bench.api.put(Node, nodeSeed(name))
  await startScheduler(bench.deps, {}, bench.signal)
  await startStatefulSet(bench.deps, bench.signal)
  await startDaemonSet(bench.deps, bench.signal)
  fakeNodes(bench)
}
const pods = (): string[] =>
  bench.api
    .all(Pod)
    .map(({ metadata, spec }) => `${metadata.name} ${spec.containers[0]?.image}`)
    .toSorted()
const revisions = (): number[] =>
  bench.api
    .all(ControllerRevision)
    .map(({ revision }) => revision)
    .toSorted()
const update = (image: string) => {
  const { template } = spec(0, image)
  return bench.api.client.patch(StatefulSet, web, { type: 'merge', body: { spec: { template } } })
}

it('keeps names and claims through an update, and revisions to go back to', async () => {
  await start()
  const { api } = bench
  const volumeClaimTemplates = [{ metadata: { name: 'www' } }] as never
  await api.client.create(StatefulSet, { metadata: web, spec: { ...spec(3, 'v1'), volumeClaimTemplates } })
  await settled(bench)
  expect(pods()).toEqual(['web-0 v1', 'web-1 v1', 'web-2 v1'])
  await update('v2')
  await settled(bench)
  expect(pods()).toEqual(['web-0 v2', 'web-1 v2', 'web-2 v2'])
  expect(revisions()).toEqual([1, 2])
  expect(api.all(PersistentVolumeClaim).map(({ metadata }) => metadata.name)).toEqual([
    'www-web-0',
    'www-web-1',
    'www-web-2',
  ])
  const status = () => api.get(StatefulSet, web)!.status!
  expect(status()).toMatchObject({ updatedReplicas: 3, currentReplicas: 3, readyReplicas: 3 })
  expect(status().currentRevision).toBe(status().updateRevision)
  await update('v1')
  await settled(bench)
  // The old template is the newest revision again, under its old name.
  expect([pods(), revisions()]).toEqual([
    ['web-0 v1', 'web-1 v1', 'web-2 v1'],
    [2, 3],
  ])
  expect(await bench.eventsOf('web')).toEqual(
    expect.arrayContaining([
      'SuccessfulCreate: create Pod web-0 in StatefulSet web successful',
      'SuccessfulCreate: create Claim www-web-0 Pod web-0 in StatefulSet web success',
      'SuccessfulDelete: delete Pod web-2 in StatefulSet web successful',
    ]),
  )
})

it('claims go with the set or the pod, as the policy says at that time', async () => {
  await start()
  const { api } = bench
  const volumeClaimTemplates = [{ metadata: { name: 'www' } }] as never
  await api.client.create(StatefulSet, { metadata: web, spec: { ...spec(3, 'v1'), volumeClaimTemplates } })
  await settled(bench)
  const owners = () =>
    api
      .all(PersistentVolumeClaim)
      .map(({ metadata }) => (metadata.ownerReferences ?? []).map(({ kind }) => kind).join())
  const policy = async (whenDeleted: string, whenScaled: string, more: object = {}) => {
    const persistentVolumeClaimRetentionPolicy = { whenDeleted, whenScaled }
    const body = { spec: { persistentVolumeClaimRetentionPolicy, ...more } }
    await api.client.patch(StatefulSet, web, { type: 'merge', body })
    await settled(bench)
    return owners()
  }
  expect(owners()).toEqual(['', '', ''])
  expect(await policy('Delete', 'Retain')).toEqual(['StatefulSet', 'StatefulSet', 'StatefulSet'])
  expect(await policy('Retain', 'Retain')).toEqual(['', '', ''])
  expect(await policy('Delete', 'Delete', { replicas: 1 })).toEqual(['StatefulSet', 'Pod', 'Pod'])
})

it('forgets revisions beyond the limit, but none that is in use', async () => {
  await start()
  const { api } = bench
  await api.client.create(StatefulSet, { metadata: web, spec: { ...spec(1, 'v0'), revisionHistoryLimit: 2 } })
  for (let version = 1; version <= 5; version++) {
    await settled(bench)
    await update(`v${version}`)
  }
  await settled(bench)
  expect(revisions()).toEqual([4, 5, 6])
})

it('takes on a pod of the right name, not of another', async () => {
  await start()
  const { api } = bench
  const orphan = (name: string) => ({
    metadata: { namespace: 'shop', name, labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'v1' }] },
  })
  await api.client.create(Pod, orphan('web-0'))
  await api.client.create(Pod, orphan('stranger'))
  await api.client.create(StatefulSet, { metadata: web, spec: spec(1, 'v1') })
  await settled(bench)
  const owner = (name: string) => api.get(Pod, { namespace: 'shop', name })?.metadata.ownerReferences?.[0]?.kind
  expect([owner('web-0'), owner('stranger')]).toEqual(['StatefulSet', undefined])
})

it('a DaemonSet keeps revisions too, and surges where told to', async () => {
  await start()
  const { api } = bench
  const agents = { namespace: 'shop', name: 'agents' }
  const { replicas: _, serviceName: __, ...rest } = spec(0, 'v1')
  const updateStrategy = { type: 'RollingUpdate' as const, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  await api.client.create(DaemonSet, { metadata: agents, spec: { ...rest, updateStrategy } })
  await settled(bench)
  const ready = () => api.all(Pod).filter(({ status }) => status?.conditions?.[0]?.status === 'True').length
  expect(ready()).toBe(2)
  let fewest = 2
  bench.informers.of(Pod).onChange(() => {
    fewest = Math.min(fewest, api.all(Pod).filter(one => one.status?.phase === 'Running').length)
  })
  const { template } = spec(0, 'v2')
  await api.client.patch(DaemonSet, agents, { type: 'merge', body: { spec: { template } } })
  await settled(bench)
  expect([fewest, ready(), revisions()]).toEqual([2, 2, [1, 2]])
  expect(api.all(Pod).map(({ spec }) => spec.containers[0]?.image)).toEqual(['v2', 'v2'])
  expect(api.get(DaemonSet, agents)?.status).toMatchObject({ updatedNumberScheduled: 2, numberAvailable: 2 })
})

it('ends in what was last asked for, whatever happened on the way and however watches broke', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('scale' as const), replicas: fc.nat(4) }),
    fc.record({ do: fc.constant('image' as const), image: fc.constantFrom('v1', 'v2', 'v3') }),
    fc.record({ do: fc.constant('kill' as const), index: fc.nat(4) }),
    fc.record({ do: fc.constantFrom('cut' as const, 'pause' as const) }),
  )
  const policy = fc.constantFrom('OrderedReady' as const, 'Parallel' as const)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), policy, async (steps, podManagementPolicy) => {
      await start()
      const { api } = bench
      let [replicas, image] = [2, 'v1']
      await api.client.create(StatefulSet, { metadata: web, spec: { ...spec(replicas, image), podManagementPolicy } })
      for (const one of steps) {
        if (one.do === 'scale') {
          replicas = one.replicas
          await api.client.patch(StatefulSet, web, { type: 'merge', body: { spec: { replicas } } })
        } else if (one.do === 'image') {
          image = one.image
          await update(image)
        } else if (one.do === 'kill') {
          const victim = api.all(Pod)[one.index]
          if (victim) await api.client.delete(Pod, { namespace: 'shop', name: victim.metadata.name }).catch(() => {})
        } else if (one.do === 'cut') api.cutWatches()
        else await new Promise(resolve => setImmediate(resolve))
      }
      await settled(bench)
      expect(pods()).toEqual(Array.from({ length: replicas }, (_, i) => `web-${i} ${image}`))
      expect(api.get(StatefulSet, web)?.status?.readyReplicas ?? 0).toBe(replicas)
      const writes = api.revision
      await settled(bench)
      expect(api.revision).toBe(writes)
      bench.close()
    }),
    { numRuns: 40, endOnFailure: true },
  )
}, 60_000)

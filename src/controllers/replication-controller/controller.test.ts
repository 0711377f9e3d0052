import { afterEach, expect, it } from 'vitest'
import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { Pod } from '../../api/core/pod.ts'
import { ReplicationController } from '../../api/core/workload/replication-controller.ts'
import { eventually, settled } from '../../client/testing.ts'
import { startReplicaSet } from '../replicaset/controller.ts'
import { type ControllerBench, controllerBench, deploymentDraft } from '../shared/testing.ts'
import { startReplicationController } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

it('keeps its pods, and leaves those of ReplicaSets alone', async () => {
  bench = controllerBench()
  const { api } = bench
  await Promise.all([startReplicationController(bench.deps, bench.signal), startReplicaSet(bench.deps, bench.signal)])
  const { metadata, spec } = deploymentDraft('old', 2)
  await api.client.create(ReplicationController, {
    metadata,
    spec: { replicas: 2, selector: spec.selector.matchLabels!, template: spec.template },
  })
  await api.client.create(ReplicaSet, deploymentDraft('new', 1))
  await settled(bench)
  const owned = (kind: string) =>
    api.all(Pod).filter(pod => pod.metadata.ownerReferences?.some(owner => owner.kind === kind))
  await eventually(() => owned('ReplicationController').length === 2 && owned('ReplicaSet').length === 1)
  const [pod] = owned('ReplicationController')
  expect(pod!.metadata.ownerReferences).toMatchObject([{ apiVersion: 'v1', name: 'old', controller: true }])
  const key = { namespace: 'shop', name: 'old' }
  await eventually(() => api.get(ReplicationController, key)?.status?.replicas === 2)
  // A server refuses an object whose selector is not labels alone.
  expect(api.get(ReplicationController, key)!.spec.selector).toEqual(spec.selector.matchLabels)
  const before = api.get(ReplicationController, key)!
  api.put(ReplicationController, { ...before, spec: { ...before.spec, replicas: 0 } })
  await eventually(() => owned('ReplicationController').length === 0)
  expect(owned('ReplicaSet')).toHaveLength(1)
})

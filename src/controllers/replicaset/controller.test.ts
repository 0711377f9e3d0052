import { afterEach, expect, it } from 'vitest'
import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { Pod } from '../../api/core/pod.ts'
import { ApiError } from '../../client/mod.ts'
import { eventually, settled } from '../../client/testing.ts'
import { type ControllerBench, controllerBench, deploymentDraft } from '../shared/testing.ts'
import { startReplicaSet } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const REFUSED = 'pods "web-" is forbidden: unable to validate against any security context constraint'

it('says why its pods are refused, is not busy with it, tries again, and goes on once they are allowed', async () => {
  bench = controllerBench()
  let refusals = 0
  let isRefusing = true
  bench.api.intercept = request => {
    if (!isRefusing || request.method !== 'POST' || !request.path.endsWith('/pods')) return undefined
    refusals++
    // The server names the pod in its refusal, another one each time.
    throw new ApiError({ code: 403, reason: 'Forbidden', message: `${REFUSED}${refusals > 1 ? refusals : ''}` })
  }
  await startReplicaSet(bench.deps, bench.signal)
  await bench.api.client.create(ReplicaSet, deploymentDraft('web', 3))
  await settled(bench)
  const set = () => bench.api.get(ReplicaSet, { namespace: 'shop', name: 'web' })
  await eventually(() => set()?.status?.conditions !== undefined)
  expect(set()?.status).toMatchObject({
    replicas: 0,
    conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: REFUSED }],
  })
  expect(await bench.eventsOf('web')).toContain(`FailedCreate: Error creating: ${REFUSED}`)
  const before = refusals
  await eventually(() => refusals > before)
  // One at a time: where one is refused the others would be, too.
  expect(refusals).toBeLessThan(50)
  isRefusing = false
  await eventually(() => bench.api.all(Pod).length === 3)
  await settled(bench)
  expect(set()?.status).toMatchObject({ replicas: 3 })
  expect(set()?.status?.conditions).toBeUndefined()
})

it('needs no pods where the namespace is going', async () => {
  bench = controllerBench()
  bench.api.intercept = request => {
    if (request.method !== 'POST' || !request.path.endsWith('/pods')) return undefined
    const details = { causes: [{ reason: 'NamespaceTerminating' }] }
    throw new ApiError({ code: 403, reason: 'Forbidden', message: 'it is being terminated', details })
  }
  await startReplicaSet(bench.deps, bench.signal)
  await bench.api.client.create(ReplicaSet, deploymentDraft('web', 1))
  await settled(bench)
  expect(await bench.eventsOf('web')).toEqual([])
  expect(bench.api.get(ReplicaSet, { namespace: 'shop', name: 'web' })?.status?.conditions).toBeUndefined()
})

import { afterEach, expect, it } from 'vitest'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { Pod } from '../../api/core/pod.ts'
import { eventually, settled } from '../../client/testing.ts'
import { type ControllerBench, controllerBench, TEST_KINDS } from '../shared/testing.ts'
import { startNamespace } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const conditions = (name: string) =>
  (bench.api.get(Namespace, { name })?.status?.conditions ?? []).map(
    ({ type, status, message }) => `${type}=${status}: ${message}`,
  )
async function start(): Promise<void> {
  bench = controllerBench()
  for (const name of ['shop', 'other']) {
    await bench.api.client.create(Namespace, { metadata: { name }, spec: {} })
    for (let i = 0; i < 3; i++)
      await bench.api.client.create(ConfigMap, { metadata: { namespace: name, name: `cm-${i}` } })
  }
  await startNamespace(bench.deps, { kinds: TEST_KINDS }, bench.signal)
  await settled(bench)
}
const isGone = (name: string) => () => bench.api.get(Namespace, { name }) === undefined

it('empties a namespace that is deleted, and no other', async () => {
  await start()
  await bench.api.client.delete(Namespace, { name: 'shop' })
  await eventually(isGone('shop'))
  expect(bench.api.all(ConfigMap).map(one => one.metadata.namespace)).toEqual(['other', 'other', 'other'])
  expect(isGone('other')()).toBe(false)
})

it('waits for pods to end, and says what it waits for', async () => {
  await start()
  const key = { namespace: 'shop', name: 'p' }
  await bench.api.client.create(Pod, { metadata: key, spec: { nodeName: 'node-1', containers: [] } })
  await bench.api.client.delete(Namespace, { name: 'shop' })
  await settled(bench)
  expect(conditions('shop')).toContain(
    'NamespaceContentRemaining=True: Some resources are remaining: pods. has 1 resource instances',
  )
  expect(bench.api.get(Pod, key)?.metadata.deletionTimestamp).toBeDefined()
  await bench.api.client.delete(Pod, key, { gracePeriodSeconds: 0 })
  await eventually(isGone('shop'))
})

it('waits for finalizers, and says whose', async () => {
  await start()
  const key = { namespace: 'shop', name: 'held' }
  await bench.api.client.create(ConfigMap, { metadata: { ...key, finalizers: ['example.com/hold'] } })
  await bench.api.client.delete(Namespace, { name: 'shop' })
  await settled(bench)
  expect(conditions('shop')).toEqual([
    'NamespaceDeletionDiscoveryFailure=False: All resources successfully discovered',
    'NamespaceDeletionGroupVersionParsingFailure=False: All legacy kube types successfully parsed',
    'NamespaceDeletionContentFailure=False: All content successfully deleted, may be waiting on finalization',
    'NamespaceContentRemaining=True: Some resources are remaining: configmaps. has 1 resource instances',
    'NamespaceFinalizersRemaining=True: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  ])
  await bench.api.client.patch(ConfigMap, key, { type: 'merge', body: { metadata: { finalizers: null } } })
  await eventually(isGone('shop'))
})

it('says what failed, and goes on when it works again', async () => {
  await start()
  let isBroken = true
  bench.api.intercept = request =>
    isBroken && request.method === 'DELETE' && request.path.includes('configmaps/cm-1')
      ? {
          status: 500,
          headers: {},
          body: Buffer.from('{"kind":"Status","code":500,"reason":"InternalError","message":"no disk"}'),
        }
      : undefined
  await bench.api.client.delete(Namespace, { name: 'shop' })
  const said =
    'NamespaceDeletionContentFailure=True: Failed to delete all resource types, 1 remaining: configmaps: no disk'
  await eventually(
    () => conditions('shop').includes(said),
    () => conditions('shop'),
  )
  expect(bench.progress.progress().busy).toEqual(['namespace'])
  isBroken = false
  await eventually(isGone('shop'))
})

import { afterEach, expect, it } from 'vitest'
import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Service } from '../../api/core/service.ts'
import type { OwnerReference } from '../../api/meta/meta.ts'
import { eventually, settled } from '../../client/testing.ts'
import { type ControllerBench, controllerBench, serviceOf, TEST_KINDS } from '../shared/testing.ts'
import { startGarbage } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const ref = (object: ConfigMap, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: object.metadata.name,
  uid: object.metadata.uid,
  ...more,
})
const put = (name: string, ownerReferences: OwnerReference[] = [], namespace = 'shop'): ConfigMap =>
  bench.api.put(ConfigMap, {
    metadata: { namespace, name, ...(ownerReferences.length > 0 ? { ownerReferences } : {}) },
  })
const names = (): string[] =>
  bench.api
    .all(ConfigMap)
    .map(one => one.metadata.name)
    .sort()
const ownersOf = (name: string) =>
  bench.api.get(ConfigMap, { namespace: 'shop', name })?.metadata.ownerReferences?.map(one => one.name)
const key = (name: string) => ({ namespace: 'shop', name })
async function start(): Promise<void> {
  await startGarbage(bench.deps, { kinds: TEST_KINDS, whole: [Service] }, bench.signal)
  await settled(bench)
}

it('takes a whole tree with its root, and nothing beside it', async () => {
  bench = controllerBench()
  const root = put('root')
  const child = put('child', [ref(root)])
  put('grandchild', [ref(child)])
  put('beside')
  await start()
  expect(names()).toHaveLength(4)
  await bench.api.client.delete(ConfigMap, key('root'))
  await settled(bench)
  expect(names()).toEqual(['beside'])
})

it('takes what lost its owner while nobody looked, and asks before it does', async () => {
  bench = controllerBench()
  const gone = put('gone')
  bench.api.drop(ConfigMap, key('gone'))
  const other = put('other')
  put('orphan', [ref(gone)])
  put('renamed', [{ ...ref(other), uid: 'before' }])
  put('kept', [ref(other)])
  put('foreign', [{ apiVersion: 'example.com/v1', kind: 'Thing', name: 'x', uid: 'unknown' }])
  await start()
  expect(names()).toEqual(['foreign', 'kept', 'other'])
})

it('keeps what has another owner, and takes the lost one off', async () => {
  bench = controllerBench()
  const [a, b] = [put('a'), put('b')]
  put('shared', [ref(a), ref(b)])
  await start()
  await bench.api.client.delete(ConfigMap, key('a'))
  await settled(bench)
  expect(ownersOf('shared')).toEqual(['b'])
})

it('leaves dependents where asked to', async () => {
  bench = controllerBench()
  put('child', [ref(put('root'))])
  await start()
  await bench.api.client.delete(ConfigMap, key('root'), { propagationPolicy: 'Orphan' })
  await settled(bench)
  expect([names(), ownersOf('child')]).toEqual([['child'], undefined])
})

it('lets the owner go last where asked to', async () => {
  bench = controllerBench()
  const root = put('root')
  const child = put('child', [ref(root, { blockOwnerDeletion: true })])
  bench.api.put(ConfigMap, { metadata: { ...child.metadata, namespace: 'shop', finalizers: ['example.com/hold'] } })
  put('loose', [ref(root)])
  await start()
  await bench.api.client.delete(ConfigMap, key('root'), { propagationPolicy: 'Foreground' })
  await settled(bench)
  expect(names()).toEqual(['child', 'root'])
  await bench.api.client.patch(ConfigMap, key('child'), { type: 'merge', body: { metadata: { finalizers: null } } })
  await settled(bench)
  expect(names()).toEqual([])
})

it('sees owners of other kinds', async () => {
  bench = controllerBench()
  const service = bench.api.put(Service, serviceOf('web'))
  put('child', [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: service.metadata.uid }])
  await start()
  expect(names()).toEqual(['child'])
  await bench.api.client.delete(Service, key('web'))
  await settled(bench)
  expect(names()).toEqual([])
})

it('follows custom kinds while their definitions stand', async () => {
  bench = controllerBench()
  await start()
  const status = { conditions: [{ type: 'Established', status: 'True' }] }
  const names_ = { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' }
  const spec = {
    group: 'example.com',
    scope: 'Namespaced',
    names: names_,
    versions: [{ name: 'v1', served: true, storage: true }],
  }
  bench.api.put(CustomResourceDefinition, { metadata: { name: 'things.example.com' }, spec, status } as never)
  await eventually(() => bench.api.requests.some(line => line.includes('/apis/example.com/v1/things?watch')))
  const path = '/apis/example.com/v1/namespaces/shop/things'
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' } }
  const made = (await bench.api.client.request('POST', path, thing)) as { metadata: { uid: string } }
  put('child', [{ apiVersion: 'example.com/v1', kind: 'Thing', name: 'x', uid: made.metadata.uid }])
  await settled(bench)
  expect(names()).toEqual(['child'])
  await bench.api.client.request('DELETE', `${path}/x`)
  await settled(bench)
  expect(names()).toEqual([])
  bench.api.drop(CustomResourceDefinition, { name: 'things.example.com' })
  // Were it still watched, nothing would ever be settled again once the server refuses.
  bench.api.intercept = request =>
    request.path.includes('/things') ? { status: 404, headers: {}, body: Buffer.from('{}') } : undefined
  put('last')
  await settled(bench)
})

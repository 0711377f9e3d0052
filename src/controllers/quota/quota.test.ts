import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Pod } from '../../api/core/pod.ts'
import { ResourceQuota } from '../../api/core/resource-quota.ts'
import { Service } from '../../api/core/service.ts'
import { settled } from '../../client/testing.ts'
import { type ControllerBench, controllerBench, podOf, serviceOf, TEST_KINDS } from '../shared/testing.ts'
import { startQuota } from './controller.ts'
import { decide } from './decide.ts'

const quota = (hard: Record<string, string>, spec: object = {}): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { namespace: 'shop', name: 'q', uid: 'q', resourceVersion: '1', creationTimestamp: '' },
  spec: { hard, ...spec },
})
const asking = (
  name: string,
  requests: Record<string, string>,
  limits: Record<string, string> = {},
  more: object = {},
) => podOf({ name, spec: { containers: [{ name: 'c', resources: { requests, limits } }] }, ...more })
const pods = [
  asking('a', { cpu: '100m', memory: '64Mi' }, { memory: '1Gi' }),
  asking('b', { cpu: '250m', memory: '64Mi' }),
  asking('done', { cpu: '4' }, {}, { phase: 'Succeeded' }),
]
const services = [
  serviceOf('web'),
  serviceOf('np', { type: 'NodePort' }),
  serviceOf('lb', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }),
]
const used = (of: ResourceQuota) =>
  decide(of, [
    { kind: Pod, objects: pods },
    { kind: Service, objects: services },
  ]).used

it.each<[Record<string, string>, Record<string, string>]>([
  [
    { pods: '10', 'count/pods': '10' },
    { pods: '2', 'count/pods': '3' },
  ],
  [
    { cpu: '1', 'requests.cpu': '1' },
    { cpu: '350m', 'requests.cpu': '350m' },
  ],
  [
    { 'requests.memory': '1Gi', 'limits.memory': '4Gi', 'limits.cpu': '2' },
    { 'requests.memory': '128Mi', 'limits.memory': '1Gi', 'limits.cpu': '0' },
  ],
  [
    { services: '5', 'services.nodeports': '5', 'services.loadbalancers': '1' },
    { services: '3', 'services.nodeports': '1', 'services.loadbalancers': '1' },
  ],
  [{ 'count/deployments.apps': '2' }, { 'count/deployments.apps': '0' }],
])('counts %o', (hard, expected) => {
  expect(used(quota(hard))).toEqual(expected)
})

it('counts pods of its scopes alone', () => {
  const many = [
    podOf({ name: 'a', spec: { activeDeadlineSeconds: 5 } }),
    podOf({ name: 'b', spec: { priorityClassName: 'high' } }),
    podOf({ name: 'c' }),
  ]
  const count = (spec: object): string | undefined =>
    decide(quota({ pods: '9' }, spec), [{ kind: Pod, objects: many }]).used?.pods
  const selector = (operator: string, values?: string[]) => ({
    scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values ? { values } : {}) }] },
  })
  expect(count({})).toBe('3')
  expect(count({ scopes: ['Terminating'] })).toBe('1')
  expect(count({ scopes: ['NotTerminating'] })).toBe('2')
  expect(count(selector('In', ['high']))).toBe('1')
  expect(count(selector('NotIn', ['high']))).toBe('2')
  expect(count(selector('DoesNotExist'))).toBe('2')
})

let bench: ControllerBench
afterEach(() => bench?.close())

it('follows what comes and goes, in whatever order', async () => {
  const step = fc.record({ do: fc.constantFrom('pod', 'map', 'drop', 'cut'), name: fc.constantFrom('a', 'b', 'c') })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
      bench = controllerBench()
      const { api } = bench
      await startQuota(bench.deps, { kinds: TEST_KINDS, whole: [Pod] }, bench.signal)
      api.put(ResourceQuota, quota({ pods: '5', 'count/configmaps': '5' }))
      for (const { do: what, name } of steps) {
        const key = { namespace: 'shop', name }
        if (what === 'pod' && !api.get(Pod, key)) api.put(Pod, podOf({ name }))
        if (what === 'map' && !api.get(ConfigMap, key)) api.put(ConfigMap, { metadata: key })
        if (what === 'drop' && api.get(Pod, key)) api.drop(Pod, key)
        if (what === 'cut') api.cutWatches()
      }
      await settled(bench)
      const { status } = api.get(ResourceQuota, { namespace: 'shop', name: 'q' })!
      expect(status?.used).toEqual({
        pods: String(api.all(Pod).length),
        'count/configmaps': String(api.all(ConfigMap).length),
      })
      bench.close()
    }),
    { numRuns: 30 },
  )
})

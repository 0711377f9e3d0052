import { afterEach, beforeEach, expect, it, test } from 'vitest'
import type { ExternalIPConfig } from '../../../api/config/network.ts'
import type { Service } from '../../../api/core/service.ts'
import { systemClock } from '../../../host/clock/real.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'
import { externalIpProblems } from './external-ips.ts'

let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
})
afterEach(() => api.close())

const SERVICES = '/api/v1/namespaces/default/services'
const TENANT = { name: 'tenant', uid: '', groups: ['system:authenticated'], extra: {} }
const MERGE = { 'content-type': 'application/merge-patch+json' }
const grant = (name: string, rules: readonly object[]) =>
  Promise.all([
    call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterroles', { body: { metadata: { name }, rules } }),
    call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      body: {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'tenant' }],
      },
    }),
  ])
const create = (name: string, externalIPs: readonly string[], user = TENANT) =>
  call(api, `POST ${SERVICES}`, { body: { metadata: { name }, spec: { ports: [{ port: 80 }], externalIPs } }, user })

it('tenants have those that the cluster allows, and whoever has the right has any', async () => {
  await grant('services', [{ apiGroups: [''], resources: ['services'], verbs: ['*'] }])
  const refused = await create('a', ['192.0.2.1'])
  expect([refused.status, refused.json.message]).toEqual([
    403,
    'services "a" is forbidden: spec.externalIPs: Forbidden: externalIPs have been disabled',
  ])
  expect((await create('a', [])).status).toBe(201)
  const spec = { clusterNetwork: [], serviceNetwork: [], networkType: 'OVNKubernetes' }
  const policy = { allowedCIDRs: ['192.0.2.0/24'], rejectedCIDRs: ['192.0.2.128/25'] }
  const body = { metadata: { name: 'cluster' }, spec: { ...spec, externalIP: { policy } } }
  expect((await call(api, 'POST /apis/config.openshift.io/v1/networks', { body })).status).toBe(201)
  expect((await create('b', ['192.0.2.1'])).status).toBe(201)
  expect((await create('c', ['192.0.2.1', '192.0.2.129', '198.51.100.1'])).json.message).toBe(
    'services "c" is forbidden: [spec.externalIPs[1]: Forbidden: externalIP is not allowed, spec.externalIPs[2]: Forbidden: externalIP is not allowed]',
  )
  const change = (externalIPs: readonly string[]) =>
    call(api, `PATCH ${SERVICES}/b`, { body: { spec: { externalIPs } }, headers: MERGE, user: TENANT })
  expect((await change(['192.0.2.200'])).status).toBe(403)
  expect((await change(['192.0.2.2'])).status).toBe(200)
  await grant('any', [{ apiGroups: ['network.openshift.io'], resources: ['service/externalips'], verbs: ['create'] }])
  expect((await change(['192.0.2.200'])).status).toBe(200)
})

test.each<[string, ExternalIPConfig | undefined, readonly string[], number]>([
  ['nothing configured', undefined, ['192.0.2.1'], 1],
  ['an empty policy', { policy: {} }, ['192.0.2.1'], 1],
  ['only some rejected', { policy: { rejectedCIDRs: ['192.0.2.0/24'] } }, ['198.51.100.1'], 0],
  ['only some rejected: those', { policy: { rejectedCIDRs: ['192.0.2.0/24'] } }, ['192.0.2.1'], 1],
  ['IPv6 by its own ranges', { policy: { allowedCIDRs: ['2001:db8::/32'] } }, ['2001:db8::1', '192.0.2.1'], 1],
  ['its own, assigned automatically', { autoAssignCIDRs: ['192.0.2.0/24'] }, ['192.0.2.9'], 0],
  ["another's", { autoAssignCIDRs: ['192.0.2.0/24'] }, ['192.0.2.8'], 1],
])('%s', (_, config, externalIPs, count) => {
  const service = {
    spec: { type: 'LoadBalancer', externalIPs },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } },
  } as unknown as Service
  expect(externalIpProblems(service, service, config)).toHaveLength(count)
})

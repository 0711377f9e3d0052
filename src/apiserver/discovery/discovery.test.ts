import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { ANONYMOUS } from '../auth/user.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'
import { compareVersions } from './groups.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi(systemClock)
})
afterAll(() => api.close())
const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const KUBECTL = `${V2},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`

describe('aggregated discovery', () => {
  it('tells all of the core group and of the others, and when nothing has changed', async () => {
    const core = await call(api, 'GET /api', { headers: { accept: KUBECTL } })
    expect(core.headers['content-type']).toBe(V2)
    expect(core.headers.vary).toBe('Accept')
    expect(core.json).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' })
    expect(core.json.items).toHaveLength(1)
    const pods = core.json.items[0].versions[0].resources.find(
      ({ resource }: { resource: string }) => resource === 'pods',
    )
    expect(pods).toMatchObject({
      scope: 'Namespaced',
      singularResource: 'pod',
      shortNames: ['po'],
      responseKind: { group: '', version: 'v1', kind: 'Pod' },
    })
    const eviction = pods.subresources.find(({ subresource }: { subresource: string }) => subresource === 'eviction')
    expect(eviction).toEqual({
      subresource: 'eviction',
      responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      verbs: ['create'],
    })
    const again = await call(api, 'GET /api', { headers: { accept: KUBECTL, 'if-none-match': core.headers.etag! } })
    expect([again.status, again.text]).toEqual([304, ''])
    const groups = (await call(api, 'GET /apis', { headers: { accept: KUBECTL } })).json.items.map(
      ({ metadata }: { metadata: { name: string } }) => metadata.name,
    )
    expect(groups[0]).toBe('apps')
    expect(groups.indexOf('networking.k8s.io')).toBeLessThan(groups.indexOf('config.openshift.io'))
  })

  it('comes in the older form for those who ask for that', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'
    expect((await call(api, 'GET /apis', { headers: { accept } })).json.apiVersion).toBe('apidiscovery.k8s.io/v2beta1')
  })
})

describe('legacy discovery', () => {
  it.each([
    ['/api', 'APIVersions'],
    ['/apis', 'APIGroupList'],
    ['/apis/apps', 'APIGroup'],
    ['/apis/apps/v1', 'APIResourceList'],
    ['/api/v1', 'APIResourceList'],
  ])('%s: %s', async (path, kind) => {
    expect((await call(api, `GET ${path}`)).json.kind).toBe(kind)
    expect((await call(api, `GET ${path}/`, { headers: { accept: 'application/json' } })).json.kind).toBe(kind)
  })

  it('lists subresources beside their types', async () => {
    const { resources } = (await call(api, 'GET /apis/apps/v1')).json
    expect(resources).toContainEqual({
      name: 'deployments/scale',
      singularName: '',
      namespaced: true,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    })
    expect((await call(api, 'GET /apis/none')).status).toBe(404)
    expect((await call(api, 'GET /apis/apps/v2')).status).toBe(404)
  })
})

describe('OpenAPI', () => {
  it('has an index whose addresses never change their content', async () => {
    const { paths } = (await call(api, 'GET /openapi/v3')).json
    const address: string = paths['apis/apps/v1'].serverRelativeURL
    expect(address).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/)
    const document = await call(api, `GET ${address}`)
    expect(document.headers['cache-control']).toBe('public, immutable')
    expect(document.json.components.schemas['io.k8s.api.apps.v1.Deployment']).toBeDefined()
    expect((await call(api, 'GET /openapi/v3/apis/apps/v1')).headers['cache-control']).toBe('no-cache, private')
    const known = await call(api, `GET ${address}`, { headers: { 'if-none-match': document.headers.etag! } })
    expect(known.status).toBe(304)
  })

  it('has one document of everything for older clients, as JSON', async () => {
    const { json } = await call(api, 'GET /openapi/v2')
    expect(json.swagger).toBe('2.0')
    expect(json.definitions['io.k8s.api.core.v1.Pod']).toBeDefined()
    expect((await call(api, 'GET /openapi/v2', { headers: { accept: 'application/x-other' } })).status).toBe(406)
    const protobuf = await call(api, 'GET /openapi/v2', {
      headers: { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' },
    })
    expect(protobuf.status).toBe(200)
    expect(protobuf.headers['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
    expect(protobuf.text).toContain('2.0')
  })
})

describe('other paths', () => {
  it('tell the version and health to anybody, and nothing else', async () => {
    for (const path of ['/version', '/healthz', '/livez', '/readyz', '/readyz/ping'])
      expect((await call(api, `GET ${path}`, { user: ANONYMOUS })).status).toBe(200)
    expect((await call(api, 'GET /version')).json).toMatchObject({ major: '1', minor: '33', gitVersion: 'v1.33.13' })
    expect((await call(api, 'GET /readyz?verbose')).text).toBe('[+]ping ok\nreadyz check passed\n')
    for (const path of ['/api', '/openapi/v3', '/api/v1/pods', '/nothing'])
      expect((await call(api, `GET ${path}`, { user: ANONYMOUS })).json).toMatchObject({
        code: 403,
        reason: 'Forbidden',
        message: expect.stringContaining('User "system:anonymous" cannot '),
      })
  })

  it('give metrics to whoever may have them', async () => {
    const measured = await testApi(systemClock, { metrics: () => 'up 1\n' })
    const { text, headers } = await call(measured, 'GET /metrics')
    expect([text, headers['content-type']]).toEqual(['up 1\n', 'text/plain; version=0.0.4; charset=utf-8'])
    expect((await call(measured, 'GET /metrics', { user: ANONYMOUS })).status).toBe(403)
    expect((await call(api, 'GET /metrics')).status).toBe(404)
    await measured.close()
  })

  it('say what is not well', async () => {
    const sick = await testApi(systemClock, { healthChecks: [['store', () => 'the disk is full']] })
    const { status, text } = await call(sick, 'GET /readyz')
    expect([status, text]).toEqual([500, '[+]ping ok\n[-]store failed: the disk is full\nreadyz check failed\n'])
    await sick.close()
  })
})

it.each([
  [
    ['v1', 'v2', 'v1beta1'],
    ['v2', 'v1', 'v1beta1'],
  ],
  [
    ['v1alpha1', 'v1beta1', 'v1beta2', 'foo'],
    ['v1beta2', 'v1beta1', 'v1alpha1', 'foo'],
  ],
])('orders versions %j', (versions, expected) => expect([...versions].sort(compareVersions)).toEqual(expected))

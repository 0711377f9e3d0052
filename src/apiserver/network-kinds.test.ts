/** What the API's clients rely on of the kinds of the network: every verb, as the conformance suite goes through them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from '../host/clock/fake.ts'
import { cidr } from '../lib/cidr.ts'
import type { TestApi } from './testing.ts'
import { testApi } from './testing.ts'
import type { Answer } from './testing-call.ts'
import { call, watch } from './testing-call.ts'

let api: TestApi
beforeEach(async () => {
  api = await testApi(fakeClock(), { namespaces: ['shop'] })
})
afterEach(() => api.close())

const MERGE = { 'content-type': 'application/merge-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }
const service = (name: string, spec: object = {}, labels: object = { of: 'test' }) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels },
  spec: { ports: [{ port: 80 }], ...spec },
})

/** Path of the collection, an object, what a patch changes and where it is seen, and a status where there is one. */
interface Case {
  readonly path: string
  readonly name: string
  readonly object: object
  readonly all?: string
  readonly status?: object
}
const net = '/apis/networking.k8s.io/v1'
const CASES: readonly (readonly [string, Case])[] = [
  [
    'Endpoints',
    {
      path: '/api/v1/namespaces/shop/endpoints',
      all: '/api/v1/endpoints',
      name: 'db',
      object: { subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5432 }] }] },
    },
  ],
  [
    'EndpointSlices',
    {
      path: '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices',
      all: '/apis/discovery.k8s.io/v1/endpointslices',
      name: 'db-1',
      object: { addressType: 'IPv4', endpoints: [{ addresses: ['192.0.2.1'] }], ports: [{ port: 5432 }] },
    },
  ],
  [
    'Ingresses',
    {
      path: `${net}/namespaces/shop/ingresses`,
      all: `${net}/ingresses`,
      name: 'web',
      object: { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } },
    },
  ],
  [
    'IngressClasses',
    { path: `${net}/ingressclasses`, name: 'mine', object: { spec: { controller: 'example.com/controller' } } },
  ],
  [
    'ServiceCIDRs',
    {
      path: `${net}/servicecidrs`,
      name: 'more',
      object: { spec: { cidrs: ['10.9.8.0/24'] } },
      status: {
        conditions: [
          { type: 'Ready', status: 'True', reason: 'x', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      },
    },
  ],
  [
    'IPAddresses',
    {
      path: `${net}/ipaddresses`,
      name: '2001:db8::7',
      object: { spec: { parentRef: { resource: 'services', namespace: 'shop', name: 'web' } } },
    },
  ],
]

describe('every verb', () => {
  it.each(CASES)('%s', async (_, { path, name, object, all, status }) => {
    const metadata = { name, labels: { of: 'test' } }
    const watched = await watch(api, `${path}?watch=1&labelSelector=of%3Dtest`)
    expect((await call(api, `POST ${path}`, { body: { metadata, ...object } })).status).toBe(201)
    expect((await call(api, `POST ${path}`, { body: { metadata, ...object } })).json.reason).toBe('AlreadyExists')
    const got = await call(api, `GET ${path}/${name}`)
    expect(got.json).toMatchObject(object)
    const names = async (list: string) =>
      (await call(api, `GET ${list}?labelSelector=of%3Dtest`)).json.items.map(
        (each: typeof got.json) => each.metadata.name,
      )
    expect(await names(path)).toEqual([name])
    if (all) expect(await names(all)).toEqual([name])
    const patch = (labels: object, headers: Record<string, string>, query = '') =>
      call(api, `PATCH ${path}/${name}${query}`, {
        headers,
        body: {
          ...(headers === APPLY ? { apiVersion: got.json.apiVersion, kind: got.json.kind } : {}),
          metadata: { ...(headers === APPLY ? { name } : {}), labels },
        },
      })
    expect((await patch({ patched: 'yes' }, MERGE)).json.metadata.labels).toMatchObject({ patched: 'yes' })
    expect((await patch({ applied: 'yes' }, APPLY, '?fieldManager=me')).json.metadata.labels).toMatchObject({
      of: 'test',
      patched: 'yes',
      applied: 'yes',
    })
    const latest = (await call(api, `GET ${path}/${name}`)).json
    const updated = { ...latest, metadata: { ...latest.metadata, annotations: { updated: 'yes' } } }
    expect((await call(api, `PUT ${path}/${name}`, { body: updated })).json.metadata.annotations).toEqual({
      updated: 'yes',
    })
    expect((await call(api, `PUT ${path}/${name}`, { body: updated })).status).toBe(409)
    if (status) {
      const answer = await call(api, `PATCH ${path}/${name}/status`, { headers: MERGE, body: { status } })
      expect(answer.json.status).toMatchObject(status)
      const ignored = await call(api, `PATCH ${path}/${name}`, { headers: MERGE, body: { status: null } })
      expect(ignored.json.status).toMatchObject(status)
    }
    const types: string[] = []
    for (let i = 0; i < (status ? 5 : 4); i++) types.push((await watched.next()).type)
    expect(types).toEqual(['ADDED', ...Array(types.length - 1).fill('MODIFIED')])
    expect((await call(api, `DELETE ${path}/${name}`)).status).toBe(200)
    expect((await watched.next()).type).toBe('DELETED')
    watched.stop()
    expect((await call(api, `GET ${path}/${name}`)).status).toBe(404)
    for (const each of [name, `${name}9`].map(one => one.replace('192.0.2.79', '192.0.2.8')))
      await call(api, `POST ${path}`, { body: { metadata: { ...metadata, name: each }, ...object } })
    expect(await names(path)).toHaveLength(2)
    expect((await call(api, `DELETE ${path}?labelSelector=of%3Dtest`)).status).toBe(200)
    expect(await names(path)).toEqual([])
  })
})

describe('Services', () => {
  const path = '/api/v1/namespaces/shop/services'
  const put = (name: string, change: (spec: Answer['json']) => object): Promise<Answer> =>
    call(api, `GET ${path}/${name}`).then(({ json }) =>
      call(api, `PUT ${path}/${name}`, { body: { ...json, spec: change(json.spec) } }),
    )

  it('go through their life with a status that clients patch, write and watch', async () => {
    await call(api, `POST ${path}`, { body: service('web', { type: 'LoadBalancer' }) })
    const watched = await watch(api, `${path}?watch=1&fieldSelector=metadata.name%3Dweb`)
    expect((await watched.next()).type).toBe('ADDED')
    const ingress = [{ ip: '203.0.113.1', ipMode: 'VIP' }]
    const patched = await call(api, `PATCH ${path}/web/status`, {
      headers: MERGE,
      body: { metadata: { annotations: { a: 'b' } }, status: { loadBalancer: { ingress } } },
    })
    expect(patched.json.status.loadBalancer).toEqual({ ingress })
    expect((await watched.next()).object.metadata.annotations).toEqual({ a: 'b' })
    const conditions = [
      { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'x', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]
    const { json } = await call(api, `GET ${path}/web/status`)
    const written = await call(api, `PUT ${path}/web/status`, {
      body: { ...json, spec: { ...json.spec, ports: [{ port: 1 }] }, status: { ...json.status, conditions } },
    })
    expect([written.json.status.conditions[0].type, written.json.spec.ports[0].port]).toEqual(['StatusUpdate', 80])
    expect((await watched.next()).object.status.conditions[0].reason).toBe('E2E')
    await call(api, `PATCH ${path}/web`, { headers: MERGE, body: { metadata: { labels: { x: 'y' } } } })
    expect((await watched.next()).object.metadata.labels).toMatchObject({ x: 'y' })
    await call(api, `DELETE ${path}/web`)
    expect((await watched.next()).type).toBe('DELETED')
    watched.stop()
  })

  it('are deleted as a collection, by label, and listed over all namespaces', async () => {
    for (const name of ['a', 'b', 'c']) await call(api, `POST ${path}`, { body: service(name) })
    await call(api, `POST ${path}`, { body: service('kept', {}, {}) })
    await call(api, 'POST /api/v1/namespaces/default/services', { body: service('far') })
    const namesOf = async (list: string): Promise<readonly string[]> =>
      (await call(api, `GET ${list}`)).json.items.map((each: Answer['json']) => each.metadata.name).sort()
    expect(await namesOf('/api/v1/services?labelSelector=of%3Dtest')).toEqual(['a', 'b', 'c', 'far'])
    await call(api, `DELETE ${path}?labelSelector=of%3Dtest`)
    expect(await namesOf(path)).toEqual(['kept'])
    expect(await namesOf('/api/v1/services')).toEqual(['far', 'kept'])
  })

  it('change from ExternalName to ClusterIP and NodePort, and back', async () => {
    await call(api, `POST ${path}`, {
      body: { metadata: { name: 'web' }, spec: { type: 'ExternalName', externalName: 'example.com' } },
    })
    const clusterIp = await put('web', spec => ({
      ...spec,
      type: 'ClusterIP',
      externalName: '',
      ports: [{ port: 80 }],
    }))
    expect(clusterIp.json.spec.clusterIP).toMatch(/^172\.30\./)
    const back = await put('web', spec => ({ ...spec, type: 'ExternalName', externalName: 'foo.example.com' }))
    expect([back.status, back.json.spec.clusterIP, back.json.spec.externalName]).toEqual([
      200,
      undefined,
      'foo.example.com',
    ])
    const nodePort = await put('web', spec => ({
      ...spec,
      type: 'NodePort',
      externalName: '',
      ports: [{ port: 80, protocol: 'TCP' }],
    }))
    expect(nodePort.json.spec.ports[0].nodePort).toBeGreaterThanOrEqual(30_000)
    expect(nodePort.json.spec.clusterIP).toMatch(/^172\.30\./)
    const last = await put('web', spec => ({ ...spec, type: 'ExternalName', externalName: 'foo.example.com' }))
    expect([last.json.spec.clusterIP, last.json.spec.ports[0].nodePort]).toEqual([undefined, undefined])
    // What they gave back is to be had.
    const next = await call(api, `POST ${path}`, {
      body: service('next', {
        type: 'NodePort',
        ports: [{ port: 80, nodePort: nodePort.json.spec.ports[0].nodePort }],
      }),
    })
    expect(next.status).toBe(201)
  })

  it('collide at a node port, may not have one out of the range, and give it back', async () => {
    const at = (name: string, nodePort: number) =>
      call(api, `POST ${path}`, { body: service(name, { type: 'NodePort', ports: [{ port: 80, nodePort }] }) })
    expect((await at('a', 30_080)).status).toBe(201)
    expect((await at('b', 30_080)).text).toContain('provided port is already allocated')
    expect((await at('b', 29_999)).text).toContain(
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
    )
    await call(api, `DELETE ${path}/a`)
    expect((await at('b', 30_080)).status).toBe(201)
  })
})

it('addresses and node ports of Services that come and go are never lost', async () => {
  const small = await testApi(fakeClock(), {
    serviceNetworks: [cidr('172.30.0.0/26')],
    nodePorts: { first: 30_000, last: 30_049 },
  })
  const path = '/api/v1/namespaces/default/services'
  for (let round = 0; round < 8; round++) {
    const made: string[] = []
    for (let i = 0; i < 45; i++) {
      const answer = await call(small, `POST ${path}`, { body: service(`s${i}`, { type: 'NodePort' }) })
      expect(answer.status).toBe(201)
      made.push(answer.json.spec.clusterIP, String(answer.json.spec.ports[0].nodePort))
    }
    expect(new Set(made).size).toBe(90)
    for (let i = 0; i < 45; i++) await call(small, `DELETE ${path}/s${i}`)
  }
  await small.close()
})

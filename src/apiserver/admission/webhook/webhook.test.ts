import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import type { HttpsRequest } from '../../../host/https/mod.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'

const GROUP = '/apis/admissionregistration.k8s.io/v1'
const MAPS = '/api/v1/namespaces/default/configmaps'
const RULES = [
  { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
]
// biome-ignore lint/suspicious/noExplicitAny: questions and answers of every shape
type Any = any

let api: TestApi
let asked: (HttpsRequest & { review: Any })[]
let answer: (request: Any) => object | Promise<object>
beforeEach(async () => {
  asked = []
  answer = () => ({ allowed: true })
  api = await testApi(systemClock, {
    https: {
      async post(request) {
        const review = JSON.parse(request.body)
        asked.push({ ...request, review })
        const response = await answer(review.request)
        return { status: 200, body: JSON.stringify({ ...review, response: { uid: review.request.uid, ...response } }) }
      },
    },
  })
})
afterEach(() => api.close())

const hook = (name: string, more: object = {}) => ({
  name,
  clientConfig: { url: `https://${name}/check` },
  rules: RULES,
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
})
const install = async (kind: 'validating' | 'mutating', ...webhooks: object[]) => {
  const path = `${GROUP}/${kind}webhookconfigurations`
  expect((await call(api, `POST ${path}`, { body: { metadata: { name: kind }, webhooks } })).status).toBe(201)
}
const create = (name: string, data: object = {}, query = '') =>
  call(api, `POST ${MAPS}${query}`, { body: { metadata: { name }, data } })
const patchOf = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

describe('validating webhooks', () => {
  it('are asked about what their rules name, and can refuse', async () => {
    await install('validating', hook('a.example.com'))
    answer = ({ object }) =>
      object?.data?.bad
        ? { allowed: false, status: { message: 'it is bad', code: 422 } }
        : { allowed: true, warnings: ['mind'] }
    const good = await create('good')
    expect([good.status, good.headers.warning]).toEqual([201, '299 - "mind"'])
    expect(asked[0]!.url).toBe('https://a.example.com/check')
    expect(asked[0]!.review.request).toMatchObject({
      operation: 'CREATE',
      name: 'good',
      namespace: 'default',
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      userInfo: { username: 'system:apiserver' },
      object: { kind: 'ConfigMap', metadata: { name: 'good' } },
      oldObject: null,
      dryRun: false,
    })
    expect((await create('bad', { bad: 'x' })).json).toMatchObject({
      code: 422,
      message: 'admission webhook "a.example.com" denied the request: it is bad',
    })
    answer = () => ({ allowed: false })
    expect((await call(api, `DELETE ${MAPS}/good`)).json.message).toBe(
      'admission webhook "a.example.com" denied the request without explanation',
    )
    expect(asked.at(-1)!.review.request.oldObject.metadata.name).toBe('good')
    const before = asked.length
    await call(api, 'POST /api/v1/namespaces/default/secrets', { body: { metadata: { name: 's' } } })
    expect(asked).toHaveLength(before)
  })

  it('are asked where their selectors and conditions say', async () => {
    await install(
      'validating',
      hook('a.example.com', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }),
      hook('b.example.com', { objectSelector: { matchLabels: { a: 'b' } } }),
      hook('c.example.com', { matchConditions: [{ name: 'c', expression: "object.metadata.name == 'c'" }] }),
    )
    await create('plain')
    expect(asked).toHaveLength(0)
    await create('c')
    await call(api, `POST ${MAPS}`, { body: { metadata: { name: 'b', labels: { a: 'b' } } } })
    expect(asked.map(({ url }) => url)).toEqual(['https://c.example.com/check', 'https://b.example.com/check'])
  })

  it.each([
    ['Fail', 500],
    ['Ignore', 201],
  ])('that do not answer mean what they say: %s', async (failurePolicy, status) => {
    await install('validating', hook('a.example.com', { failurePolicy, timeoutSeconds: 3 }))
    answer = () => Promise.reject(new Error('connection refused'))
    const { status: got, json } = await create('a')
    expect(got).toBe(status)
    expect(asked[0]!.timeoutMs).toBe(3000)
    if (status === 500)
      expect(json.message).toBe(
        'Internal error occurred: failed calling webhook "a.example.com": failed to call webhook: connection refused',
      )
    answer = () => ({ uid: 'another', allowed: true })
    expect((await create('b')).status).toBe(status)
  })

  it('with side effects are refused; those without are asked in a dry run too', async () => {
    const path = `${GROUP}/validatingwebhookconfigurations`
    const body = { metadata: { name: 'some' }, webhooks: [hook('a.example.com', { sideEffects: 'Some' })] }
    expect((await call(api, `POST ${path}`, { body })).json.message).toContain(
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    )
    await install('validating', hook('a.example.com', { sideEffects: 'NoneOnDryRun' }))
    expect((await create('a', {}, '?dryRun=All')).status).toBe(201)
    expect(asked).toHaveLength(1)
  })

  it('of a service are reached at its address, under its name', async () => {
    const spec = { ports: [{ port: 443 }], clusterIP: '172.30.7.7' }
    await call(api, 'POST /api/v1/namespaces/default/services', { body: { metadata: { name: 'hook' }, spec } })
    const service = { namespace: 'default', name: 'hook', path: '/x' }
    const caBundle = Buffer.from('PEM').toString('base64')
    await install('validating', hook('a.example.com', { clientConfig: { service, caBundle } }))
    await create('a')
    expect(asked[0]).toMatchObject({
      url: 'https://hook.default.svc:443/x',
      connect: { host: '172.30.7.7', port: 443 },
      ca: 'PEM',
    })
  })
})

describe('mutating webhooks', () => {
  it('change the object one after another, and again where they ask for it', async () => {
    await install('mutating', hook('a.example.com', { reinvocationPolicy: 'IfNeeded' }), hook('b.example.com'))
    answer = ({ object }) => {
      const count = Object.keys(object.data ?? {}).length
      return patchOf({ op: 'add', path: '/data', value: { ...object.data, [`k${count}`]: 'v' } })
    }
    expect((await create('a', { own: '1' })).json.data).toEqual({ own: '1', k1: 'v', k2: 'v', k3: 'v' })
    expect(asked.map(({ url }) => url.slice(8, 9))).toEqual(['a', 'b', 'a'])
    answer = () => patchOf({ op: 'remove', path: '/nothing/there' })
    expect((await create('b')).status).toBe(500)
  })
})

describe('deletes and connections', () => {
  const rules = (operations: string[], resources: string[]) => [
    { apiGroups: [''], apiVersions: ['v1'], resources, operations },
  ]
  it('are told to mutating webhooks too, which change nothing about a delete', async () => {
    await install('mutating', hook('a.example.com', { rules: rules(['DELETE'], ['configmaps']) }))
    await create('a')
    expect(asked).toHaveLength(0)
    answer = () => patchOf({ op: 'add', path: '/data', value: {} })
    expect((await call(api, `DELETE ${MAPS}/a`)).json.message).toContain(
      'admission webhook "a.example.com" attempted to modify the object, which is not supported for this operation',
    )
    expect(asked[0]!.review.request).toMatchObject({ operation: 'DELETE', object: null })
    answer = () => ({ allowed: true })
    expect((await call(api, `DELETE ${MAPS}/a`)).status).toBe(200)
  })

  it('can be refused: who connects to what', async () => {
    await install('validating', hook('a.example.com', { rules: rules(['CONNECT'], ['services/proxy']) }))
    answer = ({ object }) =>
      object.path === 'admin' ? { allowed: false, status: { message: 'no' } } : { allowed: true }
    const path = '/api/v1/namespaces/default'
    await call(api, `POST ${path}/services`, { body: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } } })
    const address = { addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }
    await call(api, `POST ${path}/endpoints`, { body: { metadata: { name: 's' }, subsets: [address] } })
    expect((await call(api, `GET ${path}/services/s/proxy/admin`)).json.message).toBe(
      'admission webhook "a.example.com" denied the request: no',
    )
    // Nothing is reached from here: it was let through.
    expect((await call(api, `GET ${path}/services/s/proxy/other`)).status).toBe(503)
    expect(asked[0]!.review.request).toMatchObject({
      operation: 'CONNECT',
      kind: { group: '', version: 'v1', kind: 'ServiceProxyOptions' },
      resource: { group: '', version: 'v1', resource: 'services' },
      subResource: 'proxy',
      name: 's',
      object: { kind: 'ServiceProxyOptions', apiVersion: 'v1', path: 'admin' },
    })
  })
})

describe('other versions of a resource', () => {
  const definition = {
    metadata: { name: 'boats.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'boats', kind: 'Boat' },
      versions: ['v1', 'v2'].map(name => ({
        name,
        served: true,
        storage: name === 'v2',
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { sails: { type: 'integer' } } } },
          },
        },
      })),
    },
  }
  const RULES_V1 = [{ apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['boats'], operations: ['CREATE'] }]
  const boat = (version: string) =>
    call(api, `POST /apis/example.com/${version}/namespaces/default/boats`, {
      body: { apiVersion: `example.com/${version}`, kind: 'Boat', metadata: { generateName: 'b' }, spec: { sails: 1 } },
    })

  it('are meant too, unless the webhook says otherwise', async () => {
    await call(api, 'POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: definition })
    await install(
      'mutating',
      hook('both.example.com', { rules: RULES_V1 }),
      hook('exact.example.com', { rules: RULES_V1, matchPolicy: 'Exact' }),
    )
    answer = () => patchOf({ op: 'replace', path: '/spec/sails', value: 3 })
    const { status, json } = await boat('v2')
    expect([status, json.apiVersion, json.spec.sails]).toEqual([201, 'example.com/v2', 3])
    expect(asked.map(({ url }) => url)).toEqual(['https://both.example.com/check'])
    expect(asked[0]!.review.request).toMatchObject({
      kind: { version: 'v1' },
      requestKind: { version: 'v2' },
      object: { apiVersion: 'example.com/v1' },
    })
    await boat('v1')
    expect(asked.slice(1).map(({ url }) => url)).toEqual([
      'https://both.example.com/check',
      'https://exact.example.com/check',
    ])
  })
})

describe('conditions', () => {
  it('may ask what the user may do', async () => {
    const may = "authorizer.group('').resource('secrets').namespace('default').check('get').allowed()"
    const own =
      "authorizer.requestResource.check('delete').allowed() && authorizer.path('/metrics').check('get').allowed()"
    const robot = "authorizer.serviceAccount('default', 'robot').group('').resource('pods').check('get').allowed()"
    const condition = (expression: string) => ({ matchConditions: [{ name: 'c', expression }] })
    await install(
      'validating',
      hook('may.example.com', condition(`!${may}`)),
      hook('own.example.com', condition(own)),
      hook('robot.example.com', condition(robot)),
    )
    await create('a')
    expect(asked.map(({ url }) => url)).toEqual(['https://own.example.com/check'])
  })
})

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

  it('with side effects are not asked in a dry run', async () => {
    await install('validating', hook('a.example.com', { sideEffects: 'Some' }))
    expect((await create('a', {}, '?dryRun=All')).json.message).toBe(
      'admission webhook "a.example.com" does not support dry run',
    )
    expect((await create('a')).status).toBe(201)
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

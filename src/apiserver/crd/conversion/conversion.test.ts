import { rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import { systemHttps } from '../../../host/https/real.ts'
import { testAuthority } from '../../http/testing-tls.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call, watch } from '../../testing-call.ts'

// biome-ignore lint/suspicious/noExplicitAny: questions and answers of every shape
type Any = any

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const path = (version: string) => `/apis/stable.example.com/${version}/namespaces/default/crontabs`
const MERGE = { 'content-type': 'application/merge-patch+json' }

/** As the webhook of upstream's own tests: v1 has hostPort in one field, v2 in two. */
function convert(object: Any, apiVersion: string): Any {
  const { hostPort, host, port, ...rest } = object
  if (apiVersion.endsWith('/v1')) return { ...rest, apiVersion, hostPort: `${host}:${port}` }
  const [first, second] = (hostPort ?? ':').split(':')
  return { ...rest, apiVersion, host: first, port: second }
}

const authority = testAuthority()
let asked: Any[]
let answer: (review: Any) => Any
const server = createServer(authority.issue('server', '/CN=convert'), async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const review = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  asked.push({ url: request.url, ...review })
  const { request: _, ...head } = review
  response.end(JSON.stringify({ ...head, response: answer(review) }))
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(authority.folder, { recursive: true })
})

const converts = ({ request }: Any) => ({
  uid: request.uid,
  result: { status: 'Success' },
  convertedObjects: request.objects.map((object: Any) => convert(object, request.desiredAPIVersion)),
})

let api: TestApi
beforeEach(async () => {
  asked = []
  answer = converts
  api = await testApi(systemClock, { https: systemHttps })
  expect((await call(api, `POST ${CRDS}`, { body: definition() })).status).toBe(201)
})
afterEach(() => api.close())

const string = { type: 'string' }
const version = (name: string, properties: object, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties } },
  selectableFields: [{ jsonPath: `.${Object.keys(properties)[0]}` }],
})
const webhook = (more: object = {}) => ({
  strategy: 'Webhook',
  webhook: {
    conversionReviewVersions: ['v1'],
    clientConfig: {
      url: `https://localhost:${(server.address() as AddressInfo).port}/convert`,
      caBundle: Buffer.from(authority.ca).toString('base64'),
    },
    ...more,
  },
})
const definition = (conversion: object = webhook(), storage = 'v1') => ({
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', kind: 'CronTab' },
    versions: [
      version('v1', { hostPort: { ...string, default: 'none:0' } }, storage === 'v1'),
      version('v2', { host: string, port: string }, storage === 'v2'),
    ],
    conversion,
  },
})
const create = (name: string, more: object = { hostPort: 'localhost:80' }, at = 'v1') =>
  call(api, `POST ${path(at)}`, { body: { metadata: { name }, ...more } })

describe('objects', () => {
  it('are told in the version that is asked for, and asked about only where that is another than the stored one', async () => {
    expect((await create('a')).json.hostPort).toBe('localhost:80')
    await call(api, `GET ${path('v1')}/a`)
    expect(asked).toEqual([])
    const { json } = await call(api, `GET ${path('v2')}/a`)
    expect(json).toMatchObject({ apiVersion: 'stable.example.com/v2', host: 'localhost', port: '80' })
    expect(json.hostPort).toBeUndefined()
    expect(asked).toMatchObject([
      {
        url: '/convert?timeout=30s',
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'ConversionReview',
        request: { desiredAPIVersion: 'stable.example.com/v2', objects: [{ apiVersion: 'stable.example.com/v1' }] },
      },
    ])
  })

  it('are stored in the storage version, whichever they came in', async () => {
    const made = await create('b', { host: 'h', port: '1' }, 'v2')
    expect([made.status, made.json.host, made.json.apiVersion]).toEqual([201, 'h', 'stable.example.com/v2'])
    const stored = api.store.get('stable.example.com/crontabs/default/b')!
    expect(JSON.parse(Buffer.from(stored.value).toString('utf8'))).toMatchObject({
      apiVersion: 'stable.example.com/v1',
      hostPort: 'h:1',
    })
    const changed = await call(api, `PATCH ${path('v2')}/b`, { body: { port: '2' }, headers: MERGE })
    expect(changed.json).toMatchObject({ host: 'h', port: '2', metadata: { generation: 2 } })
    expect((await call(api, `GET ${path('v1')}/b`)).json.hostPort).toBe('h:2')
    expect((await call(api, `DELETE ${path('v2')}/b`)).status).toBe(200)
  })

  it('go on when the storage version changes', async () => {
    await create('a')
    const body = { spec: definition(webhook(), 'v2').spec }
    expect((await call(api, `PATCH ${CRDS}/crontabs.stable.example.com`, { body, headers: MERGE })).status).toBe(200)
    await create('b', { host: 'h', port: '1' }, 'v2')
    const { items } = (await call(api, `GET ${path('v1')}`)).json
    expect(items.map((item: Any) => item.hostPort)).toEqual(['localhost:80', 'h:1'])
    expect((await call(api, `GET ${path('v2')}`)).json.items.map((item: Any) => item.port)).toEqual(['80', '1'])
  })

  it('are listed, chosen and shown as the version has them', async () => {
    for (const name of ['a', 'b', 'c']) await create(name, { hostPort: `${name}:80` })
    const { items } = (await call(api, `GET ${path('v2')}?limit=2`)).json
    expect(items.map((item: Any) => [item.apiVersion, item.host])).toEqual([
      ['stable.example.com/v2', 'a'],
      ['stable.example.com/v2', 'b'],
    ])
    // One question for all of a page.
    expect(asked).toHaveLength(1)
    const chosen = await call(api, `GET ${path('v2')}?fieldSelector=host%3Db`)
    expect(chosen.json.items.map((item: Any) => item.metadata.name)).toEqual(['b'])
    const accept = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }
    expect((await call(api, `GET ${path('v2')}`, { headers: accept })).json.items).toHaveLength(3)
  })

  it('are watched in every version, in order, after what was there', async () => {
    await create('a')
    const one = await watch(api, `${path('v1')}?watch=1`)
    const other = await watch(
      api,
      `${path('v2')}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
    )
    expect((await other.next()).object).toMatchObject({ host: 'localhost', metadata: { name: 'a' } })
    expect((await other.next()).type).toBe('BOOKMARK')
    await create('b', { host: 'h', port: '1' }, 'v2')
    await call(api, `DELETE ${path('v1')}/a`)
    const told = [await other.next(), await other.next()].map(({ type, object }) => [type, object.host])
    expect(told).toEqual([
      ['ADDED', 'h'],
      ['DELETED', 'localhost'],
    ])
    const plain = [await one.next(), await one.next(), await one.next()].map(({ type, object }) => [
      type,
      object.hostPort,
    ])
    expect(plain).toEqual([
      ['ADDED', 'localhost:80'],
      ['ADDED', 'h:1'],
      ['DELETED', 'localhost:80'],
    ])
    one.stop()
    other.stop()
  })
})

describe('a webhook', () => {
  const FAILED = 'conversion webhook for stable.example.com/v1, Kind=CronTab'
  const changed = (change: (object: Any) => Any) => (review: Any) => {
    const response = converts(review)
    return { ...response, convertedObjects: response.convertedObjects.map(change) }
  }

  it.each<[string, (review: Any) => Any, string]>([
    [
      'that fails',
      ({ request }) => ({ uid: request.uid, result: { status: 'Failure', message: 'no way' } }),
      'failed: no way',
    ],
    [
      'without a reason',
      ({ request }) => ({ uid: request.uid, result: { status: 'Failure' } }),
      "failed: response.result.status was 'Failure', not 'Success'",
    ],
    ['that answers nothing', () => undefined, 'failed: no response provided'],
    ['that answers another', review => ({ ...converts(review), uid: 'x' }), 'failed: expected response.uid="'],
    [
      'that leaves objects out',
      review => ({ ...converts(review), convertedObjects: [] }),
      'returned 0 objects, expected 1',
    ],
    [
      'that answers in another version',
      changed(object => ({ ...object, apiVersion: 'stable.example.com/v1' })),
      'returned invalid object at index 0: invalid groupVersion (expected stable.example.com/v2, received stable.example.com/v1)',
    ],
    [
      'that changes the kind',
      changed(object => ({ ...object, kind: 'Other' })),
      'returned invalid object at index 0: invalid kind (expected CronTab, received Other)',
    ],
    [
      'that changes the name',
      changed(object => ({ ...object, metadata: { ...object.metadata, name: 'b' } })),
      'returned invalid object: must have the same name: a != b',
    ],
    [
      'that drops metadata',
      changed(({ metadata: _, ...object }) => object),
      'returned invalid object: must have the same name: a != ',
    ],
    [
      'with labels that are no text',
      changed(object => ({ ...object, metadata: { ...object.metadata, labels: { a: 1 } } })),
      'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    ],
  ])('%s is told of, and others are not hurt', async (_, respond, message) => {
    await create('a')
    answer = respond
    const { status, json } = await call(api, `GET ${path('v2')}/a`)
    expect([status, json.reason ?? '']).toEqual([500, ''])
    expect(json.message).toContain(`${FAILED} ${message}`)
    expect((await call(api, `GET ${path('v1')}/a`)).status).toBe(200)
    answer = converts
    expect((await call(api, `GET ${path('v2')}/a`)).json.host).toBe('localhost')
  })

  it('changes labels and annotations, and nothing else of the metadata', async () => {
    await create('a')
    answer = changed(object => ({
      ...object,
      metadata: { ...object.metadata, labels: { a: 'b' }, resourceVersion: '1', finalizers: ['x/y'] },
    }))
    const { metadata } = (await call(api, `GET ${path('v2')}/a`)).json
    expect(metadata.labels).toEqual({ a: 'b' })
    expect(metadata.finalizers).toBeUndefined()
    expect(metadata.resourceVersion).not.toBe('1')
  })

  it('that nobody trusts, or that is a Service that is not there, is told of', async () => {
    await create('a')
    const set = async (conversion: object) => {
      const body = { spec: { conversion: { strategy: 'Webhook', webhook: null, ...conversion } } }
      const headers = { 'content-type': 'application/merge-patch+json' }
      expect((await call(api, `PATCH ${CRDS}/crontabs.stable.example.com`, { body, headers })).status).toBe(200)
      return (await call(api, `GET ${path('v2')}/a`)).json.message
    }
    const untrusted = { ...webhook().webhook.clientConfig, caBundle: null }
    expect(await set(webhook({ clientConfig: untrusted }))).toMatch(
      /failed: Post "https:.*convert\?timeout=30s": .*(certificate|signed)/,
    )
    const service = { namespace: 'default', name: 'none' }
    const clientConfig = { url: null, service }
    expect(await set(webhook({ clientConfig }))).toBe(`${FAILED} failed: service "none" not found`)
    expect(await set({ strategy: 'None' })).toBeUndefined()
  })
})

describe('what a definition may say of it', () => {
  const CLIENT = 'spec.conversion.webhookClientConfig'
  const clientConfig = (more: object) => webhook({ clientConfig: more })
  it.each([
    [
      { strategy: 'Other' },
      'spec.conversion.strategy: Unsupported value: "Other": supported values: "None", "Webhook"',
    ],
    [{ strategy: 'Webhook' }, `${CLIENT}: Required value: required when strategy is set to Webhook`],
    [clientConfig({}), `${CLIENT}: Required value: exactly one of url or service is required`],
    [
      clientConfig({ url: 'http://a@b/?c#d' }),
      `${CLIENT}.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    ],
    [
      clientConfig({ service: { namespace: 'a', name: 'b', port: 0 } }),
      `${CLIENT}.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive`,
    ],
    [
      clientConfig({ service: { namespace: 'a', name: 'b', path: 'x' } }),
      `${CLIENT}.service.path: Invalid value: "x": must start with a '/'`,
    ],
    [webhook({ conversionReviewVersions: [] }), 'spec.conversion.conversionReviewVersions: Required value'],
    [
      webhook({ conversionReviewVersions: ['v7'] }),
      'spec.conversion.conversionReviewVersions: Invalid value: []string{"v7"}: must include at least one of v1, v1beta1',
    ],
    [{ ...webhook(), strategy: 'None' }, `${CLIENT}: Forbidden: should not be set when strategy is not set to Webhook`],
  ])('%#: what is wrong is said', async (conversion, message) => {
    await call(api, `DELETE ${CRDS}/crontabs.stable.example.com`)
    const { status, json } = await call(api, `POST ${CRDS}`, { body: definition(conversion) })
    expect(status).toBe(422)
    expect(json.message).toContain(message)
  })
})

describe('who is asked about the version that rules name', () => {
  it('is shown the object converted, and its patch is converted back', async () => {
    const reviews: Any[] = []
    const hook = {
      post: async (request: Any) => {
        if (!request.url.startsWith('https://hook/')) return systemHttps.post(request)
        const review = JSON.parse(request.body)
        reviews.push(review.request)
        const patch = Buffer.from(JSON.stringify([{ op: 'replace', path: '/port', value: '99' }])).toString('base64')
        const response = { uid: review.request.uid, allowed: true, patchType: 'JSONPatch', patch }
        return { status: 200, body: JSON.stringify({ ...review, response }) }
      },
    }
    await api.close()
    api = await testApi(systemClock, { https: hook })
    await call(api, `POST ${CRDS}`, { body: definition() })
    const webhooks = [
      {
        name: 'h.example.com',
        clientConfig: { url: 'https://hook/' },
        rules: [{ apiGroups: ['*'], apiVersions: ['v2'], resources: ['crontabs'], operations: ['*'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ]
    const body = { metadata: { name: 'h' }, webhooks }
    const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
    expect((await call(api, `POST ${configurations}`, { body })).status).toBe(201)
    expect((await create('a')).json.hostPort).toBe('localhost:99')
    expect(reviews[0].object).toMatchObject({ apiVersion: 'stable.example.com/v2', host: 'localhost', port: '80' })
    expect(reviews[0]).toMatchObject({ kind: { version: 'v2' }, requestKind: { version: 'v1' } })
  })
})

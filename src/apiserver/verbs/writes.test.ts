import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Namespace } from '../../api/core/namespace.ts'
import type { FakeClock } from '../../host/clock/fake.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { encodeProtobuf } from '../../schema/protobuf/encode.ts'
import { writeEnvelope } from '../../wire/protobuf/envelope.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const deployment = (name: string, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
  },
})
const pod = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'nginx' }] } })

let clock: FakeClock
let api: TestApi
beforeEach(async () => {
  clock = fakeClock(Date.UTC(2026, 5, 1, 12))
  api = await testApi(clock)
})
afterEach(() => api.close())
const create = async (path: string, body: object) => (await call(api, `POST ${path}`, { body })).json

describe('create', () => {
  it('sets what the server alone sets, and ignores what clients say of it', async () => {
    const body = {
      metadata: {
        name: 'a',
        uid: 'mine',
        resourceVersion: '',
        generation: 7,
        creationTimestamp: '1999-01-01T00:00:00Z',
        deletionTimestamp: '1999-01-01T00:00:00Z',
        selfLink: '/x',
      },
      status: { replicas: 9 },
      ...(({ spec }) => ({ spec }))(deployment('a')),
    }
    const made = await create(DEPLOYMENTS, body)
    expect(made.metadata).toMatchObject({
      name: 'a',
      namespace: 'default',
      generation: 1,
      creationTimestamp: '2026-06-01T12:00:00Z',
    })
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(made.metadata.deletionTimestamp).toBeUndefined()
    expect(made.metadata.selfLink).toBeUndefined()
    expect(made.status?.replicas).toBeUndefined()
    expect(made).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
  })

  it('makes up a name below generateName', async () => {
    const long = 'a'.repeat(70)
    const { metadata } = await create(MAPS, { metadata: { generateName: long } })
    expect(metadata.name).toMatch(new RegExp(`^${'a'.repeat(58)}[bcdfghjklmnpqrstvwxz2-9]{5}$`))
    expect(metadata.generateName).toBe(long)
  })

  it('takes JSON, YAML and protobuf', async () => {
    const yaml = 'metadata:\n  name: b\ndata:\n  on: "yes"\n'
    expect(
      (await call(api, `POST ${MAPS}`, { body: yaml, headers: { 'content-type': 'application/yaml' } })).status,
    ).toBe(201)
    const raw = encodeProtobuf(Namespace.schema, { metadata: { name: 'shop', labels: { a: 'b' } }, spec: {} })
    const body = writeEnvelope({ apiVersion: 'v1', kind: 'Namespace', raw })
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const made = await call(api, 'POST /api/v1/namespaces', { body, headers })
    expect(made.json).toMatchObject({
      metadata: { name: 'shop', labels: { a: 'b', 'kubernetes.io/metadata.name': 'shop' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })
  })

  it.each([
    ['a name that exists', { metadata: { name: 'old' } }, 409, 'configmaps \\"old\\" already exists'],
    ['no name', { metadata: {} }, 422, 'metadata.name: Required value: name or generateName is required'],
    [
      'a bad name',
      { metadata: { name: 'A_b' } },
      422,
      'ConfigMap \\"A_b\\" is invalid: metadata.name: Invalid value: \\"A_b\\": a lowercase RFC 1123 subdomain',
    ],
    [
      'another namespace',
      { metadata: { name: 'a', namespace: 'b' } },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'another version',
      { apiVersion: 'v2', metadata: { name: 'a' } },
      400,
      'the API version in the data (v2) does not match the expected API version (v1)',
    ],
    [
      'another kind',
      { kind: 'Secret', metadata: { name: 'a' } },
      400,
      'the kind in the data (Secret) does not match the expected kind (ConfigMap)',
    ],
    [
      'a value of the wrong type',
      { metadata: { name: 'a' }, data: { k: 1 } },
      400,
      'ConfigMap in version \\"v1\\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      'text that is no JSON',
      '{"metadata":',
      400,
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input",
    ],
    ['no body', '', 400, 'the object provided is unrecognized (must be of type ConfigMap)'],
    ['a list', [], 400, 'the object provided is unrecognized (must be of type ConfigMap)'],
    ['a nesting bomb', `{"a":${'['.repeat(100_000)}`, 400, 'exceeded max depth'],
  ])('refuses %s', async (_, body, status, text) => {
    await create(MAPS, { metadata: { name: 'old' } })
    const answer = await call(api, `POST ${MAPS}`, { body })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
    expect((await call(api, `POST ${MAPS}`, { body: { metadata: { name: 'fine' } } })).status).toBe(201)
  })

  it('refuses a media type it does not read', async () => {
    const answer = await call(api, `POST ${MAPS}`, { body: 'x', headers: { 'content-type': 'text/plain' } })
    expect(answer.json).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' })
  })

  it.each([
    ['Strict', 400, 'strict decoding error: duplicate field \\"data.a\\", unknown field \\"datta\\"', undefined],
    ['Warn', 201, '"name":"a"', '299 - "duplicate field \\"data.a\\"", 299 - "unknown field \\"datta\\""'],
    ['', 201, '"name":"a"', '299 - "duplicate field \\"data.a\\"", 299 - "unknown field \\"datta\\""'],
    ['Ignore', 201, '"name":"a"', undefined],
    ['Maybe', 422, 'fieldValidation: Unsupported value: \\"Maybe\\"', undefined],
  ])('field validation %s', async (mode, status, text, warning) => {
    const body = '{"metadata":{"name":"a"},"data":{"a":"1","a":"2"},"datta":{}}'
    const answer = await call(api, `POST ${MAPS}?fieldValidation=${mode}`, { body })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
    expect(answer.headers.warning).toBe(warning)
    if (status === 201) expect(answer.json.data).toEqual({ a: '2' })
  })

  it('does all but store it in a dry run', async () => {
    const dry = await call(api, `POST ${MAPS}?dryRun=All`, { body: { metadata: { name: 'a' } } })
    expect(dry.json.metadata.uid).toBeDefined()
    expect((await call(api, `GET ${MAPS}/a`)).status).toBe(404)
    await create(MAPS, { metadata: { name: 'a' } })
    expect((await call(api, `POST ${MAPS}?dryRun=All`, { body: { metadata: { name: 'a' } } })).status).toBe(409)
    expect((await call(api, `POST ${MAPS}?dryRun=Some`, { body: { metadata: { name: 'b' } } })).status).toBe(422)
  })

  it('says who set which fields, but not of what it set itself', async () => {
    const made = (await call(api, `POST ${DEPLOYMENTS}?fieldManager=me`, { body: deployment('a') })).json
    expect(made.metadata.managedFields).toMatchObject([{ manager: 'me', operation: 'Update', apiVersion: 'apps/v1' }])
    const space = await create('/api/v1/namespaces', { metadata: { name: 'x' } })
    expect(JSON.stringify(space.metadata.managedFields ?? [])).not.toContain('f:finalizers')
  })
})

describe('update', () => {
  it('needs the present resourceVersion, or none', async () => {
    const made = await create(MAPS, { metadata: { name: 'a' }, data: { k: '1' } })
    const second = await call(api, `PUT ${MAPS}/a`, { body: { ...made, data: { k: '2' } } })
    expect(second.json).toMatchObject({ data: { k: '2' }, metadata: { uid: made.metadata.uid } })
    const stale = await call(api, `PUT ${MAPS}/a`, { body: { ...made, data: { k: '3' } } })
    expect(stale.json).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    })
    const free = await call(api, `PUT ${MAPS}/a`, { body: { metadata: { name: 'a' }, data: { k: '4' } } })
    expect(free.json.data).toEqual({ k: '4' })
    expect(free.json.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp)
  })

  it.each([
    [
      'another name',
      { metadata: { name: 'b' } },
      400,
      'the name of the object (b) does not match the name on the URL (a)',
    ],
    [
      'another UID',
      { metadata: { name: 'a', uid: 'x' } },
      409,
      'Precondition failed: UID in precondition: x, UID in object meta: ',
    ],
  ])('refuses %s', async (_, body, status, text) => {
    await create(MAPS, { metadata: { name: 'a' } })
    const answer = await call(api, `PUT ${MAPS}/a`, { body })
    expect(answer.status).toBe(status)
    expect(answer.json.message).toContain(text)
  })

  it('finds nothing to update, unless the type is one that it makes', async () => {
    expect((await call(api, `PUT ${MAPS}/a`, { body: { metadata: { name: 'a' } } })).status).toBe(404)
    const lease = { metadata: { name: 'a' }, spec: { holderIdentity: 'me' } }
    expect(
      (await call(api, 'PUT /apis/coordination.k8s.io/v1/namespaces/default/leases/a', { body: lease })).status,
    ).toBe(201)
    const again = await call(api, 'PUT /apis/coordination.k8s.io/v1/namespaces/default/leases/a', { body: lease })
    expect(again.json.message).toContain(
      'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    )
  })

  it('that changes nothing writes nothing', async () => {
    const made = await create(MAPS, { metadata: { name: 'a' }, data: { k: '1' } })
    await clock.advance(60_000)
    const same = await call(api, `PUT ${MAPS}/a`, { body: made })
    expect(same.json.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
  })

  it('counts generations by changes of spec, and keeps status apart', async () => {
    const made = await create(DEPLOYMENTS, deployment('a'))
    const labelled = (
      await call(api, `PATCH ${DEPLOYMENTS}/a`, { body: { metadata: { labels: { x: 'y' } } }, headers: MERGE })
    ).json
    expect(labelled.metadata.generation).toBe(1)
    const scaled = (
      await call(api, `PUT ${DEPLOYMENTS}/a`, {
        body: { ...labelled, spec: { ...made.spec, replicas: 3 }, status: { replicas: 3 } },
      })
    ).json
    expect(scaled).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 } })
    expect(scaled.status?.replicas).toBeUndefined()
    const status = { ...scaled, spec: { ...scaled.spec, replicas: 9 }, status: { replicas: 3, observedGeneration: 2 } }
    const reported = (await call(api, `PUT ${DEPLOYMENTS}/a/status`, { body: status })).json
    expect(reported).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 3 },
      status: { replicas: 3, observedGeneration: 2 },
    })
    const patched = await call(api, `PATCH ${DEPLOYMENTS}/a/status`, {
      body: { status: { replicas: 4 } },
      headers: MERGE,
    })
    expect(patched.json.status).toMatchObject({ replicas: 4, observedGeneration: 2 })
  })

  it('serialises writers that name no version, and loses none of their patches', async () => {
    await create(MAPS, { metadata: { name: 'a' } })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        call(api, `PATCH ${MAPS}/a`, { body: { data: { [`k${i}`]: 'v' } }, headers: MERGE }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(Object.keys((await call(api, `GET ${MAPS}/a`)).json.data)).toHaveLength(20)
  })

  it('applies to what is not there by making it', async () => {
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n'
    const made = await call(api, `PATCH ${MAPS}/a?fieldManager=me`, { body, headers })
    expect(made.status).toBe(201)
    expect(made.json.metadata.managedFields).toMatchObject([{ manager: 'me', operation: 'Apply' }])
    expect((await call(api, `PATCH ${MAPS}/a?fieldManager=me`, { body, headers })).status).toBe(200)
    const other = await call(api, `PATCH ${MAPS}/a?fieldManager=you`, { body: body.replace('k: v', 'k: w'), headers })
    expect(other.json).toMatchObject({ code: 409, reason: 'Conflict' })
    expect(other.json.message).toBe('Apply failed with 1 conflict: conflict with "me": .data.k')
  })
})

describe('delete', () => {
  it('removes and says what it removed', async () => {
    const made = await create(MAPS, { metadata: { name: 'a' } })
    expect((await call(api, `DELETE ${MAPS}/a`)).json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: made.metadata.uid },
    })
    expect((await call(api, `DELETE ${MAPS}/a`)).status).toBe(404)
  })

  it('waits for finalizers, and goes with the last of them', async () => {
    await create(MAPS, { metadata: { name: 'a', finalizers: ['example.com/x'] } })
    const marked = (await call(api, `DELETE ${MAPS}/a`)).json
    expect(marked.metadata).toMatchObject({ deletionTimestamp: '2026-06-01T12:00:00Z', deletionGracePeriodSeconds: 0 })
    const again = (await call(api, `DELETE ${MAPS}/a`)).json
    expect(again.metadata.resourceVersion).toBe(marked.metadata.resourceVersion)
    const added = await call(api, `PATCH ${MAPS}/a`, {
      body: { metadata: { finalizers: ['example.com/x', 'example.com/y'] } },
      headers: MERGE,
    })
    expect(added.json.message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/y"}',
    )
    const last = await call(api, `PATCH ${MAPS}/a`, { body: { metadata: { finalizers: null } }, headers: MERGE })
    expect(last.status).toBe(200)
    expect((await call(api, `GET ${MAPS}/a`)).status).toBe(404)
  })

  it.each([
    ['Foreground', ['foregroundDeletion']],
    ['Orphan', ['orphan']],
  ])('leaves %s to the garbage collector', async (propagationPolicy, finalizers) => {
    await create(MAPS, { metadata: { name: 'a' } })
    const { json } = await call(api, `DELETE ${MAPS}/a`, { body: { propagationPolicy } })
    expect(json.metadata.finalizers).toEqual(finalizers)
    expect((await call(api, `DELETE ${MAPS}/a?propagationPolicy=Background`)).status).toBe(200)
    expect((await call(api, `GET ${MAPS}/a`)).status).toBe(404)
  })

  it.each([
    [{ propagationPolicy: 'Sometimes' }, 422, 'propagationPolicy: Unsupported value: "Sometimes"'],
    [{ propagationPolicy: 'Orphan', orphanDependents: true }, 422, 'cannot be both set'],
    [{ preconditions: { uid: 'other' } }, 409, 'Precondition failed: UID in precondition: other, UID in object meta: '],
    [{ preconditions: { resourceVersion: '1' } }, 409, 'Precondition failed: ResourceVersion in precondition: 1'],
    [{ kind: 'Pod' }, 400, 'it is a Pod'],
    ['[', 400, 'unexpected end of JSON input'],
  ])('refuses %j', async (body, status, text) => {
    await create(MAPS, { metadata: { name: 'a' } })
    const answer = await call(api, `DELETE ${MAPS}/a`, { body })
    expect(answer.status).toBe(status)
    expect(answer.json.message).toContain(text)
    expect((await call(api, `DELETE ${MAPS}/a`, { body: { kind: 'DeleteOptions', apiVersion: 'v1' } })).status).toBe(
      200,
    )
  })

  it('gives a running pod its grace, which can be shortened, and others none', async () => {
    await create(PODS, pod('idle'))
    expect((await call(api, `DELETE ${PODS}/idle`)).status).toBe(200)
    expect((await call(api, `GET ${PODS}/idle`)).status).toBe(404)
    await create(PODS, pod('busy'))
    expect(
      (await call(api, `POST ${PODS}/busy/binding`, { body: { target: { kind: 'Node', name: 'n' } } })).status,
    ).toBe(201)
    const marked = (await call(api, `DELETE ${PODS}/busy`)).json
    expect(marked.metadata).toMatchObject({ deletionTimestamp: '2026-06-01T12:00:30Z', deletionGracePeriodSeconds: 30 })
    const sooner = (await call(api, `DELETE ${PODS}/busy`, { body: { gracePeriodSeconds: 5 } })).json
    expect(sooner.metadata).toMatchObject({ deletionTimestamp: '2026-06-01T12:00:05Z', deletionGracePeriodSeconds: 5 })
    const later = (await call(api, `DELETE ${PODS}/busy`, { body: { gracePeriodSeconds: 50 } })).json
    expect(later.metadata.deletionGracePeriodSeconds).toBe(5)
    expect((await call(api, `DELETE ${PODS}/busy`, { body: { gracePeriodSeconds: 0 } })).status).toBe(200)
    expect((await call(api, `GET ${PODS}/busy`)).status).toBe(404)
  })

  it('of a collection takes what the selectors choose', async () => {
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
    ] as const)
      await create(MAPS, { metadata: { name, labels: { app } } })
    const { json } = await call(api, `DELETE ${MAPS}?labelSelector=app%3Dx`)
    expect(json.items).toHaveLength(2)
    expect((await call(api, `GET ${MAPS}`)).json.items).toHaveLength(1)
    expect((await call(api, 'DELETE /api/v1/configmaps')).status).toBe(405)
  })

  it('does not happen in a dry run', async () => {
    await create(MAPS, { metadata: { name: 'a' } })
    expect((await call(api, `DELETE ${MAPS}/a?dryRun=All`)).status).toBe(200)
    expect((await call(api, `DELETE ${MAPS}/a`, { body: { dryRun: ['All'] } })).status).toBe(200)
    expect((await call(api, `GET ${MAPS}/a`)).status).toBe(200)
  })
})

describe('namespaces', () => {
  it('are needed by what is created in them', async () => {
    const answer = await call(api, 'POST /api/v1/namespaces/nope/configmaps', { body: { metadata: { name: 'a' } } })
    expect(answer.json).toMatchObject({ code: 404, message: 'namespaces "nope" not found' })
  })

  it('take nothing new while they go, and go when they are finalized', async () => {
    await create('/api/v1/namespaces', { metadata: { name: 'x' } })
    const going = (await call(api, 'DELETE /api/v1/namespaces/x')).json
    expect(going).toMatchObject({ status: { phase: 'Terminating' }, spec: { finalizers: ['kubernetes'] } })
    const refused = await call(api, 'POST /api/v1/namespaces/x/configmaps', { body: { metadata: { name: 'a' } } })
    expect(refused.json).toMatchObject({
      code: 403,
      message:
        'configmaps "a" is forbidden: unable to create new content in namespace x because it is being terminated',
      details: {
        causes: [
          { reason: 'NamespaceTerminating', message: 'namespace x is being terminated', field: 'metadata.namespace' },
        ],
      },
    })
    const done = await call(api, 'PUT /api/v1/namespaces/x/finalize', { body: { ...going, spec: { finalizers: [] } } })
    expect(done.status).toBe(200)
    expect((await call(api, 'GET /api/v1/namespaces/x')).status).toBe(404)
  })

  it('that everything needs cannot go', async () => {
    expect((await call(api, 'DELETE /api/v1/namespaces/default')).json).toMatchObject({
      code: 403,
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    })
  })
})

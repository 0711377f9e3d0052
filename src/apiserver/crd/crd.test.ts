import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { memoryStore } from '../../store/memory/memory.ts'
import type { Store } from '../../store/mod.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call, watch } from '../testing-call.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'string', enum: ['small', 'large'] },
        replicas: { type: 'integer', minimum: 0, default: 1 },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port'],
          items: {
            type: 'object',
            required: ['port'],
            properties: { port: { type: 'integer' }, name: { type: 'string' } },
          },
        },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, phase: { type: 'string' } } },
  },
}
const version = (name: string, more: object = {}) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: { openAPIV3Schema: schema },
  ...more,
})
const full = {
  subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
  additionalPrinterColumns: [
    { name: 'Size', type: 'string', jsonPath: '.spec.size' },
    { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: [{ jsonPath: '.spec.size' }],
}
const definition = (spec: object = {}, names: object = {}) => ({
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], ...names },
    versions: [version('v1', full), version('v1beta1', { deprecated: true })],
    ...spec,
  },
})

let store: Store
let api: TestApi
beforeEach(async () => {
  store = memoryStore()
  api = await testApi(systemClock, { store })
})
afterEach(() => api.close())
const post = (path: string, body: object) => call(api, `POST ${path}`, { body })
const widget = (name: string, spec: object = { size: 'small' }) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
})

describe('a definition', () => {
  it('is in use once it is created: discovery, OpenAPI and objects', async () => {
    const { json } = await post(CRDS, definition())
    expect(json.status.acceptedNames).toEqual({
      plural: 'widgets',
      singular: 'widget',
      shortNames: ['wd'],
      kind: 'Widget',
      listKind: 'WidgetList',
    })
    expect(json.status.storedVersions).toEqual(['v1'])
    expect(json.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ])
    const { resources } = (await call(api, 'GET /apis/example.com/v1')).json
    expect(resources.map(({ name }: { name: string }) => name)).toEqual(['widgets', 'widgets/scale', 'widgets/status'])
    expect((await call(api, 'GET /openapi/v3')).json.paths['apis/example.com/v1']).toBeDefined()
    expect((await call(api, 'GET /openapi/v3/apis/example.com/v1')).text).toContain('com.example.v1.Widget')
    expect((await post(WIDGETS, widget('a'))).status).toBe(201)
  })

  it('is found again after a restart', async () => {
    await post(CRDS, definition())
    await post(WIDGETS, widget('a'))
    api.server.close()
    api = await testApi(systemClock, { store })
    expect((await call(api, `GET ${WIDGETS}/a`)).json.spec).toEqual({ size: 'small', replicas: 1 })
  })

  it.each([
    [
      'another name than its own',
      { ...definition(), metadata: { name: 'x.example.com' } },
      'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'two stored versions',
      definition({ versions: [version('v1'), { ...version('v2'), storage: true }] }),
      'must have exactly one version marked as storage version',
    ],
    [
      'no schema',
      definition({ versions: [{ name: 'v1', served: true, storage: true }] }),
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ],
    [
      'a schema without a type',
      definition({ versions: [version('v1', { schema: { openAPIV3Schema: {} } })] }),
      'must not be empty at the root',
    ],
    [
      'a rule about a field that is not there',
      definition({
        versions: [
          version('v1', {
            schema: {
              openAPIV3Schema: { ...schema, 'x-kubernetes-validations': [{ rule: 'self.spec.nosuch > 1' }] },
            },
          }),
        ],
      }),
      'openAPIV3Schema.x-kubernetes-validations[0].rule: Invalid value: {"rule":"self.spec.nosuch > 1"}: compilation failed: ' +
        "ERROR: <input>:1:10: undefined field 'nosuch'\n | self.spec.nosuch > 1\n | .........^",
    ],
    [
      'another scope',
      definition({ scope: 'World' }),
      'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"',
    ],
    [
      'a protected group',
      { ...definition({ group: 'x.k8s.io' }), metadata: { name: 'widgets.x.k8s.io' } },
      'protected groups must have approval annotation',
    ],
    [
      'a bad column',
      definition({
        versions: [version('v1', { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'spec[' }] })],
      }),
      'is an invalid expression',
    ],
  ])('is refused with %s', async (_, body, text) => {
    const answer = await post(CRDS, body)
    expect(answer.json).toMatchObject({ code: 422, reason: 'Invalid' })
    expect(answer.json.message).toContain(text)
    expect((await post(CRDS, definition())).status).toBe(201)
  })

  it('waits while its names are taken', async () => {
    await post(CRDS, definition())
    const gadgets = {
      ...definition({}, { plural: 'gadgets', kind: 'Gadget' }),
      metadata: { name: 'gadgets.example.com' },
    }
    const { json } = await post(CRDS, gadgets)
    expect(json.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'False', reason: 'ShortNamesConflict', message: '"wd" is already in use' },
      { type: 'Established', status: 'False', reason: 'NotAccepted' },
    ])
    expect((await call(api, 'GET /apis/example.com/v1/gadgets')).status).toBe(404)
    const watched = await watch(
      api,
      `${CRDS}?watch=1&fieldSelector=metadata.name%3Dgadgets.example.com&resourceVersion=${json.metadata.resourceVersion}`,
    )
    await call(api, `DELETE ${CRDS}/widgets.example.com`)
    expect((await watched.next()).object.status.conditions).toMatchObject([{ status: 'True' }, { status: 'True' }])
    expect((await call(api, 'GET /apis/example.com/v1/gadgets')).status).toBe(200)
    watched.stop()
  })

  it('takes its objects along, but not before they are ready', async () => {
    await post(CRDS, definition())
    await post(WIDGETS, widget('a'))
    await post(WIDGETS, { ...widget('b'), metadata: { name: 'b', finalizers: ['example.com/x'] } })
    const watched = await watch(api, `${WIDGETS}?watch=1&resourceVersion=${store.revision}`)
    const definitions = await watch(api, `${CRDS}?watch=1&resourceVersion=${store.revision}`)
    expect((await call(api, `DELETE ${CRDS}/widgets.example.com`)).json.metadata.deletionTimestamp).toBeDefined()
    expect((await watched.next()).type).toMatch(/DELETED|MODIFIED/)
    expect((await watched.next()).type).toMatch(/DELETED|MODIFIED/)
    expect((await call(api, `GET ${CRDS}/widgets.example.com`)).json.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress' }),
    )
    expect((await post(WIDGETS, widget('c'))).status).toBe(405)
    await call(api, `PATCH ${WIDGETS}/b`, { body: { metadata: { finalizers: null } }, headers: MERGE })
    for (;;) if ((await definitions.next()).type === 'DELETED') break
    expect((await call(api, `GET ${WIDGETS}`)).status).toBe(404)
    expect((await post(CRDS, definition())).status).toBe(201)
    expect((await call(api, `GET ${WIDGETS}`)).json.items).toEqual([])
    watched.stop()
    definitions.stop()
  })

  it('keeps its place once in use', async () => {
    const { json } = await post(CRDS, definition())
    const moved = await call(api, `PUT ${CRDS}/widgets.example.com`, {
      body: { ...json, spec: { ...json.spec, scope: 'Cluster' } },
    })
    expect(moved.json.message).toContain('spec.scope: Invalid value: "Cluster": field is immutable')
    const dropped = await call(api, `PUT ${CRDS}/widgets.example.com`, {
      body: { ...json, spec: { ...json.spec, versions: [{ ...version('v2'), storage: true }] } },
    })
    expect(dropped.json.message).toContain(
      'status.storedVersions[0]: Invalid value: "v1": must appear in spec.versions',
    )
  })
})

describe('its objects', () => {
  beforeEach(() => post(CRDS, definition()))

  it('are pruned, defaulted and validated', async () => {
    const made = await post(WIDGETS, { ...widget('a'), extra: 1, spec: { size: 'large', other: 1 } })
    expect(made.json).toMatchObject({ spec: { size: 'large', replicas: 1 }, metadata: { generation: 1 } })
    expect(made.json.extra).toBeUndefined()
    expect(made.headers.warning).toContain('unknown field \\"spec.other\\"')
    const strict = await call(api, `POST ${WIDGETS}?fieldValidation=Strict`, { body: { ...widget('b'), extra: 1 } })
    expect(strict.json.message).toContain('strict decoding error: unknown field "extra"')
    const wrong = await post(WIDGETS, widget('b', { size: 'huge', replicas: -1 }))
    expect(wrong.json).toMatchObject({ code: 422, details: { name: 'b', group: 'example.com', kind: 'Widget' } })
    expect(wrong.json.message).toContain(
      'spec.size: Unsupported value: "huge": supported values: "large", "small"'.replace('"large", "small"', ''),
    )
    expect(wrong.json.message).toContain('spec.replicas: Invalid value: -1')
  })

  it('have status and scale of their own', async () => {
    const { json } = await post(WIDGETS, { ...widget('a'), status: { phase: 'x' } })
    expect(json.status).toBeUndefined()
    const reported = await call(api, `PUT ${WIDGETS}/a/status`, {
      body: { ...json, spec: { size: 'large' }, status: { phase: 'Ready' } },
    })
    expect(reported.json).toMatchObject({
      spec: { size: 'small' },
      status: { phase: 'Ready' },
      metadata: { generation: 1 },
    })
    const scaled = await call(api, `PATCH ${WIDGETS}/a/scale`, { body: { spec: { replicas: 4 } }, headers: MERGE })
    expect(scaled.json.spec.replicas).toBe(4)
    expect((await call(api, `GET ${WIDGETS}/a`)).json).toMatchObject({
      spec: { replicas: 4 },
      metadata: { generation: 2 },
    })
  })

  it('are shown in the columns of their definition, and chosen by its fields', async () => {
    await post(WIDGETS, widget('a'))
    await post(WIDGETS, widget('b', { size: 'large' }))
    const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    const { columnDefinitions, rows } = (await call(api, `GET ${WIDGETS}?fieldSelector=spec.size%3Dlarge`, { headers }))
      .json
    expect(columnDefinitions.map(({ name, priority }: { name: string; priority: number }) => [name, priority])).toEqual(
      [
        ['Name', 0],
        ['Size', 0],
        ['Replicas', 1],
        ['Age', 0],
      ],
    )
    expect(rows).toMatchObject([{ cells: ['b', 'large', 1, expect.stringMatching(/^\d+s$/)] }])
  })

  it('are one thing in every version, and old versions warn', async () => {
    await post(WIDGETS, widget('a'))
    const old = await call(api, 'GET /apis/example.com/v1beta1/namespaces/default/widgets/a')
    expect(old.json).toMatchObject({ apiVersion: 'example.com/v1beta1', kind: 'Widget', spec: { size: 'small' } })
    expect(old.headers.warning).toBe('299 - "example.com/v1beta1 Widget is deprecated"')
    const list = await call(api, 'GET /apis/example.com/v1beta1/widgets')
    expect(list.json.items[0].apiVersion).toBe('example.com/v1beta1')
    const watched = await watch(api, '/apis/example.com/v1beta1/widgets?watch=1')
    expect((await watched.next()).object.apiVersion).toBe('example.com/v1beta1')
    const changed = await call(api, 'PATCH /apis/example.com/v1beta1/namespaces/default/widgets/a', {
      body: { spec: { size: 'large' } },
      headers: MERGE,
    })
    expect(changed.json.apiVersion).toBe('example.com/v1beta1')
    expect(await watched.next()).toMatchObject({
      type: 'MODIFIED',
      object: { apiVersion: 'example.com/v1beta1', spec: { size: 'large' } },
    })
    expect((await call(api, `GET ${WIDGETS}/a`)).json).toMatchObject({
      apiVersion: 'example.com/v1',
      spec: { size: 'large' },
    })
    watched.stop()
  })

  it('know no strategic merge, and need a resourceVersion for an update', async () => {
    const { json } = await post(WIDGETS, widget('a'))
    const strategic = await call(api, `PATCH ${WIDGETS}/a`, {
      body: {},
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
    })
    expect(strategic.status).toBe(415)
    const { resourceVersion: _, ...metadata } = json.metadata
    expect((await call(api, `PUT ${WIDGETS}/a`, { body: { ...json, metadata } })).status).toBe(422)
    expect((await call(api, `PUT ${WIDGETS}/a`, { body: json })).status).toBe(200)
  })

  it('ends its watches when it goes, and those of no other type', async () => {
    await call(api, `POST ${CRDS}`, { body: definition() })
    const watched = await watch(api, `${WIDGETS}?watch=1`)
    const other = await watch(api, '/api/v1/namespaces/default/configmaps?watch=1')
    await call(api, `DELETE ${CRDS}/widgets.example.com`)
    await watched.ended()
    await call(api, 'POST /api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'still' } } })
    expect((await other.next()).object.metadata.name).toBe('still')
    other.stop()
  })
})

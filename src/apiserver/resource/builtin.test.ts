import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call, watch } from '../testing-call.ts'

let api: TestApi
beforeEach(async () => {
  api = await testApi(fakeClock())
})
afterEach(() => api.close())

const OLDER = '/api/v1/namespaces/default/events'
const NEWER = '/apis/events.k8s.io/v1/namespaces/default/events'
const regarding = { kind: 'Pod', namespace: 'default', name: 'web' }
const newer = (name: string, more: object = {}) => ({
  metadata: { name },
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'example.com/agent',
  reportingInstance: 'agent-1',
  action: 'Look',
  reason: 'Seen',
  type: 'Normal',
  note: 'it was seen',
  regarding,
  ...more,
})

describe('events', () => {
  it('of the newer form are those of the older one', async () => {
    const made = await call(api, `POST ${NEWER}`, { body: newer('n') })
    expect([made.status, made.json.apiVersion, made.json.note]).toEqual([201, 'events.k8s.io/v1', 'it was seen'])
    const old = (await call(api, `GET ${OLDER}/n`)).json
    expect(old).toMatchObject({
      apiVersion: 'v1',
      message: 'it was seen',
      involvedObject: regarding,
      reportingComponent: 'example.com/agent',
    })
    expect(old.note ?? old.regarding).toBeUndefined()
    const body = {
      metadata: { name: 'o' },
      involvedObject: regarding,
      message: 'x',
      count: 3,
      source: { component: 'c' },
    }
    await call(api, `POST ${OLDER}`, { body })
    const { items } = (await call(api, `GET ${NEWER}?fieldSelector=regarding.name%3Dweb`)).json
    expect(items.map((item: { note: string; deprecatedCount?: number }) => [item.note, item.deprecatedCount])).toEqual([
      ['it was seen', undefined],
      ['x', 3],
    ])
    const headers = { 'content-type': 'application/merge-patch+json' }
    const patched = await call(api, `PATCH ${NEWER}/n`, { headers, body: { note: 'again' } })
    expect([patched.json.note, (await call(api, `GET ${OLDER}/n`)).json.message]).toEqual(['again', 'again'])
    expect((await call(api, `GET ${NEWER}?fieldSelector=involvedObject.name%3Dweb`)).status).toBe(400)
  })

  it('are watched and shown in both', async () => {
    const seen = await watch(api, `${NEWER}?watch=1`)
    await call(api, `POST ${OLDER}`, { body: { metadata: { name: 'o' }, involvedObject: regarding, message: 'x' } })
    expect(await seen.next()).toMatchObject({ type: 'ADDED', object: { apiVersion: 'events.k8s.io/v1', note: 'x' } })
    const headers = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
    const rows = async (path: string) =>
      (await call(api, `GET ${path}`, { headers })).json.rows.map(({ cells }: { cells: unknown[] }) => cells)
    expect(await rows(NEWER)).toEqual(await rows(OLDER))
  })

  it.each([
    ['action', { action: '' }, 'action: Required value'],
    ['type', { type: 'Loud' }, 'type: Invalid value: "": has invalid value: Loud'],
    ['count', { deprecatedCount: 2 }, 'count: Invalid value: "": needs to be unset'],
    ['namespace', { regarding: { ...regarding, namespace: 'x' } }, 'does not match event.namespace'],
  ])('that say a wrong %s are refused', async (_what, more, text) => {
    const { status, json } = await call(api, `POST ${NEWER}`, { body: newer('n', more) })
    expect([status, json.message]).toEqual([422, expect.stringContaining(text)])
  })
})

it('who uses Endpoints hears that they are the past; of EndpointSlices nothing is said', async () => {
  const warning = async (path: string) => (await call(api, `GET ${path}`)).headers.warning
  expect(await warning('/api/v1/namespaces/default/endpoints')).toBe(
    '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
  )
  expect(await warning('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices')).toBeUndefined()
})

it('a pod is bound by a binding of its namespace', async () => {
  const spec = { containers: [{ name: 'c', image: 'x', lifecycle: { stopSignal: 'SIGUSR1' } }] }
  const made = await call(api, 'POST /api/v1/namespaces/default/pods', { body: { metadata: { name: 'p' }, spec } })
  expect(made.json.spec.containers[0].lifecycle).toBeUndefined()
  const bind = () =>
    call(api, 'POST /api/v1/namespaces/default/bindings', {
      body: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'node-1' } },
    })
  expect((await bind()).status).toBe(201)
  expect((await call(api, 'GET /api/v1/namespaces/default/pods/p')).json.spec.nodeName).toBe('node-1')
  expect((await bind()).json.message).toContain('pod p is already assigned to node "node-1"')
})

it('a ReplicationController takes labels and selector from its template', async () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'x' }] } }
  const path = '/api/v1/namespaces/default/replicationcontrollers'
  const made = await call(api, `POST ${path}`, { body: { metadata: { name: 'r' }, spec: { template } } })
  expect(made.json).toMatchObject({ metadata: { labels: { app: 'a' } }, spec: { replicas: 1, selector: { app: 'a' } } })
  const scale = (await call(api, `GET ${path}/r/scale`)).json
  expect(scale).toMatchObject({ spec: { replicas: 1 }, status: { selector: 'app=a' } })
  const refused = await call(api, `POST ${path}`, {
    body: { metadata: { name: 's' }, spec: { selector: { app: 'b' }, template } },
  })
  expect(refused.json.message).toContain('`selector` does not match template `labels`')
})

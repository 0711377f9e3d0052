import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const PODS = '/api/v1/namespaces/default/pods'
const SETS = '/apis/apps/v1/namespaces/default/replicasets'
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
  await call(api, `POST ${PODS}`, { body: { metadata: { name: 'p' }, spec: template.spec } })
  const spec = {
    replicas: 2,
    selector: { matchLabels: { app: 'a' }, matchExpressions: [{ key: 'z', operator: 'Exists' }] },
    template: { ...template, metadata: { labels: { app: 'a', z: '' } } },
  }
  await call(api, `POST ${SETS}`, { body: { metadata: { name: 'r' }, spec } })
})
afterEach(() => api.close())

describe('binding', () => {
  it('puts a pod on a node, once', async () => {
    const bound = await call(api, `POST ${PODS}/p/binding`, {
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } },
    })
    expect(bound.json).toMatchObject({ kind: 'Status', status: 'Success', code: 201 })
    const { json } = await call(api, `GET ${PODS}/p`)
    expect(json.spec.nodeName).toBe('n1')
    expect(json.status).toMatchObject({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] })
    const again = await call(api, `POST ${PODS}/p/binding`, { body: { target: { name: 'n2' } } })
    expect(again.json).toMatchObject({
      code: 409,
      message: 'Operation cannot be fulfilled on pods "p": pod p is already assigned to node "n1"',
    })
    expect((await call(api, `POST ${PODS}/none/binding`, { body: { target: { name: 'n2' } } })).status).toBe(404)
    expect((await call(api, `POST ${PODS}/p/binding`, { body: { target: {} } })).status).toBe(400)
  })
})

describe('eviction', () => {
  it('deletes the pod', async () => {
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'p' },
      deleteOptions: { gracePeriodSeconds: 0 },
    }
    expect((await call(api, `POST ${PODS}/p/eviction`, { body: { ...body, metadata: { name: 'q' } } })).status).toBe(
      400,
    )
    expect((await call(api, `POST ${PODS}/p/eviction?dryRun=All`, { body })).status).toBe(201)
    expect((await call(api, `GET ${PODS}/p`)).status).toBe(200)
    expect((await call(api, `POST ${PODS}/p/eviction`, { body })).status).toBe(201)
    expect((await call(api, `GET ${PODS}/p`)).status).toBe(404)
  })
})

describe('scale', () => {
  it('shows replicas of whatever has them', async () => {
    expect((await call(api, `GET ${SETS}/r/scale`)).json).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'r', namespace: 'default' },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=a,z' },
    })
    expect((await call(api, `GET ${SETS}/none/scale`)).status).toBe(404)
    expect((await call(api, `GET ${PODS}/p/scale`)).status).toBe(404)
  })

  it('changes them by PUT and PATCH', async () => {
    const { json } = await call(api, `GET ${SETS}/r/scale`)
    const put = await call(api, `PUT ${SETS}/r/scale`, { body: { ...json, spec: { replicas: 5 } } })
    expect(put.json).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } })
    expect((await call(api, `PUT ${SETS}/r/scale`, { body: { ...json, spec: { replicas: 6 } } })).status).toBe(409)
    const headers = { 'content-type': 'application/merge-patch+json' }
    const patched = await call(api, `PATCH ${SETS}/r/scale`, { body: { spec: { replicas: 7 } }, headers })
    expect(patched.json.spec).toEqual({ replicas: 7 })
    const { spec, metadata } = (await call(api, `GET ${SETS}/r`)).json
    expect([spec.replicas, metadata.generation]).toEqual([7, 3])
    expect((await call(api, `PATCH ${SETS}/r/scale`, { body: { spec: { replicas: -1 } }, headers })).status).toBe(400)
  })
})

describe('streams', () => {
  it('are refused where no pods run, and without an upgrade', async () => {
    expect((await call(api, `GET ${PODS}/p/log`)).json).toMatchObject({ code: 501 })
    expect((await call(api, `GET ${PODS}/none/log`)).json).toMatchObject({ code: 404 })
  })
})

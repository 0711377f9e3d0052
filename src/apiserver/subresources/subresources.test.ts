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

describe('ephemeral containers', () => {
  it('are added to a pod and change nothing else of it', async () => {
    const headers = { 'content-type': 'application/strategic-merge-patch+json' }
    const patched = (ephemeralContainers: object[]) =>
      call(api, `PATCH ${PODS}/p/ephemeralcontainers`, {
        headers,
        body: { spec: { hostname: 'other', ephemeralContainers } },
      })
    const { status, json } = await patched([{ name: 'debug', image: 'busybox', stdin: true }])
    expect([status, json.spec.hostname]).toEqual([200, undefined])
    expect(json.spec.ephemeralContainers).toMatchObject([{ name: 'debug', image: 'busybox', stdin: true }])
    expect((await patched([{ name: 'two', image: 'alpine' }])).json.spec.ephemeralContainers).toMatchObject([
      { name: 'debug', image: 'busybox' },
      { name: 'two' },
    ])
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

describe('eviction under a budget', () => {
  const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'w' } }
  const evict = (query = '') => call(api, `POST ${PODS}/w/eviction${query}`, { body })
  /** A running pod and a budget with this status. */
  async function given(status: object, isReady = true, more: object = {}): Promise<void> {
    await call(api, `POST ${PODS}`, { body: { metadata: { name: 'w', labels: { app: 'w' } }, spec: template.spec } })
    const { json: pod } = await call(api, `GET ${PODS}/w`)
    const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
    await call(api, `PUT ${PODS}/w/status`, { body: { ...pod, status: { phase: 'Running', conditions } } })
    const spec = { minAvailable: 1, selector: { matchLabels: { app: 'w' } }, ...more }
    const { json: made } = await call(api, `POST ${BUDGETS}`, { body: { metadata: { name: 'b' }, spec } })
    const zero = { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 }
    await call(api, `PUT ${BUDGETS}/b/status`, { body: { ...made, status: { ...zero, ...status } } })
  }
  it('is refused while none may go', async () => {
    await given({})
    const { status, json } = await evict()
    expect([status, json.reason, json.message, json.details.causes]).toEqual([
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      [{ reason: 'DisruptionBudget', message: 'The disruption budget b needs 1 healthy pods and has 1 currently' }],
    ])
    expect((await call(api, `GET ${PODS}/w`)).status).toBe(200)
  })
  it('is counted in at once, so that two cannot spend one', async () => {
    await given({ disruptionsAllowed: 1 })
    expect((await evict('?dryRun=All')).status).toBe(201)
    expect((await call(api, `GET ${BUDGETS}/b`)).json.status.disruptionsAllowed).toBe(1)
    expect((await evict()).status).toBe(201)
    const { status } = (await call(api, `GET ${BUDGETS}/b`)).json
    expect([status.disruptionsAllowed, Object.keys(status.disruptedPods)]).toEqual([0, ['w']])
  })
  it('waits for a budget that nobody has worked out yet', async () => {
    await given({ observedGeneration: 0, disruptionsAllowed: 1 })
    const { status, json, headers } = await evict()
    expect([status, json.details.retryAfterSeconds, headers['retry-after']]).toEqual([429, 10, '10'])
  })
  it('of a broken pod costs nothing where the others suffice, or where told so', async () => {
    await given({}, false)
    expect((await evict()).status).toBe(201)
  })
  it('of a broken pod is refused where too few are well, unless always allowed', async () => {
    await given({ currentHealthy: 0 }, false)
    expect((await evict()).status).toBe(429)
    await call(api, `PATCH ${BUDGETS}/b`, {
      body: { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    })
    expect((await evict()).status).toBe(201)
  })
  it('under two budgets is an error', async () => {
    await given({ disruptionsAllowed: 1 })
    await call(api, `POST ${BUDGETS}`, { body: { metadata: { name: 'c' }, spec: { selector: {} } } })
    expect((await evict()).status).toBe(500)
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

describe('parts of a running pod', () => {
  const headers = { 'content-type': 'application/strategic-merge-patch+json' }
  const patch = (part: string, spec: object) => call(api, `PATCH ${PODS}/p/${part}`, { body: { spec }, headers })
  const pod = async () => (await call(api, `GET ${PODS}/p`)).json.spec

  it('containers for debugging are added, and stay as they are', async () => {
    const added = await patch('ephemeralcontainers', {
      ephemeralContainers: [{ name: 'debug', image: 'busybox' }],
      hostNetwork: true,
    })
    expect(added.status).toBe(200)
    expect(await pod()).toMatchObject({ ephemeralContainers: [{ name: 'debug', image: 'busybox' }] })
    expect((await pod()).hostNetwork).toBeUndefined()
    expect((await patch('ephemeralcontainers', { ephemeralContainers: [{ name: 'two', image: 'a' }] })).status).toBe(
      200,
    )
    expect((await pod()).ephemeralContainers).toHaveLength(2)
    await patch('ephemeralcontainers', { ephemeralContainers: [{ name: 'debug', image: 'other' }] })
    expect((await pod()).ephemeralContainers[0].image).toBe('busybox')
  })

  it('resources are changed, and nothing else', async () => {
    const resources = { requests: { cpu: '100m' } }
    expect((await patch('resize', { containers: [{ name: 'c', image: 'other', resources }] })).status).toBe(200)
    expect((await pod()).containers[0]).toMatchObject({ image: 'nginx', resources })
  })
})

import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const BASE = '/api/v1/namespaces/default'
let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
})
afterEach(() => api.close())

const quota = (hard: object, name = 'q') =>
  call(api, `POST ${BASE}/resourcequotas`, { body: { metadata: { name }, spec: { hard } } })
const pod = (name: string, requests?: object, query = '') =>
  call(api, `POST ${BASE}/pods${query}`, {
    body: {
      metadata: { name },
      spec: { containers: [{ name: 'c', image: 'i', ...(requests ? { resources: { requests } } : {}) }] },
    },
  })
const map = (name: string) => call(api, `POST ${BASE}/configmaps`, { body: { metadata: { name } } })

it('refuses the pod that is one too many, and lets another in once one is gone', async () => {
  await quota({ pods: '2' })
  expect([(await pod('a')).status, (await pod('b')).status]).toEqual([201, 201])
  const refused = await pod('c')
  expect([refused.status, refused.json.message]).toEqual([
    403,
    'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
  ])
  await call(api, `DELETE ${BASE}/pods/a`)
  expect((await pod('c', undefined, '?dryRun=All')).status).toBe(201)
  expect((await pod('c')).status).toBe(201)
})

it('lets as many in as fit when all come at once', async () => {
  await quota({ 'count/configmaps': '3' })
  const before = (await call(api, `GET ${BASE}/configmaps`)).json.items.length
  const results = await Promise.all(Array.from({ length: 10 }, (_, i) => map(`m${i}`)))
  expect(results.filter(({ status }) => status === 201)).toHaveLength(3 - before)
})

it('wants to know what containers take where that is limited', async () => {
  await quota({ 'requests.cpu': '1' })
  expect((await pod('a')).json.message).toBe('pods "a" is forbidden: failed quota: q: must specify requests.cpu for: c')
  expect((await pod('a', { cpu: '600m' })).status).toBe(201)
  expect((await pod('b', { cpu: '500m' })).json.message).toBe(
    'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
  )
  expect((await pod('b', { cpu: '400m' })).status).toBe(201)
})

it('asks every quota, and no quota of another namespace', async () => {
  await quota({ pods: '5' })
  await quota({ pods: '0' }, 'none')
  expect((await pod('a')).json.message).toContain('exceeded quota: none')
  const there = '/api/v1/namespaces/kube-system/pods'
  const body = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  expect((await call(api, `POST ${there}`, { body })).status).toBe(201)
})

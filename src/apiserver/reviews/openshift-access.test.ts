import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const RBAC = 'POST /apis/rbac.authorization.k8s.io/v1'
const REVIEWS = '/apis/authorization.openshift.io/v1'
const user = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name })
let api: TestApi

beforeAll(async () => {
  api = await testApi(systemClock, { namespaces: ['shop', 'other'] })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }
  const bind = (path: string, subjects: readonly object[]) =>
    call(api, `${RBAC}${path}`, { body: { metadata: { name: 'b' }, roleRef, subjects } })
  await bind('/namespaces/shop/rolebindings', [user('jane'), { kind: 'ServiceAccount', name: 'robot' }])
  await bind('/namespaces/other/rolebindings', [user('john')])
  await bind('/clusterrolebindings', [{ ...user('auditors'), kind: 'Group' }])
})
afterAll(() => api.close())

const ask = async (path: string, body: object, as?: { name: string; groups: string[] }) =>
  call(api, `POST ${REVIEWS}/${path}`, { body, ...(as ? { user: as } : {}) })
const pods = { verb: 'get', resourceAPIGroup: '', resource: 'pods' }

it('says who can, in a namespace and everywhere', async () => {
  const { status, json } = await ask('namespaces/shop/localresourceaccessreviews', pods)
  expect([status, json.kind, json.namespace, json.evalutionError]).toEqual([
    201,
    'ResourceAccessReviewResponse',
    'shop',
    '',
  ])
  expect(json.users).toEqual(expect.arrayContaining(['jane', 'system:serviceaccount:shop:robot']))
  expect(json.users).not.toContain('john')
  expect(json.groups).toEqual(expect.arrayContaining(['auditors', 'system:masters']))
  const everywhere = (await ask('resourceaccessreviews', pods)).json
  expect(everywhere.users).not.toContain('jane')
  expect(everywhere.groups).toContain('auditors')
  const { json: others } = await ask('namespaces/shop/localresourceaccessreviews', { ...pods, verb: 'delete' })
  expect(others.users).not.toContain('jane')
  const { json: logs } = await ask('namespaces/shop/localresourceaccessreviews', { ...pods, resource: 'pods/log' })
  expect(logs.users).toContain('jane')
  const { json: exec } = await ask('namespaces/shop/localresourceaccessreviews', { ...pods, resource: 'pods/exec' })
  expect(exec.users).not.toContain('jane')
})

it('says whether somebody can, and whoever asks', async () => {
  const path = 'namespaces/shop/localsubjectaccessreviews'
  const { json } = await ask(path, { ...pods, user: 'jane' })
  expect(json).toMatchObject({ kind: 'SubjectAccessReviewResponse', namespace: 'shop', allowed: true })
  expect((await ask(path, { ...pods, user: 'john' })).json.allowed).toBe(false)
  expect((await ask('subjectaccessreviews', { ...pods, groups: ['auditors'] })).json.allowed).toBe(true)
  expect((await ask('subjectaccessreviews', pods)).json.allowed).toBe(true)
})

it('answers those who may ask', async () => {
  const jane = { name: 'jane', groups: ['system:authenticated'] }
  expect((await ask('namespaces/shop/localresourceaccessreviews', pods, jane)).status).toBe(403)
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' }
  await call(api, `${RBAC}/namespaces/shop/rolebindings`, {
    body: { metadata: { name: 'admin' }, roleRef, subjects: [user('jane')] },
  })
  expect((await ask('namespaces/shop/localresourceaccessreviews', pods, jane)).status).toBe(201)
  expect((await ask('resourceaccessreviews', pods, jane)).status).toBe(403)
})

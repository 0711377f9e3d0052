import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'
import type { User } from './user.ts'

const NOBODY: User = { name: 'nobody', groups: ['system:authenticated'] }
const OPERATOR: User = { name: 'op', groups: ['operators', 'system:authenticated'], uid: '7' }
let api: TestApi
beforeAll(async () => {
  api = await testApi(systemClock, { adminGroups: ['operators'] })
})
afterAll(() => api.close())

describe('authorization', () => {
  it.each([
    [
      'GET /api/v1/namespaces/default/pods',
      'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      'GET /api/v1/namespaces/default/pods/a',
      'pods "a" is forbidden: User "nobody" cannot get resource "pods" in API group "" in the namespace "default"',
    ],
    [
      'GET /api/v1/pods?watch=1',
      'pods is forbidden: User "nobody" cannot watch resource "pods" in API group "" at the cluster scope',
    ],
    [
      'GET /api/v1/namespaces/x',
      'namespaces "x" is forbidden: User "nobody" cannot get resource "namespaces" in API group "" in the namespace "x"',
    ],
    [
      'PATCH /apis/apps/v1/namespaces/a/deployments/b/scale',
      'deployments.apps "b" is forbidden: User "nobody" cannot patch resource "deployments/scale" in API group "apps" in the namespace "a"',
    ],
    ['GET /nothing', 'forbidden: User "nobody" cannot get path "/nothing"'],
    ['POST /fairlead/bookmarks', 'forbidden: User "nobody" cannot post path "/fairlead/bookmarks"'],
  ])('refuses %s', async (line, message) => {
    expect((await call(api, line, { user: NOBODY })).json).toMatchObject({ code: 403, reason: 'Forbidden', message })
  })

  it('lets everybody who is known look around and ask about themselves', async () => {
    expect((await call(api, 'GET /api', { user: NOBODY })).status).toBe(200)
    const body = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } }
    const path = 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    expect((await call(api, path, { body, user: NOBODY })).json.status).toEqual({ allowed: false })
  })

  it('lets the groups in that are named', async () => {
    expect((await call(api, 'GET /api/v1/namespaces/default/pods', { user: OPERATOR })).status).toBe(200)
  })
})

describe('reviews', () => {
  const ask = (path: string, spec: object, user: User) => call(api, `POST ${path}`, { body: { spec }, user })
  const SELF = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const OTHER = '/apis/authorization.k8s.io/v1/subjectaccessreviews'

  it('tell users who they are', async () => {
    const { json, status } = await call(api, 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews', {
      body: {},
      user: OPERATOR,
    })
    expect(status).toBe(201)
    expect(json.status.userInfo).toEqual({ username: 'op', uid: '7', groups: ['operators', 'system:authenticated'] })
  })

  it('tell what they and others may do', async () => {
    const pods = { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'a' } }
    expect((await ask(SELF, pods, OPERATOR)).json.status).toEqual({ allowed: true })
    const about = { ...pods, user: 'nobody', groups: ['system:authenticated'] }
    expect((await ask(OTHER, about, OPERATOR)).json.status).toEqual({ allowed: false })
    expect((await ask(OTHER, { ...about, groups: ['operators'] }, OPERATOR)).json.status).toEqual({ allowed: true })
    expect((await ask(OTHER, pods, OPERATOR)).json.message).toContain('at least one of user or group must be specified')
    expect((await ask(SELF, {}, OPERATOR)).status).toBe(422)
    const local = '/apis/authorization.k8s.io/v1/namespaces/b/localsubjectaccessreviews'
    expect((await ask(local, about, OPERATOR)).status).toBe(400)
    const rules = await ask('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { namespace: 'a' }, OPERATOR)
    expect(rules.json.status.resourceRules).toEqual([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }])
  })
})

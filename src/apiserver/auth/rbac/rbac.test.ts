import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'
import type { User } from '../user.ts'
import { ruleText, uncovered } from './covers.ts'
import { can, canPaths } from './manifest.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const person = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] })
const JANE = person('jane', 'devs')
let api: TestApi
beforeAll(async () => {
  api = await testApi(systemClock, { namespaces: ['a', 'b'] })
})
afterAll(() => api.close())

const post = (path: string, body: object, user?: User) => call(api, `POST ${path}`, { body, ...(user ? { user } : {}) })
const role = (name: string, rules: object[]) => ({ metadata: { name }, rules })
const binding = (name: string, roleRef: string, subjects: object[]) => {
  const [kind, target] = roleRef.split('/')
  return { metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: target }, subjects }
}
const status = async (line: string, user: User) => (await call(api, line, { user })).status
const message = async (line: string, user: User) => (await call(api, line, { user })).json.message
const PODS = [can('get list', 'pods'), can('get', 'secrets', 'core', 'mine'), can('get', '*/log')]

describe('what roles permit', () => {
  it('begins and ends with the binding, in its namespace alone', async () => {
    const list = 'GET /api/v1/namespaces/a/pods'
    expect(await status(list, JANE)).toBe(403)
    await post(`${RBAC}/namespaces/a/rolebindings`, binding('r', 'Role/reader', [{ kind: 'User', name: 'jane' }]))
    expect(await message(list, JANE)).toBe(
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "a": RBAC: role.rbac.authorization.k8s.io "reader" not found',
    )
    await post(`${RBAC}/namespaces/a/roles`, role('reader', PODS))
    expect(await status(list, JANE)).toBe(200)
    expect(await status('GET /api/v1/namespaces/b/pods', JANE)).toBe(403)
    expect(await status('GET /api/v1/pods', JANE)).toBe(403)
    expect(await status(list, person('john'))).toBe(403)
    expect(await message('GET /api/v1/namespaces/a/secrets/mine', JANE)).toBe('secrets "mine" not found')
    expect(await status('GET /api/v1/namespaces/a/secrets/other', JANE)).toBe(403)
    expect(await message('GET /api/v1/namespaces/a/pods/p/log', JANE)).toBe('pods "p" not found')
    expect(await status('GET /api/v1/namespaces/a/pods/p/status', JANE)).toBe(403)
    await call(api, `DELETE ${RBAC}/namespaces/a/rolebindings/r`)
    expect(await status(list, JANE)).toBe(403)
  })

  it('a right to one object by name is one to list and watch it, by a field selector that says so', async () => {
    const user = person('one')
    await post(`${RBAC}/namespaces/b/roles`, role('one', [can('list', 'secrets', 'core', 'mine')]))
    await post(`${RBAC}/namespaces/b/rolebindings`, binding('one', 'Role/one', [{ kind: 'User', name: 'one' }]))
    for (const name of ['mine', 'other']) await post('/api/v1/namespaces/b/secrets', { metadata: { name } })
    const list = '/api/v1/namespaces/b/secrets?fieldSelector='
    const mine = await call(api, `GET ${list}metadata.name%3Dmine`, { user })
    expect(mine.json.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual(['mine'])
    expect(await status(`GET ${list}metadata.name%3Dother`, user)).toBe(403)
    expect(await status(`GET ${list}metadata.name!%3Dmine`, user)).toBe(403)
    expect(await status(`GET ${list}metadata.namespace%3Db`, user)).toBe(403)
    expect(await status('GET /api/v1/namespaces/b/secrets', user)).toBe(403)
    expect(await status(`DELETE ${list}metadata.name%3Dmine`, user)).toBe(403)
  })

  it('holds for groups, service accounts, paths and the whole cluster', async () => {
    const robot = person('system:serviceaccount:b:robot', 'system:serviceaccounts:b')
    await post(`${RBAC}/clusterroles`, role('all', [can('*', 'nodes'), canPaths('get', '/metrics/*')]))
    await post(
      `${RBAC}/clusterrolebindings`,
      binding('all', 'ClusterRole/all', [
        { kind: 'Group', name: 'ops' },
        { kind: 'ServiceAccount', name: 'robot', namespace: 'b' },
      ]),
    )
    for (const user of [robot, person('x', 'ops')]) {
      expect(await status('GET /api/v1/nodes', user)).toBe(200)
      expect(await status('GET /metrics/a', user)).toBe(404)
      expect(await status('GET /metric', user)).toBe(403)
    }
    expect(await status('GET /api/v1/nodes', person('system:serviceaccount:a:robot'))).toBe(403)
    const review = { spec: { user: 'x', groups: ['ops'], resourceAttributes: { verb: 'get', resource: 'nodes' } } }
    expect((await post('/apis/authorization.k8s.io/v1/subjectaccessreviews', review)).json.status).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "all" to Group "ops"',
    })
  })

  it('is told to whoever asks about himself', async () => {
    await post(
      `${RBAC}/namespaces/b/rolebindings`,
      binding('v', 'ClusterRole/reader-of-b', [{ kind: 'Group', name: 'b-team' }]),
    )
    await post(`${RBAC}/clusterroles`, role('reader-of-b', [can('get', 'pods')]))
    const ask = (namespace: string) =>
      post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace } }, person('k', 'b-team'))
    const { json } = await ask('b')
    expect(json.status.resourceRules).toContainEqual({ verbs: ['get'], apiGroups: [''], resources: ['pods'] })
    expect(json.status.nonResourceRules.length).toBeGreaterThan(0)
    expect(json.status.incomplete).toBe(false)
    expect((await ask('a')).json.status.resourceRules).not.toContainEqual(
      expect.objectContaining({ resources: ['pods'] }),
    )
  })
})

describe('the default roles', () => {
  it('let view read, edit write, admin give, and none of them more', async () => {
    for (const name of ['view', 'edit', 'admin'])
      await post(
        `${RBAC}/namespaces/a/rolebindings`,
        binding(`the-${name}`, `ClusterRole/${name}`, [{ kind: 'User', name }]),
      )
    const may = async (user: string, verb: string, resource: string, group = '') => {
      const spec = { user, resourceAttributes: { verb, resource, group, namespace: 'a' } }
      return (await post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec })).json.status.allowed
    }
    const rows = [
      ['get', 'pods', '', true, true, true],
      ['get', 'routes', 'route.openshift.io', true, true, true],
      ['get', 'secrets', '', false, true, true],
      ['create', 'deployments', 'apps', false, true, true],
      ['create', 'routes', 'route.openshift.io', false, true, true],
      ['create', 'rolebindings', 'rbac.authorization.k8s.io', false, false, true],
      ['delete', 'projects', 'project.openshift.io', false, false, true],
      ['create', 'resourcequotas', '', false, false, false],
      ['get', 'nodes', '', false, false, false],
    ] as const
    for (const [verb, resource, group, ...wanted] of rows)
      expect([
        resource,
        await may('view', verb, resource, group),
        await may('edit', verb, resource, group),
        await may('admin', verb, resource, group),
      ]).toEqual([resource, ...wanted])
  })

  it('take in every role that has the label, at once', async () => {
    const viewer = person('viewer')
    await post(
      `${RBAC}/namespaces/a/rolebindings`,
      binding('viewer', 'ClusterRole/view', [{ kind: 'User', name: 'viewer' }]),
    )
    const leases = 'GET /apis/coordination.k8s.io/v1/namespaces/a/leases'
    expect(await status(leases, viewer)).toBe(403)
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
    await post(`${RBAC}/clusterroles`, {
      metadata: { name: 'more', labels },
      rules: [can('list', 'leases', 'coordination.k8s.io')],
    })
    expect(await status(leases, viewer)).toBe(200)
    await expect
      .poll(async () => (await call(api, `GET ${RBAC}/clusterroles/view`)).json.rules)
      .toContainEqual(can('list', 'leases', 'coordination.k8s.io'))
    await call(api, `DELETE ${RBAC}/clusterroles/more`)
    expect(await status(leases, viewer)).toBe(403)
  })

  it('come back when the server starts, with what was added to them', async () => {
    const first = await testApi(systemClock)
    await call(first, `DELETE ${RBAC}/clusterroles/system:discovery`)
    const headers = { 'content-type': 'application/json-patch+json' }
    const body = [{ op: 'replace', path: '/rules', value: [can('get', 'pods')] }]
    await call(first, `PATCH ${RBAC}/clusterroles/system:basic-user`, { body, headers })
    first.server.close()
    const second = await testApi(systemClock, { store: first.store })
    expect((await call(second, `GET ${RBAC}/clusterroles/system:discovery`)).status).toBe(200)
    const { rules } = (await call(second, `GET ${RBAC}/clusterroles/system:basic-user`)).json
    expect(rules).toContainEqual(can('get', 'pods'))
    expect(rules).toContainEqual(can('create', 'selfsubjectreviews', 'authentication.k8s.io'))
    await second.close()
  })
})

describe('nobody gives away what he does not have', () => {
  const GIVER = person('giver')
  beforeAll(async () => {
    await post(
      `${RBAC}/clusterroles`,
      role('giver', [can('*', 'roles rolebindings', 'rbac.authorization.k8s.io'), can('get', 'pods')]),
    )
    const rules = [
      can('create get list watch patch update', 'roles rolebindings', 'rbac.authorization.k8s.io'),
      can('get', 'pods'),
    ]
    await post(`${RBAC}/clusterroles`, role('modest', rules))
    await post(
      `${RBAC}/namespaces/a/rolebindings`,
      binding('giver', 'ClusterRole/modest', [{ kind: 'User', name: 'giver' }]),
    )
    await post(
      `${RBAC}/namespaces/a/rolebindings`,
      binding('boss', 'ClusterRole/giver', [{ kind: 'User', name: 'boss' }]),
    )
  })

  it('in a role', async () => {
    expect((await post(`${RBAC}/namespaces/a/roles`, role('fine', [can('get', 'pods')]), GIVER)).status).toBe(201)
    const { json } = await post(`${RBAC}/namespaces/a/roles`, role('more', [can('get list', 'pods secrets')]), GIVER)
    expect(json.message).toBe(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "giver" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}',
    )
    // Whoever may escalate may.
    expect(
      (await post(`${RBAC}/namespaces/a/roles`, role('more', [can('get', 'secrets')]), person('boss'))).status,
    ).toBe(201)
  })

  it('by a binding', async () => {
    const to = (name: string, target: string) => binding(name, target, [{ kind: 'User', name: 'friend' }])
    const bind = (body: object, user: User) => post(`${RBAC}/namespaces/a/rolebindings`, body, user)
    expect((await bind(to('fine', 'Role/fine'), GIVER)).status).toBe(201)
    const refused = await bind(to('too-much', 'ClusterRole/edit'), GIVER)
    expect(refused.status).toBe(403)
    expect(refused.json.message).toContain('is attempting to grant RBAC permissions not currently held:\n{APIGroups:')
    expect((await bind(to('missing', 'Role/missing'), GIVER)).status).toBe(403)
    expect((await bind(to('boss-fine', 'Role/missing'), person('boss'))).status).toBe(201)
  })
})

describe('covering', () => {
  it.each([
    ['the same', [can('get', 'pods')], [can('get', 'pods')], ''],
    ['everything', [can('*', '*', '*')], [can('get', 'pods/log'), can('x', 'y', 'z')], ''],
    ['all subresources of a name', [can('get', '*/status')], [can('get', 'pods/status')], ''],
    [
      'not by a name',
      [can('get', 'pods', 'core', 'a')],
      [can('get', 'pods')],
      '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    ],
    ['by parts', [can('get', 'pods'), can('list', 'pods')], [can('get list', 'pods')], ''],
    ['paths', [canPaths('get', '/a/*')], [canPaths('get put', '/a/b')], '{NonResourceURLs:["/a/b"], Verbs:["put"]}'],
  ])('%s', (_, held, wanted, text) => {
    expect(uncovered(held, wanted).map(ruleText).join()).toBe(text)
  })
})

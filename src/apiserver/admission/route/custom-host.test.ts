import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'

let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock, { namespaces: ['openshift-ingress'] })
  await grant('routes', 'User', 'tenant', [rule('routes', ['*'])])
})
afterEach(() => api.close())

const ROUTES = '/apis/route.openshift.io/v1/namespaces/default/routes'
const TENANT = { name: 'tenant', uid: '', groups: ['system:authenticated'], extra: {} }
const MERGE = { 'content-type': 'application/merge-patch+json' }
const rule = (resource: string, verbs: readonly string[]) => ({
  apiGroups: [resource === 'secrets' ? '' : 'route.openshift.io'],
  resources: [resource],
  verbs,
})
async function grant(name: string, kind: string, to: string, rules: readonly object[]): Promise<void> {
  const group = kind === 'User' ? { apiGroup: 'rbac.authorization.k8s.io' } : { namespace: 'openshift-ingress' }
  await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterroles', { body: { metadata: { name }, rules } })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
  const body = { metadata: { name }, roleRef, subjects: [{ ...group, kind, name: to }] }
  await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { body })
}
const create = async (name: string, spec: object, user: typeof TENANT | undefined = TENANT) => {
  const body = { metadata: { name }, spec: { to: { kind: 'Service', name: 'web' }, ...spec } }
  const { status, json } = await call(api, `POST ${ROUTES}`, { body, ...(user ? { user } : {}) })
  return [status, status === 201 ? json.spec.host : json.message]
}
const change = async (name: string, spec: object) => {
  const { status, json } = await call(api, `PATCH ${ROUTES}/${name}`, { body: { spec }, headers: MERGE, user: TENANT })
  return [status, status === 200 ? json.spec.host : json.message]
}
const refused = (name: string, why: string) => [422, `Route.route.openshift.io "${name}" is invalid: ${why}`]
const HOST = 'you do not have permission to set the host field of the route'
const TLS = 'you do not have permission to set certificate fields on the route'
const edge = { termination: 'edge' }

it('without the right a Route has the host that it is given; with it any', async () => {
  const [, generated] = await create('a', {})
  expect(generated).toMatch(/^a-default\./)
  expect(await create('b', { host: 'b.example.com' })).toEqual(refused('b', `spec.host: Forbidden: ${HOST}`))
  expect(await create('b', { tls: { ...edge, key: 'x' } })).toEqual(refused('b', `spec.tls: Forbidden: ${TLS}`))
  expect((await create('b', { subdomain: 'b', tls: edge }))[0]).toBe(201)
  expect(await change('a', { host: 'a.example.com' })).toEqual(
    refused('a', `spec.host: Invalid value: "a.example.com": ${HOST}`),
  )
  expect((await change('b', { subdomain: 'c' }))[1]).toContain('the subdomain field of the route')
  expect(await change('a', { path: '/x' })).toEqual([200, generated])
  expect(await change('a', { host: null, path: '/y' })).toEqual([200, generated])

  await grant('creates', 'User', 'tenant', [rule('routes/custom-host', ['create'])])
  expect(await create('c', { host: 'c.example.com' })).toEqual([201, 'c.example.com'])
  expect((await change('c', { host: 'd.example.com' }))[0]).toBe(422)
  expect(
    (await change('c', { tls: { ...edge, destinationCACertificate: null, caCertificate: 'x' } }))[1],
  ).not.toContain('permission')
  await grant('updates', 'User', 'tenant', [rule('routes/custom-host', ['update'])])
  expect(await change('c', { host: 'd.example.com' })).toEqual([200, 'd.example.com'])
})

it('a Secret for a certificate must be there, of its type, and for routers to read', async () => {
  const spec = { tls: { ...edge, externalCertificate: { name: 'cert' } } }
  const path = 'spec.tls.externalCertificate: '
  const [, all] = await create('a', spec)
  expect(all.match(/(create|update) permission on custom-host/g)).toHaveLength(2)
  expect(all.match(/permission to (get|watch|list) this secret/g)).toHaveLength(3)
  expect(all).toContain(`${path}Not found: "secrets \\"cert\\" not found"`)
  await grant('hosts', 'User', 'tenant', [rule('routes/custom-host', ['create', 'update'])])
  await grant('reads', 'ServiceAccount', 'router', [rule('secrets', ['get', 'list', 'watch'])])
  const secret = (type: string) => ({ metadata: { name: 'cert' }, type, data: { 'tls.crt': '', 'tls.key': '' } })
  const SECRETS = '/api/v1/namespaces/default/secrets'
  await call(api, `POST ${SECRETS}`, { body: secret('Opaque') })
  expect(await create('a', spec)).toEqual(
    refused('a', `${path}Invalid value: "cert": secret of type "kubernetes.io/tls" required`),
  )
  await call(api, `DELETE ${SECRETS}/cert`)
  await call(api, `POST ${SECRETS}`, { body: secret('kubernetes.io/tls') })
  expect((await create('a', spec))[0]).toBe(201)
})

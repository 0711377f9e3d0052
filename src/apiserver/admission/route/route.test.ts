import { afterEach, beforeEach, expect, it, test } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'
import { hstsProblem, matchesGlob } from './hsts.ts'

let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
})
afterEach(() => api.close())

const ROUTES = '/apis/route.openshift.io/v1/namespaces/default/routes'
const HSTS = 'haproxy.router.openshift.io/hsts_header'
const routeOf = (name: string, spec: object = {}, header?: string) => ({
  metadata: { name, ...(header === undefined ? {} : { annotations: { [HSTS]: header } }) },
  spec: { to: { kind: 'Service', name: 'web' }, ...spec },
})
const create = (name: string, spec: object = {}, header?: string) =>
  call(api, `POST ${ROUTES}`, { body: routeOf(name, spec, header) })
const configure = (spec: object) =>
  call(api, 'POST /apis/config.openshift.io/v1/ingresses', {
    body: { metadata: { name: 'cluster' }, spec: { domain: 'apps.x', ...spec } },
  })
const EDGE = { tls: { termination: 'edge' } }

it('generated hosts are in the domain of applications, where they have one of their own', async () => {
  await configure({ appsDomain: 'users.example.com' })
  expect((await create('a')).json.spec.host).toBe('a-default.users.example.com')
})

it('a Route that a policy applies to must have the header it wants; others need none', async () => {
  await configure({
    requiredHSTSPolicies: [
      {
        domainPatterns: ['*.example.com'],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
        maxAge: { smallestMaxAge: 100 },
      },
      { domainPatterns: ['*'], namespaceSelector: { matchLabels: { strict: 'yes' } }, maxAge: {} },
    ],
  })
  const refused = await create('a', { ...EDGE, host: 'a.example.com' })
  expect([refused.status, refused.json.message]).toEqual([
    403,
    'routes.route.openshift.io "a" is forbidden: HSTS max-age must be set correctly in HSTS annotation',
  ])
  expect((await create('a', { ...EDGE, host: 'a.example.com' }, 'max-age=99')).json.message).toContain(
    'HSTS max-age is less than minimum age 100s',
  )
  const made = await create('a', { ...EDGE, host: 'a.example.com' }, 'max-age=100')
  expect(made.status).toBe(201)
  expect((await create('b', { ...EDGE, host: 'b.example.org' })).status).toBe(201)
  expect((await create('c', { host: 'c.example.com' })).status).toBe(201)
  const patch = (body: object) =>
    call(api, `PATCH ${ROUTES}/a`, { body, headers: { 'content-type': 'application/merge-patch+json' } })
  expect((await patch({ metadata: { labels: { a: 'b' } } })).status).toBe(200)
  expect((await patch({ metadata: { annotations: { [HSTS]: 'max-age=1' } } })).status).toBe(403)
})

test.each<[object, string, string | undefined]>([
  [{}, 'max-age=5', undefined],
  [{}, 'includeSubDomains', 'HSTS max-age must be set correctly in HSTS annotation'],
  [{ maxAge: { largestMaxAge: 4 } }, 'max-age=5', 'HSTS max-age is greater than maximum age 4s'],
  [{ preloadPolicy: 'RequirePreload' }, 'max-age=5', 'HSTS preload must be specified'],
  [{ preloadPolicy: 'RequirePreload' }, 'max-age=5; Preload', undefined],
  [{ preloadPolicy: 'RequireNoPreload' }, 'max-age=5;preload', 'HSTS preload must not be specified'],
  [{ includeSubDomainsPolicy: 'RequireIncludeSubDomains' }, 'max-age=5', 'HSTS includeSubDomains must be specified'],
  [{ includeSubDomainsPolicy: 'RequireIncludeSubDomains' }, 'max-age=5;includeSubDomains', undefined],
  [
    { includeSubDomainsPolicy: 'RequireNoIncludeSubDomains' },
    'max-age=5;includeSubDomains',
    'HSTS includeSubDomains must not be specified',
  ],
])('%j of %s: %s', (policy, header, problem) => {
  expect(hstsProblem({ domainPatterns: ['*'], maxAge: {}, ...policy }, header)).toBe(problem)
})

test.each<[string, string, boolean]>([
  ['*', 'a.b', true],
  ['*.example.com', 'a.b.example.com', true],
  ['*.example.com', 'example.com', false],
  ['a?.x', 'ab.x', true],
  ['a?.x', 'a.x', false],
  ['*a*b*', 'xxaxxbxx', true],
  ['*a*b*', 'xxbxxaxx', false],
  ['a*', 'a/b', false],
])('%s matches %s: %s', (pattern, text, matches) => {
  expect(matchesGlob(pattern, text)).toBe(matches)
})

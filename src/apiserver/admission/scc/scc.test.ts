import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import type { User } from '../../auth/user.ts'
import { LOOPBACK } from '../../auth/user.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'
import { CONSTRAINTS, uidRange } from './constraints.ts'
import { misfits } from './fit.ts'

const RANGE = { first: 1000650000, last: 1000659999 }

describe('what a constraint refuses', () => {
  const refused = (name: string, spec: object) =>
    misfits({ containers: [{}], ...spec }, CONSTRAINTS.find(one => one.name === name)!, RANGE)
  const container = (securityContext: object, more: object = {}) => ({ containers: [{ securityContext, ...more }] })

  it.each<[string, object, readonly string[], string]>([
    [
      'host network',
      { hostNetwork: true },
      ['hostnetwork-v2', 'hostaccess', 'privileged'],
      'Host network is not allowed',
    ],
    [
      'another user',
      container({ runAsUser: 1000 }),
      ['nonroot-v2', 'anyuid', 'privileged'],
      'must be in the ranges: [1000650000, 1000659999]',
    ],
    ['root', container({ runAsUser: 0 }), ['anyuid', 'privileged'], 'must be in the ranges'],
    [
      'a privileged container',
      container({ privileged: true }),
      ['privileged'],
      'Privileged containers are not allowed',
    ],
    ['NET_ADMIN', container({ capabilities: { add: ['NET_ADMIN'] } }), ['privileged'], 'capability may not be added'],
    ['a host path', { volumes: [{ hostPath: {} }] }, ['hostaccess', 'privileged'], 'hostPath volumes are not allowed'],
    [
      'a host port',
      container({}, { ports: [{ hostPort: 80 }] }),
      ['hostnetwork-v2', 'hostaccess', 'privileged'],
      'Host ports are not allowed',
    ],
    ['nothing special', {}, CONSTRAINTS.map(({ name }) => name), ''],
    [
      'the low ports',
      container({ capabilities: { add: ['NET_BIND_SERVICE'] } }),
      ['restricted-v2', 'nonroot-v2', 'hostnetwork-v2', 'privileged'],
      '',
    ],
  ])('%s', (_, spec, allowing, text) => {
    expect(
      CONSTRAINTS.map(({ name }) => name)
        .filter(name => refused(name, spec).length === 0)
        .sort(),
    ).toEqual([...allowing].sort())
    if (text !== '') expect(refused('restricted-v2', spec).join()).toContain(text)
  })

  it('users of namespaces are apart, and as their annotation says', () => {
    expect(uidRange('a', '1000700000/10000')).toEqual({ first: 1000700000, last: 1000709999 })
    expect(uidRange('shop', undefined).first).not.toBe(uidRange('other', undefined).first)
    expect(uidRange('shop', undefined).first % 10_000).toBe(0)
  })
})

describe('a pod', () => {
  let api: TestApi
  const person: User = { name: 'jane', groups: ['system:masters', 'system:authenticated'] }
  beforeEach(async () => {
    api = await testApi(systemClock, { securityConstraints: true, namespaces: ['openshift-x'] })
    await call(api, 'POST /api/v1/namespaces', { body: { metadata: { name: 'shop' } } })
  })
  afterEach(() => api.close())
  const make = (namespace: string, spec: object, user: User = LOOPBACK) =>
    call(api, `POST /api/v1/namespaces/${namespace}/pods`, {
      user,
      body: { metadata: { generateName: 'p-' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } },
    })

  it("runs as the user of its namespace, and in the cluster's own as it wants", async () => {
    const { json: namespace } = await call(api, 'GET /api/v1/namespaces/shop')
    const first = Number(namespace.metadata.annotations['openshift.io/sa.scc.uid-range'].split('/')[0])
    const { json } = await make('shop', {})
    expect(json.metadata.annotations).toEqual({ 'openshift.io/scc': 'restricted-v2' })
    expect(json.spec.securityContext).toMatchObject({ fsGroup: first })
    expect(json.spec.containers[0].securityContext).toEqual({
      runAsUser: first,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
    for (const own of ['openshift-x', 'default']) {
      const { status, json } = await make(own, { hostNetwork: true })
      expect([status, json.metadata.annotations, json.spec.containers[0].securityContext]).toEqual([
        201,
        undefined,
        undefined,
      ])
    }
  })

  it('is refused with every reason, until its account may use more', async () => {
    const refused = await make('shop', { hostNetwork: true })
    expect(refused.status).toBe(403)
    expect(refused.json.message).toMatch(
      /^pods "p-" is forbidden: unable to validate against any security context constraint: \[provider "anyuid": Forbidden: not usable by user or serviceaccount, provider "restricted-v2": spec\.securityContext\.hostNetwork: Invalid value: true: Host network is not allowed to be used, /,
    )
    const rbac = 'POST /apis/rbac.authorization.k8s.io/v1'
    const rule = {
      apiGroups: ['security.openshift.io'],
      resources: ['securitycontextconstraints'],
      resourceNames: ['hostnetwork-v2'],
      verbs: ['use'],
    }
    await call(api, `${rbac}/namespaces/shop/roles`, { body: { metadata: { name: 'host' }, rules: [rule] } })
    const body = {
      metadata: { name: 'host' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'host' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
    }
    await call(api, `${rbac}/namespaces/shop/rolebindings`, { body })
    const allowed = await make('shop', { hostNetwork: true })
    expect([allowed.status, allowed.json.metadata.annotations]).toEqual([201, { 'openshift.io/scc': 'hostnetwork-v2' }])
  })

  it('is made freer by who makes it, unless it asks for less', async () => {
    const { json } = await make('shop', {}, person)
    expect(json.metadata.annotations).toEqual({ 'openshift.io/scc': 'anyuid' })
    expect(json.spec.containers[0].securityContext).toEqual({ capabilities: { drop: ['MKNOD'] } })
    const metadata = { name: 'strict', annotations: { 'openshift.io/required-scc': 'restricted-v2' } }
    const strict = await call(api, 'POST /api/v1/namespaces/shop/pods', {
      user: person,
      body: { metadata, spec: { containers: [{ name: 'c', image: 'i' }] } },
    })
    expect(strict.json.metadata.annotations['openshift.io/scc']).toBe('restricted-v2')
  })
})

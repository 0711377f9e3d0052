import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import type { User } from '../../auth/user.ts'
import { LOOPBACK } from '../../auth/user.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'
import { BUNDLED } from './bundled.ts'
import { fitTo } from './fit.ts'
import { inOrder } from './order.ts'
import { annotationsOf, rangesOf } from './ranges.ts'

const RANGES = rangesOf('shop', { 'openshift.io/sa.scc.uid-range': '1000660000/10000' })
const NAMES = BUNDLED.map(({ metadata: { name } }) => name)
const OLD = ['hostnetwork', 'nonroot', 'restricted']
const HOSTS = ['hostaccess', 'hostnetwork', 'hostnetwork-v2', 'privileged']
const MOUNTS = ['hostmount-anyuid', 'hostmount-anyuid-v2']
const ANY_USER = ['anyuid', ...MOUNTS, 'privileged']
/** They ask for a user namespace. */
const NESTED = ['nested-container', 'restricted-v3']

describe('what a constraint refuses', () => {
  const refused = (name: string, spec: object) =>
    fitTo({ containers: [{}], ...spec }, BUNDLED.find(one => one.metadata.name === name)!, RANGES).errors
  const container = (securityContext: object, more: object = {}) => ({ containers: [{ securityContext, ...more }] })

  it.each<[string, object, readonly string[], string]>([
    [
      'host network',
      { hostNetwork: true },
      HOSTS,
      'provider restricted-v2: .spec.securityContext.hostNetwork: Invalid value: true: Host network is not allowed to be used',
    ],
    [
      'another user',
      container({ runAsUser: 1000 }),
      [...ANY_USER, 'nonroot', 'nonroot-v2'],
      'provider restricted-v2: .containers[0].runAsUser: Invalid value: 1000: must be in the ranges: [1000660000, 1000669999]',
    ],
    ['root', container({ runAsUser: 0 }), ANY_USER, 'must be in the ranges'],
    [
      'a privileged container',
      container({ privileged: true }),
      ['privileged'],
      '.containers[0].privileged: Invalid value: true: Privileged containers are not allowed',
    ],
    [
      'NET_ADMIN',
      container({ capabilities: { add: ['NET_ADMIN'] } }),
      ['privileged'],
      '.containers[0].capabilities.add: Invalid value: "NET_ADMIN": capability may not be added',
    ],
    [
      'a host path',
      { volumes: [{ name: 'v', hostPath: {} }] },
      ['hostaccess', ...MOUNTS, 'privileged'],
      'spec.volumes[0]: Invalid value: "hostPath": hostPath volumes are not allowed to be used',
    ],
    [
      'a host port',
      container({}, { ports: [{ hostPort: 80 }] }),
      HOSTS,
      '.containers[0].containers[0].hostPort: Invalid value: 80: Host ports are not allowed to be used',
    ],
    [
      'the processes of the node',
      { hostPID: true },
      ['hostaccess', 'privileged'],
      '.spec.securityContext.hostPID: Invalid value: true: Host PID is not allowed to be used',
    ],
    [
      'a group of volumes',
      { securityContext: { fsGroup: 7 } },
      [...ANY_USER, 'nonroot', 'nonroot-v2'],
      '.spec.securityContext.fsGroup: Invalid value: [7]: 7 is not an allowed group',
    ],
    [
      'to gain privileges',
      container({ allowPrivilegeEscalation: true }),
      [...ANY_USER, ...OLD, 'hostaccess'],
      '.containers[0].allowPrivilegeEscalation: Invalid value: true: Allowing privilege escalation for containers is not allowed',
    ],
    [
      'no filter of system calls',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      ['privileged'],
      'pod.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: Forbidden: unconfined is not an allowed seccomp profile. Valid values are [runtime/default]',
    ],
    [
      'a parameter of the kernel',
      { securityContext: { sysctls: [{ name: 'net.core.somaxconn' }] } },
      ['privileged'],
      'Forbidden: unsafe sysctl "net.core.somaxconn" is not allowed',
    ],
    ['nothing special', {}, NAMES.filter(name => !NESTED.includes(name)), ''],
    ['a user namespace', { hostUsers: false }, NAMES, ''],
    [
      'the low ports',
      container({ capabilities: { add: ['NET_BIND_SERVICE'] } }),
      ['restricted-v2', 'nonroot-v2', 'hostnetwork-v2', 'privileged'],
      '',
    ],
  ])('%s', (_, spec, allowing, text) => {
    const fits = NAMES.filter(name => refused(name, spec).length === 0)
    expect(fits).toEqual([...allowing].sort())
    if (text !== '') expect(refused('restricted-v2', spec).join()).toContain(text)
  })

  it('users of namespaces are apart, and as their annotations say', () => {
    expect(RANGES.users).toEqual({ first: 1000660000, last: 1000669999 })
    expect(RANGES.level).toBe('s0:c26,c5')
    expect(rangesOf('shop').users).not.toEqual(rangesOf('other').users)
    expect(rangesOf('shop').users.first % 10_000).toBe(0)
    expect(rangesOf('shop', annotationsOf(RANGES))).toEqual(RANGES)
  })

  it('the stricter is tried first', () => {
    expect(inOrder(BUNDLED).map(({ metadata: { name } }) => name)).toEqual([
      'anyuid',
      'restricted-v2',
      'restricted-v3',
      'restricted',
      'nested-container',
      'nonroot-v2',
      'nonroot',
      'hostmount-anyuid',
      'hostmount-anyuid-v2',
      'hostnetwork-v2',
      'hostnetwork',
      'hostaccess',
      'privileged',
    ])
  })
})

describe('a pod', () => {
  let api: TestApi
  const person: User = { name: 'jane', groups: ['system:masters', 'system:authenticated'] }
  beforeEach(async () => {
    api = await testApi(systemClock, { securityConstraints: true, namespaces: ['openshift-x', 'other'] })
    await call(api, 'POST /api/v1/namespaces', { body: { metadata: { name: 'shop' } } })
  })
  afterEach(() => api.close())
  const make = (namespace: string, spec: object, user: User = LOOPBACK) =>
    call(api, `POST /api/v1/namespaces/${namespace}/pods`, {
      user,
      body: { metadata: { generateName: 'p-' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } },
    })

  const scc = (pod: { metadata: { annotations: Record<string, string> } }) =>
    pod.metadata.annotations['openshift.io/scc']
  const names = async () =>
    (await call(api, 'GET /apis/security.openshift.io/v1/securitycontextconstraints')).json.items.map(
      (one: { metadata: { name: string } }) => one.metadata.name,
    )

  it("runs as the user of its namespace, and in the cluster's own as it wants", async () => {
    const { json: namespace } = await call(api, 'GET /api/v1/namespaces/shop')
    const first = Number(namespace.metadata.annotations['openshift.io/sa.scc.uid-range'].split('/')[0])
    const { json } = await make('shop', {})
    expect(json.metadata.annotations).toEqual({
      'openshift.io/scc': 'restricted-v2',
      'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
      'security.openshift.io/validated-scc-subject-type': 'serviceaccount',
    })
    expect(json.spec.securityContext).toEqual({
      fsGroup: first,
      seLinuxOptions: { level: namespace.metadata.annotations['openshift.io/sa.scc.mcs'] },
      seccompProfile: { type: 'RuntimeDefault' },
    })
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
      /^pods "p-" is forbidden: unable to validate against any security context constraint: \[provider "anyuid": Forbidden: not usable by user or serviceaccount, provider restricted-v2: \.spec\.securityContext\.hostNetwork: Invalid value: true: Host network is not allowed to be used, provider restricted-v2: \.containers\[0\]\.hostNetwork: .*, provider "privileged": Forbidden: not usable by user or serviceaccount\]$/,
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
    expect([allowed.status, scc(allowed.json)]).toEqual([201, 'hostnetwork-v2'])
  })

  it('is made freer by who makes it, unless it asks for less', async () => {
    const { json } = await make('shop', {}, person)
    expect(scc(json)).toBe('anyuid')
    expect(json.metadata.annotations['security.openshift.io/validated-scc-subject-type']).toBe('user')
    expect(json.spec.containers[0].securityContext).toEqual({ capabilities: { drop: ['MKNOD'] } })
    const metadata = { name: 'strict', annotations: { 'openshift.io/required-scc': 'restricted-v2' } }
    const strict = await call(api, 'POST /api/v1/namespaces/shop/pods', {
      user: person,
      body: { metadata, spec: { containers: [{ name: 'c', image: 'i' }] } },
    })
    expect(scc(strict.json)).toBe('restricted-v2')
  })

  it('may use what names its account, and constraints that users made or changed', async () => {
    const path = '/apis/security.openshift.io/v1/securitycontextconstraints'
    expect(await names()).toEqual([...NAMES].sort())
    const { json: anyuid } = await call(api, `GET ${path}/anyuid`)
    const users = ['system:serviceaccount:shop:default']
    await call(api, `PUT ${path}/anyuid`, { body: { ...anyuid, users } })
    expect(scc((await make('shop', {})).json)).toBe('anyuid')
    expect(scc((await make('other', {})).json)).toBe('restricted-v2')
    const { apiVersion, kind, ...rest } = anyuid
    const own = { apiVersion, kind, ...rest, metadata: { name: 'mine' }, priority: 20, users, volumes: undefined }
    const made = await call(api, `POST ${path}`, { body: own })
    expect([made.status, made.json.volumes.includes('hostPath'), made.json.volumes.includes('secret')]).toEqual([
      201,
      false,
      true,
    ])
    expect(scc((await make('shop', {})).json)).toBe('mine')
    await call(api, `DELETE ${path}/mine`)
    expect(scc((await make('shop', {})).json)).toBe('anyuid')
    const wrong = { ...own, metadata: { name: 'wrong' }, runAsUser: { type: 'Whoever' } }
    expect((await call(api, `POST ${path}`, { body: wrong })).json.message).toContain(
      'runAsUser.type: Unsupported value: "Whoever"',
    )
  })

  it('debugged while it runs, gives the new container what its constraint says', async () => {
    const { json: pod } = await make('shop', {})
    const debug = (container: object) =>
      call(api, `PATCH /api/v1/namespaces/shop/pods/${pod.metadata.name}/ephemeralcontainers`, {
        user: LOOPBACK,
        headers: { 'content-type': 'application/strategic-merge-patch+json' },
        body: { spec: { ephemeralContainers: [{ name: 'd', image: 'i', ...container }] } },
      })
    const refused = await debug({ securityContext: { privileged: true } })
    expect([refused.status, refused.json.message]).toEqual([403, expect.stringContaining('Privileged containers')])
    const { json } = await debug({})
    expect(json.spec.ephemeralContainers[0].securityContext).toEqual(pod.spec.containers[0].securityContext)
  })

  it('that names a constraint which does not exist is told so', async () => {
    const metadata = { name: 'lost', annotations: { 'openshift.io/required-scc': 'none' } }
    const { json } = await call(api, 'POST /api/v1/namespaces/shop/pods', {
      body: { metadata, spec: { containers: [{ name: 'c', image: 'i' }] } },
    })
    expect(json.message).toContain(
      'failed to retrieve the required SCC "none": securitycontextconstraints.security.openshift.io "none" not found',
    )
  })
})

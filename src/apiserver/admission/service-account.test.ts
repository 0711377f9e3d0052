import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakeClock } from '../../host/clock/fake.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

let api: TestApi
let clock: FakeClock
beforeEach(async () => {
  clock = fakeClock()
  api = await testApi(clock, { accounts: { serviceCa: true } })
})
afterEach(() => api.close())

const PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const makeAccount = (name: string, more: object = {}) =>
  call(api, 'POST /api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name }, ...more } })
const makePod = (spec: object = {}, metadata: object = { name: 'p' }) =>
  call(api, 'POST /api/v1/namespaces/default/pods', {
    body: { metadata, spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec } },
  })
const mountsOf = (containers: { volumeMounts?: { mountPath: string }[] }[]) =>
  containers.map(({ volumeMounts = [] }) => volumeMounts.map(({ mountPath }) => mountPath))

describe('a pod', () => {
  it('gets its token in every container that has nothing there, and no second one', async () => {
    await makeAccount('default', { imagePullSecrets: [{ name: 'pull' }] })
    const { json } = await makePod({
      initContainers: [{ name: 'i', image: 'x' }],
      containers: [
        { name: 'c', image: 'x' },
        { name: 'own', image: 'x', volumeMounts: [{ name: 'v', mountPath: PATH }] },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
    })
    expect(json.spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' })
    expect(json.spec.imagePullSecrets).toEqual([{ name: 'pull' }])
    const [, volume] = json.spec.volumes
    expect(volume.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    const mount = { name: volume.name, readOnly: true, mountPath: PATH }
    expect(json.spec.initContainers[0].volumeMounts).toEqual([mount])
    expect(json.spec.containers.map((one: { volumeMounts: unknown }) => one.volumeMounts)).toEqual([
      [mount],
      [{ name: 'v', mountPath: PATH }],
    ])
    expect(volume.projected).toEqual({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
        { configMap: { name: 'openshift-service-ca.crt', items: [{ key: 'service-ca.crt', path: 'service-ca.crt' }] } },
      ],
    })
    const { metadata, spec } = json
    const again = await makePod(spec, { ...metadata, name: 'copy', resourceVersion: undefined, uid: undefined })
    expect(again.json.spec.volumes).toEqual(spec.volumes)
  })

  it.each([
    [undefined, undefined, 1],
    [false, undefined, 0],
    [undefined, false, 0],
    [false, true, 1],
    [true, false, 0],
  ])('where its account says %s and itself %s', async (account, pod, mounts) => {
    await makeAccount('default', account === undefined ? {} : { automountServiceAccountToken: account })
    const { json } = await makePod(pod === undefined ? {} : { automountServiceAccountToken: pod })
    expect(mountsOf(json.spec.containers)[0]).toHaveLength(mounts)
    expect(json.spec.volumes ?? []).toHaveLength(mounts)
  })

  it('is refused without its account, and taken with it', async () => {
    const text = (name: string) =>
      `pods "${name}" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found`
    const refused = await makePod({ serviceAccountName: 'robot' })
    expect([refused.status, refused.json.message]).toEqual([403, text('p')])
    expect((await makePod({ serviceAccountName: 'robot' }, { generateName: 'web-' })).json.message).toBe(text('web-'))
    await makeAccount('robot')
    expect((await makePod({ serviceAccountName: 'robot' })).status).toBe(201)
  })

  it('waits for the default account of a new namespace, not for ever', async () => {
    const pending = makePod()
    await makeAccount('default')
    expect((await pending).status).toBe(201)
    await call(api, 'DELETE /api/v1/namespaces/default/serviceaccounts/default')
    const refused = makePod({}, { name: 'late' })
    await clock.advance(1350)
    expect((await refused).json.message).toContain('serviceaccount "default" not found')
  })

  it('that mirrors one of a node has neither account nor secrets', async () => {
    const metadata = { name: 'm', annotations: { 'kubernetes.io/config.mirror': 'x' } }
    const messageOf = async (spec: object) => (await makePod(spec, metadata)).json.message
    expect(await messageOf({ serviceAccountName: 'default' })).toContain(
      'a mirror pod may not reference service accounts',
    )
    const secret = { volumes: [{ name: 's', secret: { secretName: 's' } }] }
    expect(await messageOf(secret)).toContain('a mirror pod may not reference secrets')
    const token = { volumes: [{ name: 's', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] }
    expect(await messageOf(token)).toContain('a mirror pod may not use ServiceAccountToken volume projections')
    expect((await makePod({}, metadata)).status).toBe(201)
  })
})

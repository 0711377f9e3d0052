import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi(systemClock, { securityConstraints: true, namespaces: ['shop'] })
  await call(api, 'POST /api/v1/namespaces/shop/serviceaccounts', { body: { metadata: { name: 'robot' } } })
  await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings', {
    body: {
      metadata: { name: 'host' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'system:openshift:scc:hostnetwork-v2',
      },
      subjects: [{ kind: 'ServiceAccount', name: 'robot' }],
    },
  })
})
afterAll(() => api.close())

const jane = { name: 'jane', groups: ['system:authenticated'] }
const pod = (more: object = {}) => ({ spec: { containers: [{ name: 'c', image: 'i' }], ...more } })
const ask = async (kind: string, spec: object, user?: typeof jane) =>
  call(api, `POST /apis/security.openshift.io/v1/namespaces/shop/${kind}`, {
    body: { spec },
    ...(user ? { user } : {}),
  })

it('by which constraint a user could make a pod, and what it would become', async () => {
  const spec = { template: pod(), user: 'jane', groups: jane.groups }
  const { status, json } = await ask('podsecuritypolicysubjectreviews', spec)
  expect([status, json.status.allowedBy.name, json.status.template]).toEqual([201, 'restricted-v2', undefined])
  const host = { ...spec, template: pod({ hostNetwork: true }) }
  expect((await ask('podsecuritypolicysubjectreviews', host)).json.status).toEqual({})
  const robot = { ...host, template: pod({ hostNetwork: true, serviceAccountName: 'robot' }) }
  const { allowedBy, template } = (await ask('podsecuritypolicysubjectreviews', robot)).json.status
  expect(allowedBy.name).toBe('hostnetwork-v2')
  expect(template.spec.containers[0].securityContext.capabilities).toEqual({ drop: ['ALL'] })
})

it('by which I could', async () => {
  const own = await ask('podsecuritypolicyselfsubjectreviews', { template: pod() })
  expect(own.json.status.allowedBy.name).toBe('anyuid')
  expect((await ask('podsecuritypolicyselfsubjectreviews', { template: pod() }, jane)).status).toBe(403)
})

it('which accounts a pod could have', async () => {
  const spec = { template: pod({ hostNetwork: true }), serviceAccountNames: ['robot'] }
  const { json } = await ask('podsecuritypolicyreviews', spec)
  const told = json.status.allowedServiceAccounts.map((one: { name: string; allowedBy: { name: string } }) => [
    one.name,
    one.allowedBy.name,
  ])
  expect(told).toEqual([['robot', 'hostnetwork-v2']])
  const absent = await ask('podsecuritypolicyreviews', { ...spec, serviceAccountNames: ['nobody'] })
  expect([absent.status, absent.json.message]).toEqual([
    400,
    'unable to retrieve ServiceAccount nobody: serviceaccount "nobody" not found',
  ])
})

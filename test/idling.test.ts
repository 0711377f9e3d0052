/** Idled Services: what `oc idle` writes, by kubectl; a request wakes the pods, and is answered by them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { startTwin, until } from './harness.ts'

let twin: Twin
const kubectl = (...args: string[]) => twin.kubectl('-n', 'shop', ...args)
beforeAll(async () => {
  twin = await startTwin({ name: 'idling' })
  await twin.kubectl('create', 'namespace', 'shop')
  for (const name of ['web', 'asker'])
    await kubectl(
      ...['create', 'deployment', name, '--image=registry.k8s.io/e2e-test-images/agnhost:2.45', '--replicas=2'],
      ...['--', '/agnhost', 'netexec', '--http-port=8080'],
    )
  await kubectl('expose', 'deployment', 'web', '--port=80', '--target-port=8080')
  const route = {
    apiVersion: 'route.openshift.io/v1',
    kind: 'Route',
    metadata: { name: 'web' },
    spec: { host: 'web.apps.fairlead.localhost', to: { kind: 'Service', name: 'web' }, tls: { termination: 'edge' } },
  }
  const { code, stderr } = await twin.tryKubectl(['-n', 'shop', 'apply', '-f', '-'], { input: JSON.stringify(route) })
  expect(code, stderr).toBe(0)
})
afterAll(async () => {
  await twin?.down()
})

const idle = () =>
  annotate(
    `idling.alpha.openshift.io/unidle-targets=${JSON.stringify([{ kind: 'Deployment', group: 'apps', name: 'web', replicas: 2 }])}`,
    `idling.alpha.openshift.io/idled-at=${new Date(Date.now() - 1000).toISOString().slice(0, 19)}Z`,
  )
const annotate = (...annotations: string[]) => kubectl('annotate', '--overwrite', 'service/web', ...annotations)
const replicas = () => kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')
const endpoints = () => kubectl('get', 'endpoints', 'web', '-o', 'jsonpath={.subsets[*].addresses[*].ip}')
const status = async () => (await twin.https('web.apps.fairlead.localhost')).status

test('a Route to an idled Service answers once its pods are back; to one that is scaled down only, never', async () => {
  await until('the Route is served', async () => (await status()) === 200)
  await kubectl('scale', 'deployment', 'web', '--replicas=0')
  await until('nobody is left', async () => (await endpoints()) === '' && (await status()) === 503)
  await idle()
  expect(await twin.fairlead('wait')).toMatchObject({ code: 0 })
  expect(await replicas()).toBe('0')
  expect(await status()).toBe(200)
  expect(await replicas()).toBe('2')
  await until(
    'it is idled no more',
    async () => !(await kubectl('get', 'service', 'web', '-o', 'yaml')).includes('/idled-at'),
  )
  expect(await kubectl('get', 'events', '--field-selector=reason=NeedPods')).toContain('service/web')
})

test('so does the address of the Service itself: who asks is answered once its pods are back, and refused where it is not idled', async () => {
  const address = await kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
  const ask = () =>
    twin.tryKubectl([
      ...['-n', 'shop', 'exec', 'deploy/asker', '--'],
      ...['curl', '-sS', '-m', '60', '-w', '%{http_code}', '-o', '/dev/null', `http://${address}/`],
    ])
  await kubectl('scale', 'deployment', 'web', '--replicas=0')
  await until('nobody is left', async () => (await endpoints()) === '')
  expect(await twin.fairlead('wait')).toMatchObject({ code: 0 })
  // The grace time of the first test may not be over.
  await annotate('k8s.ovn.org/unidled-at-')
  expect(await twin.fairlead('wait')).toMatchObject({ code: 0 })
  // curl: connection refused.
  expect((await ask()).code).toBe(7)
  expect(await replicas()).toBe('0')
  await idle()
  expect(await twin.fairlead('wait')).toMatchObject({ code: 0 })
  expect(await ask()).toMatchObject({ code: 0, stdout: '200' })
  expect(await replicas()).toBe('2')
})

import { afterEach, expect, test } from 'vitest'
import { Ingress } from '../../api/config/ingress.ts'
import { Secret } from '../../api/core/secret.ts'
import { Route } from '../../api/route/route.ts'
import { createEventRecorder } from '../../client/events.ts'
import { settled, type TestBench, testBench } from '../../client/testing.ts'
import { startComponentRoutes } from './controller.ts'

let bench: TestBench
afterEach(() => bench?.close())

const CONSOLE = { namespace: 'openshift-console', name: 'console' }
const CUSTOM = { ...CONSOLE, name: 'console-custom' }

async function start() {
  bench = testBench()
  const { api, informers } = bench
  const events = (component: string) => createEventRecorder({ ...bench, client: api.client }, { component })
  await startComponentRoutes({ ...bench, client: informers.client, events }, bench.signal)
  const ask = async (hostname?: string, secret?: string) => {
    const componentRoutes = hostname
      ? [
          {
            ...CONSOLE,
            hostname,
            labels: { shard: 'a' },
            ...(secret ? { servingCertKeyPairSecret: { name: secret } } : {}),
          },
        ]
      : []
    const { metadata, status } = api.get(Ingress, { name: 'cluster' }) ?? { metadata: { name: 'cluster' } }
    api.put(Ingress, { metadata, spec: { domain: 'apps.test', componentRoutes }, ...(status ? { status } : {}) })
    await settled(bench)
  }
  const admit = async (key: typeof CONSOLE) => {
    const route = api.get(Route, key)!
    const conditions = [{ type: 'Admitted', status: 'True' as const }]
    api.put(Route, {
      ...route,
      metadata: { ...route.metadata, ...key },
      status: { ingress: [{ host: route.spec.host!, conditions }] },
    })
    await settled(bench)
  }
  const said = () => {
    const [one] = api.get(Ingress, { name: 'cluster' })?.status?.componentRoutes ?? []
    return { ...one, conditions: one?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`) }
  }
  return { api, ask, admit, said }
}

test('a component that is not there is told; when it comes its host is asked of the routers', async () => {
  const { api, ask, admit, said } = await start()
  await ask('console.example.com')
  expect(said()).toMatchObject({
    defaultHostname: 'console-openshift-console.apps.test',
    currentHostnames: [],
    conditions: ['Degraded=True RouteNotFound', 'Progressing=False AsExpected'],
  })
  api.put(Route, {
    metadata: CONSOLE,
    spec: { host: 'console.apps.test', to: { kind: 'Service', name: 'console' }, tls: { termination: 'reencrypt' } },
  })
  await settled(bench)
  await admit(CONSOLE)
  expect(api.get(Route, CUSTOM)).toMatchObject({
    metadata: { labels: { shard: 'a' } },
    spec: { host: 'console.example.com', to: { name: 'console' }, tls: { termination: 'reencrypt' } },
  })
  expect(said().conditions).toEqual(['Degraded=False AsExpected', 'Progressing=True WaitingForRouters'])
  await admit(CUSTOM)
  expect(said()).toMatchObject({
    defaultHostname: 'console.apps.test',
    currentHostnames: ['console.apps.test', 'console.example.com'],
    conditions: ['Degraded=False AsExpected', 'Progressing=False AsExpected'],
    relatedObjects: [{ name: 'console' }, { name: 'console-custom' }],
  })
  await ask()
  expect(api.get(Route, CUSTOM)).toBeUndefined()
  expect(api.get(Ingress, { name: 'cluster' })?.status?.componentRoutes).toEqual([])
  expect(api.get(Route, CONSOLE)).toBeDefined()
})

test('the certificate of a Secret, rotated; without it the host is not served', async () => {
  const { api, ask, said } = await start()
  api.put(Route, { metadata: CONSOLE, spec: { host: 'console.apps.test', to: { kind: 'Service', name: 'console' } } })
  await ask('console.example.com', 'cert')
  expect(api.get(Route, CUSTOM)).toBeUndefined()
  expect(said().conditions).toContain('Degraded=True CertificateNotFound')
  for (const text of ['first', 'second']) {
    const data = { 'tls.crt': Buffer.from(text).toString('base64'), 'tls.key': Buffer.from('key').toString('base64') }
    api.put(Secret, { metadata: { namespace: 'openshift-config', name: 'cert' }, type: 'kubernetes.io/tls', data })
    await settled(bench)
    expect(api.get(Route, CUSTOM)?.spec.tls).toMatchObject({ termination: 'edge', certificate: text, key: 'key' })
  }
})

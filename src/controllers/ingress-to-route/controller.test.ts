import { afterEach, expect, test } from 'vitest'
import { Event } from '../../api/core/event.ts'
import { Secret } from '../../api/core/secret.ts'
import { Service } from '../../api/core/service.ts'
import { Ingress } from '../../api/networking/ingress.ts'
import { IngressClass } from '../../api/networking/ingress-class.ts'
import { Route } from '../../api/route/route.ts'
import { createEventRecorder } from '../../client/events.ts'
import { eventually, settled, type TestBench, testBench } from '../../client/testing.ts'
import { startIngressToRoute } from './controller.ts'

let bench: TestBench
afterEach(() => bench?.close())

async function start(): Promise<TestBench> {
  bench = testBench()
  const { api, informers } = bench
  api.put(IngressClass, {
    metadata: { name: 'openshift-default' },
    spec: { controller: 'openshift.io/ingress-to-route' },
  })
  api.put(IngressClass, { metadata: { name: 'nginx' }, spec: { controller: 'k8s.io/ingress-nginx' } })
  api.put(Service, {
    metadata: { namespace: 'shop', name: 'web' },
    spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  } as never)
  api.put(Service, {
    metadata: { namespace: 'shop', name: 'one' },
    spec: { ports: [{ port: 80, protocol: 'TCP' }] },
  } as never)
  const events = (component: string) => createEventRecorder({ ...bench, client: api.client }, { component })
  await startIngressToRoute({ ...bench, client: informers.client, events }, bench.signal)
  await settled(bench)
  return bench
}

type Rules = NonNullable<NonNullable<Ingress['spec']>['rules']>
const path = (path: string, name = 'web', pathType: 'Prefix' | 'Exact' = 'Prefix') => ({
  path,
  pathType,
  backend: { service: { name, port: { number: 80 } } },
})
const rule = (host: string, ...paths: readonly ReturnType<typeof path>[]) => ({ host, http: { paths } })
async function put(
  spec: Partial<NonNullable<Ingress['spec']>> & { readonly rules: Rules },
  annotations = {},
): Promise<void> {
  bench.api.put(Ingress, {
    metadata: { namespace: 'shop', name: 'web', annotations, labels: { app: 'web' } },
    spec,
  } as never)
  await settled(bench)
}
const routes = () =>
  bench.api
    .all(Route)
    .map(({ spec }) => spec)
    .sort((a, b) => `${a.host}${a.path}`.localeCompare(`${b.host}${b.path}`))
const told = (text: string) => eventually(() => bench.api.all(Event).some(({ message }) => message?.includes(text)))

test('a Route for each host and path, which follow the Ingress', async () => {
  await start()
  await put({ rules: [rule('a.test', path('/'), path('/x', 'one')), rule('*.wild.test', path('/'))] } as never)
  expect(routes()).toMatchObject([
    { host: 'a.test', path: '/', to: { name: 'web' }, port: { targetPort: 'http' }, wildcardPolicy: 'None' },
    { host: 'a.test', path: '/x', to: { name: 'one' } },
    { host: 'wildcard.wild.test', wildcardPolicy: 'Subdomain' },
  ])
  expect(routes()[1]).not.toHaveProperty('port')
  const [first] = bench.api.all(Route)
  expect(first?.metadata).toMatchObject({
    labels: { app: 'web' },
    ownerReferences: [{ kind: 'Ingress', name: 'web', controller: true }],
  })
  await put({ rules: [rule('a.test', path('/', 'one'))] } as never, { 'haproxy.router.openshift.io/timeout': '5s' })
  expect(routes()).toMatchObject([{ host: 'a.test', to: { name: 'one' } }])
  expect(bench.api.all(Route)[0]?.metadata.annotations).toEqual({ 'haproxy.router.openshift.io/timeout': '5s' })
})

test('TLS: a Secret’s certificate, the default one, and the annotations', async () => {
  await start()
  const rules = [rule('a.test', path('/'))] as never
  await put({ rules, tls: [{ hosts: ['a.test'], secretName: 'cert' }] })
  expect(routes()).toEqual([])
  await told('it does not exist')
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  bench.api.put(Secret, {
    metadata: { namespace: 'shop', name: 'cert' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64('CERT'), 'tls.key': base64('KEY') },
  })
  await settled(bench)
  expect(routes()[0]?.tls).toEqual({
    termination: 'edge',
    insecureEdgeTerminationPolicy: 'Redirect',
    certificate: 'CERT',
    key: 'KEY',
  })
  await put({ rules, tls: [{}] })
  expect(routes()[0]?.tls).toEqual({ termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' })
  await put({ rules }, { 'route.openshift.io/termination': 'reencrypt' })
  expect(routes()[0]?.tls?.termination).toBe('reencrypt')
  await put({ rules })
  expect(routes()[0]).not.toHaveProperty('tls')
})

test('what people change on a Route stays', async () => {
  await start()
  await put({ rules: [rule('a.test', path('/'))] as never, tls: [{}] })
  const [route] = bench.api.all(Route)
  bench.api.put(Route, {
    ...route!,
    spec: {
      ...route!.spec,
      to: { ...route!.spec.to, weight: 7 },
      tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow' },
    },
  })
  await put({ rules: [rule('a.test', path('/'))] as never, tls: [{}] }, { note: 'x' })
  expect(routes()[0]).toMatchObject({ to: { weight: 7 }, tls: { insecureEdgeTerminationPolicy: 'Allow' } })
})

test('what cannot be carried out is told, and the rest is served', async () => {
  await start()
  const hostless = { http: { paths: [path('/')] } }
  await put({
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
    rules: [rule('a.test', path('/'), path('/e', 'web', 'Exact'), path('/n', 'none')), hostless] as never,
  })
  expect(routes()).toMatchObject([{ host: 'a.test', path: '/' }])
  for (const text of ['type Exact', 'no Service none', 'rule 1 has no host', 'default backend']) await told(text)
})

test('classes: ours and none are served, another’s and one that is missing are not', async () => {
  await start()
  const rules = [rule('a.test', path('/'))] as never
  await put({ rules, ingressClassName: 'nginx' })
  expect(routes()).toEqual([])
  await put({ rules, ingressClassName: 'openshift-default' })
  expect(routes()).toHaveLength(1)
  await put({ rules }, { 'kubernetes.io/ingress.class': 'nginx' })
  expect(routes()).toEqual([])
  await put({ rules, ingressClassName: 'nowhere' })
  expect(routes()).toEqual([])
})

test('the status names the routers that admitted a Route', async () => {
  await start()
  await put({ rules: [rule('a.test', path('/'))] as never })
  const [route] = bench.api.all(Route)
  const conditions = [{ type: 'Admitted', status: 'True' }]
  const ingress = [
    { host: 'a.test', routerName: 'default', routerCanonicalHostname: 'router-default.apps.test', conditions },
  ]
  bench.api.put(Route, { ...route!, status: { ingress } })
  await settled(bench)
  const status = () => bench.api.get(Ingress, { namespace: 'shop', name: 'web' })?.status?.loadBalancer?.ingress
  expect(status()).toEqual([{ hostname: 'router-default.apps.test' }])
})

import { afterEach, expect, test } from 'vitest'
import { Deployment } from '../../api/apps/deployment.ts'
import { ClusterOperator } from '../../api/config/cluster-operator.ts'
import { DNS as ConfigDNS } from '../../api/config/dns.ts'
import { Event } from '../../api/core/event.ts'
import { Pod } from '../../api/core/pod.ts'
import { Secret } from '../../api/core/secret.ts'
import { Service } from '../../api/core/service.ts'
import { ServiceAccount } from '../../api/core/service-account.ts'
import { DNSRecord } from '../../api/ingress-operator/dns-record.ts'
import { IngressClass } from '../../api/networking/ingress-class.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { Route } from '../../api/route/route.ts'
import { eventually, settled, type TestBench } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { parseRouterArgs } from '../../model/routes/options.ts'
import { closeBench, conditions, DEFAULT, NAMESPACE, ROUTER, report, start } from './testing.ts'

afterEach(closeBench)

test('a router on the host network, its internal Service, class and account', async () => {
  const { api } = await start()
  const deployment = api.get(Deployment, ROUTER)!
  const pod = deployment.spec.template.spec!
  expect(deployment.spec).toMatchObject({
    replicas: 2,
    selector: { matchLabels: { 'ingresscontroller.operator.openshift.io/deployment-ingresscontroller': 'default' } },
    strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '50%' } },
  })
  expect(pod).toMatchObject({
    hostNetwork: true,
    serviceAccountName: 'router',
    nodeSelector: { 'kubernetes.io/os': 'linux', 'node-role.kubernetes.io/worker': '' },
  })
  const [container] = pod.containers
  expect(container!.image).toBe('fairlead/router')
  expect(container!.ports!.map(({ name, hostPort }) => [name, hostPort])).toEqual([
    ['http', 80],
    ['https', 443],
    ['metrics', 1936],
  ])
  expect(container!.readinessProbe).toMatchObject({ httpGet: { path: '/healthz/ready', port: 1936 } })
  expect(parseRouterArgs(container!.args!)).toMatchObject({
    controller: 'default',
    domain: 'apps.fairlead.test',
    alias: 'apps.fairlead.localhost',
    defaultCertificate: 'openshift-ingress/router-certs-default',
    namespaceOwnership: 'Strict',
    wildcards: false,
  })
  const internal = api.get(Service, { namespace: 'openshift-ingress', name: 'router-internal-default' })!
  expect(internal.spec.ports!.map(({ name, port }) => [name, port])).toEqual([
    ['http', 80],
    ['https', 443],
    ['metrics', 1936],
  ])
  expect(api.get(IngressClass, { name: 'openshift-default' })?.spec.controller).toBe('openshift.io/ingress-to-route')
  expect(api.get(ServiceAccount, { namespace: 'openshift-ingress', name: 'router' })).toBeDefined()
})

test('one replica where the topology is SingleReplica; what is written goes before', async () => {
  expect((await start({}, 'SingleReplica')).api.get(Deployment, ROUTER)!.spec.replicas).toBe(1)
  expect((await start({ replicas: 3 }, 'SingleReplica')).api.get(Deployment, ROUTER)!.spec.replicas).toBe(3)
})

test('its status follows the Deployment', async () => {
  const bench = await start()
  const status = () => bench.api.get(IngressController, DEFAULT)!.status!
  expect(conditions(bench)).toMatchObject({
    Admitted: 'True',
    Available: 'False',
    Progressing: 'True',
    Degraded: 'False',
  })
  await report(bench, 2)
  expect(conditions(bench)).toMatchObject({
    Available: 'True',
    Progressing: 'False',
    Degraded: 'False',
    DeploymentReplicasAllAvailable: 'True',
    LoadBalancerManaged: 'False',
    DNSManaged: 'False',
    Upgradeable: 'True',
  })
  expect(status()).toMatchObject({
    availableReplicas: 2,
    domain: 'apps.fairlead.test',
    selector: 'ingresscontroller.operator.openshift.io/deployment-ingresscontroller=default',
    endpointPublishingStrategy: {
      type: 'HostNetwork',
      hostNetwork: { protocol: 'TCP', httpPort: 80, httpsPort: 443, statsPort: 1936 },
    },
  })
  await report(bench, 1)
  expect(conditions(bench)).toMatchObject({
    Available: 'True',
    DeploymentReplicasAllAvailable: 'False',
    DeploymentReplicasMinAvailable: 'True',
  })
})

test('one replica of one that may be unavailable: not available without it', async () => {
  const bench = await start({}, 'SingleReplica')
  await report(bench, 0, true)
  expect(conditions(bench)).toMatchObject({ Available: 'False', DeploymentReplicasMinAvailable: 'False' })
  await report(bench, 1, true)
  expect(conditions(bench)).toMatchObject({ Available: 'True', DeploymentReplicasMinAvailable: 'True' })
})

test('Degraded only after a while', async () => {
  const clock = fakeClock()
  const bench = await start({}, 'HighlyAvailable', clock)
  await report(bench, 0)
  await clock.advance(29_000)
  expect(conditions(bench).Degraded).toBe('False')
  await clock.advance(2000)
  await settled(bench)
  expect(conditions(bench).Degraded).toBe('True')
  await report(bench, 2)
  expect(conditions(bench).Degraded).toBe('False')
})

test('a field that changes changes the Deployment; what others did to it is undone; what stands beside it stays', async () => {
  const bench = await start()
  const { api } = bench
  const before = api.get(Deployment, ROUTER)!
  api.put(Deployment, {
    ...before,
    metadata: { ...ROUTER, labels: { ...before.metadata.labels, mine: 'yes' } },
    spec: { ...before.spec, replicas: 7, progressDeadlineSeconds: 600 },
  })
  await settled(bench)
  const after = api.get(Deployment, ROUTER)!
  expect([after.spec.replicas, after.spec.progressDeadlineSeconds, after.metadata.labels?.mine]).toEqual([
    2,
    600,
    'yes',
  ])
  const writes = api.requests.filter(request => request.startsWith('PUT') && request.includes('deployments')).length
  await report(bench, 2)
  expect(api.requests.filter(request => request.startsWith('PUT') && request.includes('deployments'))).toHaveLength(
    writes,
  )
  const controller = api.get(IngressController, DEFAULT)!
  api.put(IngressController, {
    ...controller,
    metadata: { ...controller.metadata, ...DEFAULT },
    spec: { routeAdmission: { namespaceOwnership: 'InterNamespaceAllowed' } },
  })
  await settled(bench)
  const [container] = api.get(Deployment, ROUTER)!.spec.template.spec!.containers
  expect(parseRouterArgs(container!.args!).namespaceOwnership).toBe('InterNamespaceAllowed')
})

test('a second one with a domain of its own is made; with the same domain it is refused, and says why', async () => {
  const bench = await start()
  bench.api.put(IngressController, {
    metadata: { namespace: NAMESPACE, name: 'ext' },
    spec: { domain: 'ext.fairlead.test', endpointPublishingStrategy: { type: 'Private' } },
  })
  bench.api.put(IngressController, {
    metadata: { namespace: NAMESPACE, name: 'same' },
    spec: { domain: 'apps.fairlead.test' },
  })
  await settled(bench)
  const made = bench.api.get(Deployment, { namespace: 'openshift-ingress', name: 'router-ext' })!
  expect(made.spec.template.spec!.hostNetwork).toBeUndefined()
  expect(parseRouterArgs(made.spec.template.spec!.containers[0]!.args!).alias).toBeUndefined()
  const certificate = bench.api.get(Secret, { namespace: 'openshift-ingress', name: 'router-certs-ext' })
  expect(Buffer.from(certificate!.data!['tls.crt']!, 'base64').toString()).toBe('for ext.fairlead.test')
  expect(bench.api.get(Deployment, { namespace: 'openshift-ingress', name: 'router-same' })).toBeUndefined()
  expect(conditions(bench, 'same')).toMatchObject({ Admitted: 'False', Available: 'False' })
  await eventually(() =>
    bench.api.all(Event).some(({ message }) => message?.includes('belongs to the ingress controller default')),
  )
})

test('deletion takes everything with it; the default one comes back', async () => {
  const clock = fakeClock()
  const bench = await start({}, 'HighlyAvailable', clock)
  await bench.api.client.delete(IngressController, DEFAULT)
  await settled(bench)
  const again = bench.api.get(IngressController, DEFAULT)!
  expect(again.metadata.deletionTimestamp).toBeUndefined()
  expect(bench.api.get(Deployment, ROUTER)).toBeDefined()
  bench.api.put(IngressController, {
    metadata: { namespace: NAMESPACE, name: 'ext' },
    spec: { domain: 'ext.fairlead.test' },
  })
  await settled(bench)
  const said = (routerName: string) => ({
    routerName,
    host: 'x',
    conditions: [{ type: 'Admitted', status: 'True' as const }],
  })
  const route = { namespace: 'shop', name: 'web' }
  bench.api.put(Route, {
    metadata: route,
    spec: { host: 'x', to: { kind: 'Service', name: 'web' } },
    status: { ingress: [said('default'), said('ext')] },
  })
  const pod = { namespace: 'openshift-ingress', name: 'router-ext-1' }
  const labels = { 'ingresscontroller.operator.openshift.io/deployment-ingresscontroller': 'ext' }
  bench.api.put(Pod, { metadata: { ...pod, labels }, spec: { containers: [] } })
  await bench.api.client.delete(IngressController, { namespace: NAMESPACE, name: 'ext' })
  await settled(bench)
  const speakers = () => bench.api.get(Route, route)?.status?.ingress?.map(({ routerName }) => routerName)
  expect(bench.api.get(IngressController, { namespace: NAMESPACE, name: 'ext' })).toBeDefined()
  expect(speakers()).toEqual(['default', 'ext'])
  bench.api.drop(Pod, pod)
  await clock.advance(1000)
  await eventually(() => bench.api.get(IngressController, { namespace: NAMESPACE, name: 'ext' }) === undefined)
  expect(speakers()).toEqual(['default'])
  expect(bench.api.get(IngressController, { namespace: NAMESPACE, name: 'ext' })).toBeUndefined()
  expect(bench.api.get(Deployment, { namespace: 'openshift-ingress', name: 'router-ext' })).toBeUndefined()
  expect(bench.api.get(IngressClass, { name: 'openshift-ext' })).toBeUndefined()
})

test('what an IngressController says is told to its routers', async () => {
  const bench = await start({
    httpCompression: { mimeTypes: ['text/html'] },
    namespaceSelector: { matchLabels: { shard: 'a' } },
    tlsSecurityProfile: { type: 'Modern', modern: {} },
    tuningOptions: { clientTimeout: '1m30s', serverTimeout: 'nonsense' },
    httpHeaders: { forwardedHeaderPolicy: 'IfNone' },
    endpointPublishingStrategy: { type: 'HostNetwork', hostNetwork: { protocol: 'PROXY' } },
  })
  const args = (): readonly string[] =>
    bench.api.get(Deployment, { namespace: 'openshift-ingress', name: 'router-default' })?.spec.template.spec
      ?.containers[0]?.args ?? []
  await eventually(() => args().length > 0)
  const options = parseRouterArgs(args())
  expect(options).toMatchObject({
    forwarded: 'if-none',
    settings: {
      acceptProxy: true,
      compress: ['text/html'],
      namespaceSelector: { matchLabels: { shard: 'a' } },
      times: { client: 90_000 },
      tls: { minVersion: 'TLSv1.3' },
    },
  })
  expect(options.settings.times).not.toHaveProperty('server')
})

const ZONES = { baseDomain: 'fairlead.test', publicZone: { id: 'fairlead.test' } }

async function behindBalancer(policy: 'Managed' | 'Unmanaged' = 'Managed', domain = 'shop.fairlead.test') {
  const bench = await start()
  const { api } = bench
  api.put(ConfigDNS, { metadata: { name: 'cluster' }, spec: ZONES })
  const loadBalancer = {
    scope: 'External',
    dnsManagementPolicy: policy,
    allowedSourceRanges: ['172.18.0.0/25'],
  } as const
  api.put(IngressController, {
    metadata: { namespace: NAMESPACE, name: 'shop' },
    spec: { domain, endpointPublishingStrategy: { type: 'LoadBalancerService', loadBalancer } },
  })
  await settled(bench)
  const key = { namespace: 'openshift-ingress', name: 'router-shop' }
  const provision = async () => {
    const service = api.get(Service, key)!
    const status = { loadBalancer: { ingress: [{ ip: '172.18.0.210' }] } }
    api.put(Service, { ...service, metadata: { ...service.metadata, ...key }, status })
    await settled(bench)
  }
  const deployed = async () => {
    const deployment = api.get(Deployment, key)!
    const conditions = [{ type: 'Available', status: 'True' as const }]
    const status = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, conditions }
    api.put(Deployment, { ...deployment, metadata: { ...deployment.metadata, ...key }, status })
    await settled(bench)
  }
  const record = () => api.get(DNSRecord, { namespace: NAMESPACE, name: 'shop-wildcard' })
  return { bench, api, service: () => api.get(Service, key)!, provision, deployed, record }
}
const reasonsOf = (bench: TestBench, name: string) =>
  Object.fromEntries(
    (bench.api.get(IngressController, { namespace: NAMESPACE, name })?.status?.conditions ?? []).map(
      ({ type, status, reason }) => [type, `${status} ${reason ?? ''}`.trim()],
    ),
  )

test('behind a load balancer: who may use it, and the wildcard in DNS once it has an address', async () => {
  const { bench, service, provision, deployed, record } = await behindBalancer()
  expect(service().spec).toMatchObject({ type: 'LoadBalancer', loadBalancerSourceRanges: ['172.18.0.0/25'] })
  expect(record()).toBeUndefined()
  await deployed()
  expect(reasonsOf(bench, 'shop')).toMatchObject({
    LoadBalancerManaged: 'True WantedByEndpointPublishingStrategy',
    LoadBalancerReady: 'False LoadBalancerPending',
    DNSReady: 'False RecordNotFound',
    Available: 'False IngressControllerUnavailable',
  })
  await provision()
  expect(record()?.spec).toEqual({
    dnsName: '*.shop.fairlead.test.',
    dnsManagementPolicy: 'Managed',
    recordType: 'A',
    recordTTL: 30,
    targets: ['172.18.0.210'],
  })
  expect(reasonsOf(bench, 'shop')).toMatchObject({ DNSManaged: 'True Normal', DNSReady: 'False NoZones' })
  const zone = (status: string) => ({ dnsZone: { id: 'fairlead.test' }, conditions: [{ type: 'Published', status }] })
  const say = async (status: string) => {
    bench.api.put(DNSRecord, {
      ...record()!,
      metadata: { ...record()!.metadata, namespace: NAMESPACE, name: 'shop-wildcard' },
      status: { zones: [zone(status)] },
    })
    await settled(bench)
  }
  await say('False')
  expect(reasonsOf(bench, 'shop')).toMatchObject({
    DNSReady: 'False FailedZones',
    Available: 'False IngressControllerUnavailable',
  })
  await say('True')
  expect(reasonsOf(bench, 'shop')).toMatchObject({ DNSReady: 'True NoFailedZones', Available: 'True' })
  const { status } = bench.api.get(IngressController, { namespace: NAMESPACE, name: 'shop' })!
  expect(status?.endpointPublishingStrategy?.loadBalancer?.allowedSourceRanges).toEqual(['172.18.0.0/25'])
})

test.each([
  ['Unmanaged', 'shop.fairlead.test'],
  ['Managed', 'shop.example.com'],
] as const)(
  'a record that is %s for %s is not published: by wish, or since no zone holds it',
  async (policy, domain) => {
    const { bench, provision, deployed, record } = await behindBalancer(policy, domain)
    await deployed()
    await provision()
    expect(record()?.spec.dnsManagementPolicy).toBe('Unmanaged')
    expect(reasonsOf(bench, 'shop')).toMatchObject({
      DNSManaged: 'False UnmanagedLoadBalancerDNS',
      DNSReady: 'Unknown UnmanagedDNS',
      Available: 'True',
    })
    await bench.api.client.delete(IngressController, { namespace: NAMESPACE, name: 'shop' })
    await settled(bench)
    await eventually(() => record() === undefined)
  },
)

test('ClusterOperator ingress says of the default one what it says itself', async () => {
  const bench = await start()
  const said = () => {
    const { conditions = [], versions = [] } = bench.api.get(ClusterOperator, { name: 'ingress' })?.status ?? {}
    const of = (type: string) => conditions.find(one => one.type === type)
    return { conditions: Object.fromEntries(conditions.map(({ type, status }) => [type, status])), versions, of }
  }
  expect(said().conditions).toMatchObject({ Available: 'False', Progressing: 'True', Degraded: 'False' })
  expect(said().of('Progressing')?.message).toContain('Not all ingress controllers are available.')
  expect(said().versions[0]).toEqual({ name: 'operator', version: 'unknown' })
  await report(bench, 2)
  expect(said().conditions).toEqual({
    Available: 'True',
    Progressing: 'False',
    Degraded: 'False',
    Upgradeable: 'True',
    EvaluationConditionsDetected: 'False',
  })
  expect(said().of('Available')?.message).toBe('The "default" ingress controller reports Available=True.')
  expect(said().versions[0]).toEqual({ name: 'operator', version: '1.2.3' })
  await bench.api.client.delete(ClusterOperator, { name: 'ingress' })
  await settled(bench)
  expect(said().conditions.Available).toBe('True')
})

test('pods that start again are no change of the routers', async () => {
  const bench = await start()
  await report(bench, 2)
  const deployment = bench.api.get(Deployment, ROUTER)!
  const done = [
    { type: 'Available', status: 'True' as const },
    { type: 'Progressing', status: 'True' as const, reason: 'NewReplicaSetAvailable' },
  ]
  const status = { ...deployment.status, availableReplicas: 1, conditions: done }
  bench.api.put(Deployment, { ...deployment, metadata: { ...deployment.metadata, ...ROUTER }, status })
  await settled(bench)
  expect(reasonsOf(bench, 'default').DeploymentRollingOut).toBe('True PodsStarting')
})

test('another strategy: the Services of the one before go, and come back with it', async () => {
  const bench = await start()
  const { api } = bench
  const NAMES = ['router-x', 'router-nodeport-x', 'router-internal-x'] as const
  const there = () => NAMES.filter(name => api.get(Service, { namespace: 'openshift-ingress', name }))
  const set = async (type: 'LoadBalancerService' | 'NodePortService' | 'Private' | 'HostNetwork') => {
    const old = api.get(IngressController, { namespace: NAMESPACE, name: 'x' })
    const metadata = { ...old?.metadata, namespace: NAMESPACE, name: 'x' }
    api.put(IngressController, { ...old, metadata, spec: { domain: 'x.test', endpointPublishingStrategy: { type } } })
    await settled(bench)
    const pod = api.get(Deployment, { namespace: 'openshift-ingress', name: 'router-x' })!.spec.template.spec!
    return { there: there(), isOnHost: pod.hostNetwork === true }
  }
  expect(await set('NodePortService')).toEqual({ there: ['router-nodeport-x', 'router-internal-x'], isOnHost: false })
  expect(await set('LoadBalancerService')).toEqual({ there: ['router-x', 'router-internal-x'], isOnHost: false })
  expect(await set('Private')).toEqual({ there: ['router-internal-x'], isOnHost: false })
  expect(await set('HostNetwork')).toEqual({ there: ['router-internal-x'], isOnHost: true })
})

test('several routers have a budget of disruptions, one has none; the domain in force stays', async () => {
  const bench = await start()
  const { api } = bench
  const budget = () => api.get(PodDisruptionBudget, ROUTER)?.spec?.maxUnavailable
  const change = async (spec: IngressController['spec']) => {
    const controller = api.get(IngressController, DEFAULT)!
    api.put(IngressController, { ...controller, metadata: { ...controller.metadata, ...DEFAULT }, spec })
    await settled(bench)
  }
  expect(budget()).toBe('50%')
  await change({ replicas: 4 })
  expect(budget()).toBe('25%')
  await change({ replicas: 1, domain: 'other.test' })
  expect(budget()).toBeUndefined()
  expect(api.get(IngressController, DEFAULT)?.status?.domain).toBe('apps.fairlead.test')
})

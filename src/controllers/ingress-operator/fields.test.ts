/** What fields say is carried out, or told not to be. */
import { afterEach, expect, test } from 'vitest'
import { Deployment } from '../../api/apps/deployment.ts'
import { APIServer } from '../../api/config/api-server.ts'
import { Event } from '../../api/core/event.ts'
import { Service } from '../../api/core/service.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { eventually, settled, type TestBench } from '../../client/testing.ts'
import { parseRouterArgs } from '../../model/routes/options.ts'
import { closeBench, conditions, DEFAULT, NAMESPACE, ROUTER, start } from './testing.ts'

afterEach(closeBench)

const argsOf = ({ api }: TestBench) =>
  parseRouterArgs(api.get(Deployment, ROUTER)?.spec.template.spec?.containers[0]?.args ?? [])
const inEffect = ({ api }: TestBench) =>
  api.get(IngressController, DEFAULT)?.status?.conditions?.find(({ type }) => type === 'FieldsInEffect')
const putDefault = async (bench: TestBench, spec: IngressController['spec'], annotations = {}) => {
  const { metadata } = bench.api.get(IngressController, DEFAULT)!
  bench.api.put(IngressController, { metadata: { ...metadata, ...DEFAULT, annotations }, spec })
  await settled(bench)
}

test('names that are too long are refused', async () => {
  const bench = await start()
  bench.api.put(IngressController, {
    metadata: { namespace: NAMESPACE, name: 'long' },
    spec: { domain: `${'a'.repeat(60)}.`.repeat(4).slice(0, -1) },
  })
  await settled(bench)
  expect(conditions(bench, 'long').Admitted).toBe('False')
})

test.each<[message: string, spec: IngressController['spec']]>([
  [
    'spec.unsupportedConfigOverrides.loadBalancingAlgorithm: is neither leastconn nor random',
    { unsupportedConfigOverrides: { loadBalancingAlgorithm: 'source' } },
  ],
  [
    'spec.unsupportedConfigOverrides.dynamicConfigManager: changes are always made at run time',
    { unsupportedConfigOverrides: { dynamicConfigManager: 'false' } },
  ],
  [
    'spec.unsupportedConfigOverrides.contStats: is neither "true" nor "false"',
    { unsupportedConfigOverrides: { contStats: true } },
  ],
  [
    'spec.unsupportedConfigOverrides.maxDynamicServers: servers come and go at run time, however many',
    { unsupportedConfigOverrides: { maxDynamicServers: '7' } },
  ],
  [
    'spec.unsupportedConfigOverrides.mutualTLSHeaderFilter: what clients say in headers about their certificates is never passed on',
    { unsupportedConfigOverrides: { mutualTLSHeaderFilter: 'false' } },
  ],
  [
    'spec.unsupportedConfigOverrides.localWithFallback: clients of a load balancer are not led to routers of other nodes',
    { unsupportedConfigOverrides: { localWithFallback: 'true' } },
  ],
  [
    'spec.unsupportedConfigOverrides.constructor: not known here',
    { unsupportedConfigOverrides: { constructor: 'x' } as object },
  ],
  ['spec.haproxyVersion: the HAProxy of the machine is used, which is 2.6', { haproxyVersion: '3.2' }],
  [
    'spec.endpointPublishingStrategy.loadBalancer.providerParameters: there is no cloud',
    {
      endpointPublishingStrategy: {
        type: 'LoadBalancerService',
        loadBalancer: { scope: 'External', dnsManagementPolicy: 'Managed', providerParameters: { type: 'AWS' } },
      },
    },
  ],
  [
    'spec.endpointPublishingStrategy.loadBalancer.scope: there is one network outside, which reaches all load balancers',
    {
      endpointPublishingStrategy: {
        type: 'LoadBalancerService',
        loadBalancer: { scope: 'Internal', dnsManagementPolicy: 'Managed' },
      },
    },
  ],
  [
    'spec.tuningOptions.configurationManagement: changes are always made at run time',
    { tuningOptions: { configurationManagement: 'ForkAndReload' } },
  ],
  [
    'spec.tlsSecurityProfile.custom.groups: "X25519MLKEM768" is not known',
    {
      tlsSecurityProfile: {
        type: 'Custom',
        custom: {
          ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'],
          groups: ['X25519MLKEM768', 'secp256r1'],
          minTLSVersion: 'VersionTLS12',
        },
      },
    },
  ],
  [
    'spec.logging.access.httpLogFormat: 1500 characters of printable ASCII are taken at most',
    { logging: { access: { destination: { type: 'Container' }, httpLogFormat: 'a\tb' } } },
  ],
  [
    'spec.clientTLS.clientCA: there is no ConfigMap openshift-config/ca',
    { clientTLS: { clientCertificatePolicy: 'Required', clientCA: { name: 'ca' } } },
  ],
  ['spec.httpErrorCodePages: there is no ConfigMap openshift-config/pages', { httpErrorCodePages: { name: 'pages' } }],
  ['spec.defaultCertificate: there is no Secret openshift-ingress/mine', { defaultCertificate: { name: 'mine' } }],
])('set and not carried out: %s', async (message, spec) => {
  const bench = await start(spec)
  await eventually(() => bench.api.all(Event).some(event => event.message === message))
  expect(inEffect(bench)).toMatchObject({ status: 'False', reason: 'WithoutEffect', message })
  await putDefault(bench, {})
  expect(inEffect(bench)).toBeUndefined()
  expect(conditions(bench).Admitted).toBe('True')
})

test('what is carried out is not told of', async () => {
  const bench = await start(
    {
      tuningOptions: { maxConnections: -1, configurationManagement: 'Dynamic', tunnelTimeout: '2h' },
      nodePlacement: {
        nodeSelector: {
          matchLabels: { edge: 'yes' },
          matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['c'] }],
        },
      },
      logging: { access: { destination: { type: 'Container', container: { maxLength: 2048 } } } },
    },
    'SingleReplica',
  )
  expect(inEffect(bench)).toBeUndefined()
  expect(argsOf(bench)).toMatchObject({
    maxConnections: 2_000_000,
    settings: { times: { tunnel: 7_200_000 }, log: { pipe: '/var/lib/rsyslog/access.log', maxLength: 2048 } },
  })
  const pod = () => bench.api.get(Deployment, ROUTER)?.spec.template.spec
  expect(pod()?.nodeSelector).toEqual({ edge: 'yes' })
  expect(JSON.stringify(pod()?.affinity)).toContain('{"key":"zone","operator":"NotIn","values":["c"]}')
  expect(pod()?.containers.map(({ name }) => name)).toEqual(['router', 'logs'])
  expect(pod()?.containers.map(({ volumeMounts }) => volumeMounts)).toEqual(
    Array(2).fill([{ name: 'rsyslog-socket', mountPath: '/var/lib/rsyslog' }]),
  )
  await putDefault(bench, {}, { 'ingress.operator.openshift.io/hard-stop-after': '15m' })
  expect(pod()?.affinity).toBeUndefined()
  expect(pod()?.containers.map(({ name }) => name)).toEqual(['router'])
  expect(argsOf(bench)).toMatchObject({ maxConnections: 50_000, settings: { hardStopMs: 900_000 } })
})

test.each([
  ['100ms', 1000],
  ['30s', 30_000],
  ['1h', 120_000],
])('a reload interval of %s is %i ms', async (reloadInterval, reloadMs) => {
  const bench = await start({ tuningOptions: { reloadInterval } })
  expect([inEffect(bench), argsOf(bench).settings]).toEqual([undefined, { reloadMs }])
})

test('overrides without support that are carried out', async () => {
  const on = { loadBalancingAlgorithm: 'leastconn', contStats: 'true', dynamicConfigManager: 'true' }
  const bench = await start({ unsupportedConfigOverrides: on })
  expect([inEffect(bench), argsOf(bench).settings]).toEqual([undefined, { balance: 'leastconn', countAlways: true }])
  const off = { loadBalancingAlgorithm: 'random', contStats: 'f', mutualTLSHeaderFilter: 'T', localWithFallback: '0' }
  await putDefault(bench, { unsupportedConfigOverrides: off })
  expect([inEffect(bench), argsOf(bench).settings]).toEqual([undefined, {}])
})

test('the version of HAProxy stands in the status where the API has a name for it', async () => {
  const effective = ({ api }: TestBench) => api.get(IngressController, DEFAULT)?.status?.effectiveHAProxyVersion
  const bench = await start({ haproxyVersion: '3.2' }, undefined, undefined, '3.2.4')
  expect([effective(bench), inEffect(bench)]).toEqual(['3.2', undefined])
  closeBench()
  expect(effective(await start({}, undefined, undefined, '2.6.12'))).toBeUndefined()
})

test('TLS: the cluster’s profile where there is none of its own; none without a cipher', async () => {
  const bench = await start()
  const profile = () => bench.api.get(IngressController, DEFAULT)?.status?.tlsProfile
  expect(profile()?.minTLSVersion).toBe('VersionTLS12')
  bench.api.put(APIServer, {
    metadata: { name: 'cluster' },
    spec: { tlsSecurityProfile: { type: 'Modern', modern: {} } },
  })
  await settled(bench)
  expect(profile()?.minTLSVersion).toBe('VersionTLS13')
  expect(argsOf(bench).settings.tls?.minVersion).toBe('TLSv1.3')
  await putDefault(bench, { tlsSecurityProfile: { type: 'Old', old: {} } })
  expect(profile()?.minTLSVersion).toBe('VersionTLS11')
  const custom = { ciphers: ['NO-SUCH-CIPHER'], minTLSVersion: 'VersionTLS12' } as const
  await putDefault(bench, { tlsSecurityProfile: { type: 'Custom', custom } })
  expect(conditions(bench).Admitted).toBe('False')
})

test('what is empty is as good as absent, as others write it; who verifies clients must say by what', async () => {
  const empty = {
    clientTLS: { clientCA: { name: '' }, clientCertificatePolicy: '' },
    httpErrorCodePages: { name: '' },
    httpCompression: {},
    tuningOptions: { reloadInterval: '0s', serverTimeout: '0s' },
    unsupportedConfigOverrides: null,
  } as const
  const bench = await start(empty)
  expect([inEffect(bench), conditions(bench).Admitted]).toEqual([undefined, 'True'])
  expect(argsOf(bench).settings).toEqual({})
  await putDefault(bench, { clientTLS: { clientCertificatePolicy: 'Required' } })
  expect(conditions(bench).Admitted).toBe('False')
})

test('routers are told of every field that is theirs', async () => {
  const bench = await start(
    {
      replicas: 3,
      httpErrorCodePages: { name: 'pages' },
      endpointPublishingStrategy: {
        type: 'HostNetwork',
        hostNetwork: { protocol: 'TCP', httpPort: 8080, httpsPort: 8443, statsPort: 8936 },
      },
      defaultCertificate: { name: 'mine' },
      namespaceSelector: { matchLabels: { shard: 'a' } },
      routeSelector: { matchExpressions: [{ key: 'public', operator: 'Exists' }] },
      nodePlacement: { tolerations: [{ key: 'infra', operator: 'Exists' }] },
      tlsSecurityProfile: {
        type: 'Custom',
        custom: {
          ciphers: ['TLS_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
          groups: ['secp384r1', 'X25519'],
          minTLSVersion: 'VersionTLS12',
        },
      },
      clientTLS: {
        clientCertificatePolicy: 'Optional',
        clientCA: { name: 'ca' },
        allowedSubjectPatterns: ['^/CN=a$', '^/CN=b$'],
      },
      routeAdmission: { namespaceOwnership: 'InterNamespaceAllowed', wildcardPolicy: 'WildcardsAllowed' },
      logging: {
        access: {
          destination: {
            type: 'Syslog',
            syslog: { address: '2001:db8::1', port: 514, facility: 'local3', maxLength: 2048 },
          },
          httpLogFormat: '%ci %ST',
          httpCaptureHeaders: {
            request: [{ name: 'X-A', maxLength: 20 }],
            response: [{ name: 'Server', maxLength: 10 }],
          },
          httpCaptureCookies: [{ matchType: 'Prefix', namePrefix: 'sess', maxLength: 30 }],
          logEmptyRequests: 'Ignore',
        },
      },
      httpHeaders: {
        forwardedHeaderPolicy: 'Never',
        uniqueId: { name: 'X-Id', format: '%ci' },
        headerNameCaseAdjustments: ['X-Request-ID'],
        actions: {
          request: [{ name: 'X-B', action: { type: 'Set', set: { value: 'b' } } }],
          response: [{ name: 'X-C', action: { type: 'Delete' } }],
        },
      },
      httpEmptyRequestsPolicy: 'Ignore',
      tuningOptions: {
        headerBufferBytes: 65_536,
        headerBufferMaxRewriteBytes: 16_384,
        threadCount: 2,
        clientTimeout: '1s',
        clientFinTimeout: '2s',
        serverTimeout: '3s',
        serverFinTimeout: '4s',
        tunnelTimeout: '5s',
        connectTimeout: '6s',
        httpKeepAliveTimeout: '7s',
        tlsInspectDelay: '8s',
        healthCheckInterval: '9s',
        maxConnections: 3000,
      },
      httpCompression: { mimeTypes: ['text/html'] },
      idleConnectionTerminationPolicy: 'Deferred',
      closedClientConnectionPolicy: 'Abort',
    },
    'HighlyAvailable',
  )
  const { spec } = bench.api.get(Deployment, ROUTER)!
  expect([spec.replicas, spec.template.spec?.tolerations]).toEqual([3, [{ key: 'infra', operator: 'Exists' }]])
  expect(argsOf(bench)).toMatchObject({
    httpPort: 8080,
    httpsPort: 8443,
    statsPort: 8936,
    threads: 2,
    maxConnections: 3000,
    accessLog: true,
    defaultCertificate: 'openshift-ingress/mine',
    namespaceOwnership: 'InterNamespaceAllowed',
    wildcards: true,
    forwarded: 'never',
  })
  expect(argsOf(bench).settings).toEqual({
    namespaceSelector: { matchLabels: { shard: 'a' } },
    routeSelector: { matchExpressions: [{ key: 'public', operator: 'Exists' }] },
    tls: {
      minVersion: 'TLSv1.2',
      suites: ['TLS_AES_256_GCM_SHA384'],
      ciphers: ['ECDHE-RSA-AES256-GCM-SHA384'],
      curves: ['P-384', 'X25519'],
    },
    clientTls: { verify: 'optional', authorities: 'openshift-config/ca', subjects: ['^/CN=a$', '^/CN=b$'] },
    times: {
      client: 1000,
      clientFin: 2000,
      server: 3000,
      serverFin: 4000,
      tunnel: 5000,
      connect: 6000,
      keepAlive: 7000,
      inspect: 8000,
      check: 9000,
    },
    buffers: { size: 65_536, rewrite: 16_384 },
    uniqueId: { header: 'X-Id', format: '%ci' },
    caseAdjustments: ['X-Request-ID'],
    actions: { request: [{ header: 'X-B', value: 'b' }], response: [{ header: 'X-C' }] },
    compress: ['text/html'],
    errorPages: 'openshift-config/pages',
    ignoreEmpty: true,
    deferIdle: true,
    abortClosed: true,
    log: {
      syslog: '[2001:db8::1]:514',
      facility: 'local3',
      maxLength: 2048,
      format: '%ci %ST',
      ignoreEmpty: true,
      requestHeaders: [{ name: 'X-A', maxLength: 20 }],
      responseHeaders: [{ name: 'Server', maxLength: 10 }],
      cookie: { name: 'sess', maxLength: 30 },
    },
  })
  const { status } = bench.api.get(IngressController, DEFAULT)!
  expect(status).toMatchObject({
    domain: 'apps.fairlead.test',
    selector: 'ingresscontroller.operator.openshift.io/deployment-ingresscontroller=default',
    observedGeneration: 3,
    availableReplicas: 0,
    namespaceSelector: { matchLabels: { shard: 'a' } },
    routeSelector: { matchExpressions: [{ key: 'public', operator: 'Exists' }] },
    endpointPublishingStrategy: {
      type: 'HostNetwork',
      hostNetwork: { protocol: 'TCP', httpPort: 8080, httpsPort: 8443, statsPort: 8936 },
    },
    tlsProfile: {
      ciphers: ['TLS_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
      groups: ['secp384r1', 'X25519'],
      minTLSVersion: 'VersionTLS12',
    },
  })
})

test.each([
  ['Private', 'private', undefined],
  ['NodePortService', 'nodePort', 'router-nodeport-default'],
] as const)('%s: with the PROXY protocol where it is asked for', async (type, field, service) => {
  const bench = await start({ endpointPublishingStrategy: { type, [field]: { protocol: 'PROXY' } } })
  expect(argsOf(bench).settings.acceptProxy).toBe(true)
  const { status } = bench.api.get(IngressController, DEFAULT)!
  expect(status?.endpointPublishingStrategy).toEqual({ type, [field]: { protocol: 'PROXY' } })
  expect(bench.api.get(Deployment, ROUTER)?.spec.template.spec?.hostNetwork).toBeUndefined()
  const services = bench.api.all(Service).map(({ metadata }) => metadata.name)
  expect(services).toEqual(service ? expect.arrayContaining([service]) : ['router-internal-default'])
  await putDefault(bench, { endpointPublishingStrategy: { type, [field]: {} } })
  expect(argsOf(bench).settings.acceptProxy).toBeUndefined()
})

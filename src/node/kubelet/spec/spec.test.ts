import { describe, expect, test } from 'vitest'
import type { ConfigMap } from '../../../api/core/config-map.ts'
import type { Secret } from '../../../api/core/secret.ts'
import type { Service } from '../../../api/core/service.ts'
import { containerOf, podOf } from '../testing.ts'
import { checkOf } from './checks.ts'
import { appProtocolsOf } from './container.ts'
import { resolvConf } from './dns.ts'
import type { Sources } from './env.ts'
import { containerEnv } from './env.ts'
import { expand } from './expand.ts'
import { fieldValue, resourceValue } from './fields.ts'
import { hostnameOf, hostsFile } from './hosts.ts'
import { portHint, securityOf } from './security.ts'
import { linkedServices, serviceEnv } from './service-env.ts'
import { planVolume } from './volumes.ts'

const where = { node: 'node-1', hostIps: ['172.18.0.11'], podIps: ['10.128.0.3', 'fd01::3'] }
const meta = { resourceVersion: '1', uid: 'x', creationTimestamp: '' }
const sources: Sources = {
  configMaps: new Map([
    [
      'settings',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', ...meta },
        data: { a: '1', b: '2' },
      } as ConfigMap,
    ],
  ]),
  secrets: new Map([
    [
      'keys',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', ...meta }, data: { pass: 'cw==' } } as Secret,
    ],
  ]),
}

describe('resolv.conf', () => {
  const options = {
    clusterDns: ['172.30.0.10'],
    clusterDomain: 'cluster.local',
    nodeResolvConf: 'search node.test.\nnameserver 172.18.0.53\noptions timeout:1\n',
  }
  const text = (spec: object): string => resolvConf(podOf({ spec }), options).text
  const cluster =
    'search shop.svc.cluster.local svc.cluster.local cluster.local node.test\nnameserver 172.30.0.10\noptions ndots:5\n'
  const node = 'search node.test\nnameserver 172.18.0.53\noptions timeout:1\n'

  test.each<[string, object, string]>([
    ['ClusterFirst is the default', {}, cluster],
    ['on the node’s network it is the node’s', { hostNetwork: true }, node],
    ['unless asked for', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, cluster],
    ['Default is the node’s', { dnsPolicy: 'Default' }, node],
    [
      'None is dnsConfig alone',
      {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['9.9.9.9'],
          searches: ['x.test'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
      'search x.test\nnameserver 9.9.9.9\noptions ndots:2 edns0\n',
    ],
    [
      'dnsConfig is added, without doubles, and its options win',
      {
        dnsConfig: {
          nameservers: ['172.30.0.10', '9.9.9.9'],
          searches: ['cluster.local', 'x.test'],
          options: [{ name: 'ndots', value: '2' }],
        },
      },
      'search shop.svc.cluster.local svc.cluster.local cluster.local node.test x.test\nnameserver 172.30.0.10\nnameserver 9.9.9.9\noptions ndots:2\n',
    ],
  ])('%s', (_, spec, expected) => expect(text(spec)).toBe(expected))

  test('keeps to the resolver’s limits, and tells what it left out', () => {
    const many = {
      nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'],
      searches: Array.from({ length: 40 }, (_, n) => `d${n}.test`),
    }
    const { text, problems } = resolvConf(podOf({ spec: { dnsPolicy: 'None', dnsConfig: many } }), options)
    expect(text.match(/^nameserver/gm)).toHaveLength(3)
    expect(text.split('\n')[0]!.split(' ')).toHaveLength(33)
    expect(problems.map(problem => problem.slice(0, 20))).toEqual(['Nameserver limits we', 'Search Line limits w'])
    expect(resolvConf(podOf(), options).problems).toEqual([])
  })
})

describe('hosts and host name', () => {
  const options = { node: 'node-1', clusterDomain: 'cluster.local', nodeHosts: '127.0.0.1 localhost' }

  test('a pod has its own line for each address, with its domain where it has a subdomain', () => {
    const pod = podOf({
      spec: { hostname: 'db-0', subdomain: 'db', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] },
    })
    const file = hostsFile(pod, where.podIps, options)
    expect(file).toMatch(/^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/)
    expect(file).toContain('10.128.0.3\tdb-0.db.shop.svc.cluster.local\tdb-0\nfd01::3\tdb-0.db')
    expect(file).toMatch(/\n# Entries added by HostAliases\.\n1\.2\.3\.4\ta\tb\n$/)
    expect(hostnameOf(pod, options)).toBe('db-0')
    expect(hostnameOf(podOf({ spec: { hostname: 'db-0', subdomain: 'db', setHostnameAsFQDN: true } }), options)).toBe(
      'db-0.db.shop.svc.cluster.local',
    )
  })

  test('a pod of the node’s network has the node’s', () => {
    const pod = podOf({ spec: { hostNetwork: true } })
    expect(hostsFile(pod, [], options)).toBe('# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n')
    expect(hostnameOf(pod, options)).toBe('node-1')
  })

  test('long names are cut', () =>
    expect(hostnameOf(podOf({ metadata: { name: `${'a'.repeat(62)}-b` } }), options)).toBe('a'.repeat(62)))
})

describe('variables', () => {
  test.each([
    ['$(A)', '1'],
    ['x$(A)y$(B)', 'x1y2'],
    ['$(C) $$(A) $A $(', '$(C) $(A) $A $('],
    ['$$$(A)', '$1'],
  ])('%s is %s', (text, expected) => expect(expand(text, { A: '1', B: '2' })).toBe(expected))

  test('come from Services, then ConfigMaps and Secrets, then values, each replacing the one before', () => {
    const container = containerOf('main', {
      envFrom: [
        { prefix: 'P_', configMapRef: { name: 'settings' } },
        { secretRef: { name: 'keys' } },
        { configMapRef: { name: 'absent', optional: true } },
      ],
      env: [
        { name: 'P_b', value: 'own' },
        { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } },
        { name: 'NONE', valueFrom: { secretKeyRef: { name: 'keys', key: 'absent', optional: true } } },
        { name: 'BOTH', value: '$(KEY)-$(pass)' },
      ],
    })
    expect(
      containerEnv(podOf(), container, { WEB_SERVICE_HOST: '172.30.0.1', pass: 'service' }, sources, where),
    ).toEqual({
      WEB_SERVICE_HOST: '172.30.0.1',
      P_a: '1',
      P_b: 'own',
      pass: 's',
      KEY: '1',
      BOTH: '1-s',
    })
  })

  test.each([
    [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'absent', key: 'a' } } }, 'configmap "absent" not found'],
    [
      { name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'z' } } },
      "couldn't find key z in ConfigMap shop/settings",
    ],
    [{ name: 'X', valueFrom: { secretKeyRef: { name: 'absent', key: 'a' } } }, 'secret "absent" not found'],
    [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }, 'unsupported fieldPath: spec.x'],
  ])('%j cannot be: %s', (variable, message) =>
    expect(() => containerEnv(podOf(), containerOf('main', { env: [variable] }), {}, sources, where)).toThrow(message),
  )

  test.each([
    ['metadata.name', 'web'],
    ["metadata.labels['app']", 'shop'],
    ["metadata.annotations['none']", ''],
    ['metadata.labels', 'app="shop"\ntier="1"'],
    ['spec.nodeName', 'node-1'],
    ['spec.serviceAccountName', 'default'],
    ['status.podIPs', '10.128.0.3,fd01::3'],
    ['status.hostIP', '172.18.0.11'],
    ['constructor', undefined],
  ])('%s', (path, expected) =>
    expect(fieldValue(podOf({ metadata: { labels: { tier: '1', app: 'shop' } } }), path, where)).toBe(expected),
  )

  test.each([
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '0', '2'],
    ['limits.memory', '1Gi', '64'],
    ['limits.nvidia.com/gpu', '0', '0'],
    ['limits.cpu', '1m', '1500'],
    ['requests.memory', '1Mi', '128'],
    ['requests.cpu', undefined, '2'],
  ])('%s in units of %s', (resource, divisor, expected) => {
    const container = containerOf('main', { resources: { limits: { cpu: '1500m' }, requests: { memory: '128Mi' } } })
    expect(resourceValue(container, resource, divisor)).toBe(expected)
  })
})

describe('Services', () => {
  const service = (name: string, namespace: string, spec: object): Service =>
    ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, ...meta }, spec }) as Service
  const ports = [
    { name: 'http', port: 80, protocol: 'TCP', targetPort: 'web', appProtocol: 'kubernetes.io/h2c' },
    { name: 'dns-udp', port: 53, protocol: 'UDP' },
  ]
  const services = [
    service('data-base', 'shop', { clusterIP: '172.30.0.9', ports, selector: { app: 'shop' } }),
    service('headless', 'shop', { clusterIP: 'None', ports, selector: { app: 'shop' } }),
    service('other', 'elsewhere', { clusterIP: '172.30.0.8', ports, selector: { app: 'shop' } }),
    service('kubernetes', 'default', {
      clusterIP: '172.30.0.1',
      ports: [{ name: 'https', port: 443, protocol: 'TCP' }],
    }),
  ]

  test('those of the namespace and the API’s become variables', () => {
    expect(linkedServices(services, 'shop', true).map(({ name }) => name)).toEqual(['data-base', 'kubernetes'])
    expect(linkedServices(services, 'shop', false).map(({ name }) => name)).toEqual(['kubernetes'])
    expect(serviceEnv(linkedServices(services, 'shop', true))).toEqual({
      DATA_BASE_SERVICE_HOST: '172.30.0.9',
      DATA_BASE_SERVICE_PORT: '80',
      DATA_BASE_SERVICE_PORT_HTTP: '80',
      DATA_BASE_SERVICE_PORT_DNS_UDP: '53',
      DATA_BASE_PORT: 'tcp://172.30.0.9:80',
      DATA_BASE_PORT_80_TCP: 'tcp://172.30.0.9:80',
      DATA_BASE_PORT_80_TCP_PROTO: 'tcp',
      DATA_BASE_PORT_80_TCP_PORT: '80',
      DATA_BASE_PORT_80_TCP_ADDR: '172.30.0.9',
      DATA_BASE_PORT_53_UDP: 'udp://172.30.0.9:53',
      DATA_BASE_PORT_53_UDP_PROTO: 'udp',
      DATA_BASE_PORT_53_UDP_PORT: '53',
      DATA_BASE_PORT_53_UDP_ADDR: '172.30.0.9',
      KUBERNETES_SERVICE_HOST: '172.30.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
      KUBERNETES_PORT: 'tcp://172.30.0.1:443',
      KUBERNETES_PORT_443_TCP: 'tcp://172.30.0.1:443',
      KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
      KUBERNETES_PORT_443_TCP_PORT: '443',
      KUBERNETES_PORT_443_TCP_ADDR: '172.30.0.1',
    })
  })

  test('what they say of a port is what a stand-in speaks on it', () => {
    const container = containerOf('main', { ports: [{ name: 'web', containerPort: 8080 }, { containerPort: 53 }] })
    const pod = podOf({ metadata: { labels: { app: 'shop' } } })
    expect(appProtocolsOf(pod, container, services)).toEqual({ 8080: 'kubernetes.io/h2c' })
    expect(appProtocolsOf(podOf(), container, services)).toEqual({})
  })
})

describe('volumes', () => {
  const plan = (volume: object) => {
    const result = planVolume(podOf(), { name: 'v', ...volume }, sources, where)
    return result.is === 'folder'
      ? result.files.map(({ path, content, mode }) => [
          path,
          Buffer.isBuffer(content) ? content.toString() : content,
          mode,
        ])
      : result
  }

  test.each<[string, object, unknown]>([
    ['emptyDir', { emptyDir: {} }, { is: 'empty' }],
    [
      'a ConfigMap',
      { configMap: { name: 'settings' } },
      [
        ['a', '1', 0o644],
        ['b', '2', 0o644],
      ],
    ],
    [
      'some of its keys',
      { configMap: { name: 'settings', items: [{ key: 'a', path: 'x/y', mode: 0o600 }] } },
      [['x/y', '1', 0o600]],
    ],
    ['a Secret', { secret: { secretName: 'keys', defaultMode: 0o400 } }, [['pass', 's', 0o400]]],
    ['an absent one that is optional', { secret: { secretName: 'absent', optional: true } }, []],
    [
      'the downward API',
      { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
      [['name', 'web', 0o644]],
    ],
    [
      'several in one',
      {
        projected: {
          sources: [
            { configMap: { name: 'settings', items: [{ key: 'a', path: 'a' }] } },
            { serviceAccountToken: { path: 'token' } },
          ],
        },
      },
      [
        ['a', '1', 0o644],
        ['token', { expirationSeconds: 3600 }, 0o644],
      ],
    ],
    ['a path of the node', { hostPath: { path: '/x' } }, { is: 'host', path: '/x', type: '' }],
  ])('%s', (_, volume, expected) => expect(plan(volume)).toEqual(expected))

  test.each<[object, string]>([
    [{ configMap: { name: 'absent' } }, 'configmap "absent" not found'],
    [{ secret: { secretName: 'absent' } }, 'secret "absent" not found'],
    [{ configMap: { name: 'settings', items: [{ key: 'z', path: 'z' }] } }, 'references non-existent config key: z'],
    [{ configMap: { name: 'settings', items: [{ key: 'a', path: '../../etc/passwd' }] } }, 'leads out of the volume'],
  ])('%j cannot be made', (volume, message) => expect(() => plan(volume)).toThrow(message))
})

describe('privileges', () => {
  const of = (own: object, pod: object = {}, more: object = {}) =>
    securityOf(podOf({ spec: { securityContext: pod, ...more } }), containerOf('main', { securityContext: own }))
  const brief = (own: object, pod: object = {}) => {
    const { uid, gid, groups, lowestPort = 0, capabilities } = of(own, pod)
    return [uid, gid, groups, lowestPort, capabilities === undefined ? 'all' : capabilities.length]
  }

  test.each<[string, object, object, unknown[]]>([
    ['says nothing: root with the usual capabilities', {}, {}, [undefined, undefined, undefined, 0, 12]],
    ['a user: no low ports, group 0', { runAsUser: 1000650000 }, {}, [1000650000, 0, undefined, 1024, 12]],
    [
      'what the container says wins',
      { runAsUser: 5, runAsGroup: 6 },
      { runAsUser: 7, runAsGroup: 8 },
      [5, 6, undefined, 1024, 12],
    ],
    ['groups of the pod', {}, { supplementalGroups: [3], fsGroup: 4 }, [undefined, undefined, [3, 4], 0, 12]],
    ['not root: somebody', {}, { runAsNonRoot: true }, [65_532, 0, undefined, 1024, 12]],
    [
      'all dropped: root may not bind low ports',
      { capabilities: { drop: ['ALL'] } },
      {},
      [undefined, undefined, undefined, 1024, 0],
    ],
    [
      'one added again',
      { capabilities: { drop: ['ALL'], add: ['CAP_NET_BIND_SERVICE'] } },
      {},
      [undefined, undefined, undefined, 0, 1],
    ],
    [
      'added for another user: to no effect',
      { runAsUser: 5, capabilities: { add: ['NET_BIND_SERVICE'] } },
      {},
      [5, 0, undefined, 1024, 12],
    ],
    ['privileged', { privileged: true }, {}, [undefined, undefined, undefined, 0, 'all']],
    [
      'a sysctl opens low ports to all',
      { runAsUser: 5 },
      { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] },
      [5, 0, undefined, 0, 12],
    ],
  ])('%s', (_, own, pod, expected) => expect(brief(own, pod)).toEqual(expected))

  test('root is refused where it is ruled out', () => {
    expect(() => of({ runAsUser: 0, runAsNonRoot: true })).toThrow(
      'container\'s runAsUser breaks non-root policy (pod: "web_shop(u1)"',
    )
    expect(of({ runAsUser: 0 }).uid).toBe(0)
  })

  test('a port that it may not listen on is told of, and how to go on', () => {
    const hint = (containerPort: number, annotations = {}, lastWords = '', runAsUser = 1000650000) =>
      portHint(
        podOf({ metadata: { annotations } }),
        containerOf('main', { ports: [{ containerPort }], securityContext: { runAsUser } }),
        lastWords,
      )
    expect(hint(8080)).toBeUndefined()
    expect(hint(80, { 'openshift.io/scc': 'restricted-v2' })).toBe(
      'Container main declares port 80, but runs as user 1000650000 without NET_BIND_SERVICE (SCC restricted-v2): listening ' +
        'below 1024 fails with EACCES. Let it listen on a higher port, such as 8080, or allow it more: ' +
        'oc adm policy add-scc-to-user anyuid -z default',
    )
    const refused = 'bind: permission denied (EACCES)'
    expect(hint(8080, {}, refused)).toMatch(/^Container main runs as user 1000650000 without NET_BIND_SERVICE: /)
    expect(hint(8080, {}, refused, 0)).toBeUndefined()
  })
})

describe('checks', () => {
  const container = containerOf('main', { ports: [{ name: 'http', containerPort: 8080 }] })
  test.each([
    [
      { httpGet: { port: 'http' } },
      { kind: 'http', scheme: 'HTTP', address: '10.128.0.3', port: 8080, path: '/', headers: [] },
    ],
    [{ tcpSocket: { port: 81, host: '1.2.3.4' } }, { kind: 'tcp', address: '1.2.3.4', port: 81 }],
    [{ grpc: { port: 5000 } }, { kind: 'grpc', address: '10.128.0.3', port: 5000, service: '' }],
    [{ exec: { command: ['true'] } }, { kind: 'exec', podUid: 'u1', container: 'main', command: ['true'] }],
    [
      { httpGet: { port: 'none' } },
      { kind: 'invalid', message: 'couldn\'t find port: "none" in the ports of container main' },
    ],
  ])('%j', (probe, expected) => expect(checkOf('u1', container, probe, '10.128.0.3')).toEqual(expected))
})

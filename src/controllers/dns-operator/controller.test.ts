import { afterEach, describe, expect, it } from 'vitest'
import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { ClusterOperator } from '../../api/config/cluster-operator.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Service } from '../../api/core/service.ts'
import { DNS } from '../../api/operator/dns.ts'
import { settled } from '../../client/testing.ts'
import { compileCorefile } from '../../dns/corefile/compile.ts'
import { type ControllerBench, controllerBench } from '../shared/testing.ts'
import { startDnsOperator } from './controller.ts'
import { corefileOf } from './corefile.ts'

let bench: ControllerBench | undefined
afterEach(() => bench?.close())

const operand = { namespace: 'openshift-dns', name: 'dns-default' }
const OPTIONS = {
  clusterIP: '172.30.0.10',
  clusterDomain: 'cluster.local',
  port: 5353,
  service: { metadata: operand, spec: { clusterIP: '172.30.0.10' } },
  daemonSet: {
    metadata: operand,
    spec: {
      selector: { matchLabels: { app: 'dns' } },
      template: {
        metadata: { labels: { app: 'dns' } } as never,
        spec: { containers: [{ name: 'dns', image: 'fairlead/dns' }] },
      },
    },
  },
}
const dnsOf = (spec: DNS['spec']): DNS => ({
  apiVersion: 'operator.openshift.io/v1',
  kind: 'DNS',
  metadata: { name: 'default', uid: 'd', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
})
const corefile = (spec: DNS['spec']): string => corefileOf(dnsOf(spec), OPTIONS)
const server = (spec: object) =>
  ({ name: 'corp', zones: ['corp.example'], forwardPlugin: { upstreams: ['192.0.2.1'] }, ...spec }) as never

describe('the Corefile', () => {
  it("is OKD's", () => {
    expect(corefile({})).toBe(`.:5353 {
    bufsize 1232
    errors
    log . {
        class error
    }
    health {
        lameduck 20s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus 127.0.0.1:9153
    forward . /etc/resolv.conf {
        policy sequential
    }
    cache 900 {
        denial 9984 30
    }
    reload
}
hostname.bind:5353 {
    chaos
}
`)
  })

  it('has servers, upstreams, TLS, cache times and logging as they are asked for, and our server reads it', () => {
    const text = corefile({
      logLevel: 'Debug',
      cache: { positiveTTL: '1h', negativeTTL: '0.5m' },
      servers: [
        server({
          forwardPlugin: {
            upstreams: ['192.0.2.1', '[2001:db8::1]:5353'],
            policy: 'RoundRobin',
            protocolStrategy: 'TCP',
          },
        }),
      ],
      upstreamResolvers: {
        upstreams: [{ type: 'Network', address: '192.0.2.9', port: 853 }],
        policy: 'Random',
        transportConfig: { transport: 'TLS', tls: { serverName: 'dns.example', caBundle: { name: 'corp-ca' } } },
      },
    })
    const { sites } = compileCorefile(text)
    expect(sites.map(({ zones }) => zones.join())).toEqual(['corp.example.', '.', 'hostname.bind.'])
    expect(sites[0]).toMatchObject({
      logClass: 'denial',
      cache: { positiveSeconds: 3600, negativeSeconds: 30 },
      forwards: [
        { policy: 'round_robin', isTcpForced: true, to: [{ port: 53 }, { address: '2001:db8::1', port: 5353 }] },
      ],
    })
    expect(sites[1]?.forwards).toMatchObject([
      {
        tlsServerName: 'dns.example',
        tlsAuthority: '/etc/pki/corp-ca/ca-bundle.crt',
        to: [{ isTls: true, port: 853 }],
      },
    ])
  })

  it.each<[string, DNS['spec'], string]>([
    [
      'a zone of the cluster',
      { servers: [server({ zones: ['cluster.local'] })] },
      "the zone cluster.local is the cluster's own",
    ],
    ['syntax in a zone', { servers: [server({ zones: ['a {\n}'] })] }, 'is no DNS name'],
    ['syntax in a name', { servers: [server({ name: 'a\n}' })] }, 'is no name'],
    ['syntax in an upstream', { servers: [server({ forwardPlugin: { upstreams: ['1.1.1.1 {'] } })] }, 'is no address'],
    ['a Network without address', { upstreamResolvers: { upstreams: [{ type: 'Network' }] } }, 'needs an address'],
    [
      'TLS without a name',
      {
        upstreamResolvers: {
          upstreams: [{ type: 'Network', address: '192.0.2.1' }],
          transportConfig: { transport: 'TLS' },
        },
      },
      'needs the serverName',
    ],
    [
      'TLS with the system',
      { upstreamResolvers: { transportConfig: { transport: 'TLS', tls: { serverName: 'a.b' } } } },
      'cannot be used with SystemResolvConf',
    ],
  ])('refuses %s', (_, spec, message) => {
    expect(() => corefile(spec)).toThrow(message)
  })
})

it('makes what is missing, follows changes, and says how it is', async () => {
  const at = controllerBench()
  bench = at
  await startDnsOperator(at.deps, OPTIONS as never, at.signal)
  await at.deps.client.create(DNS, { metadata: { name: 'default' }, spec: {} }).catch(() => {})
  await settled(at)
  const status = (type: string) => {
    const found = at.api.get(DNS, { name: 'default' })?.status?.conditions?.find(one => one.type === type)
    return `${found?.status} ${found?.reason}`
  }
  const text = () => at.api.get(ConfigMap, operand)?.data?.Corefile ?? ''
  expect(at.api.get(Service, operand)?.spec.clusterIP).toBe('172.30.0.10')
  expect([status('Available'), status('Degraded')]).toEqual(['False NoDNSPodsAvailable', 'True NoDNSPodsDesired'])
  const pods = at.api.get(DaemonSet, operand)!
  const counts = { currentNumberScheduled: 3, numberMisscheduled: 0, desiredNumberScheduled: 3, numberReady: 3 }
  at.api.put(DaemonSet, { ...pods, status: { ...counts, numberAvailable: 3, updatedNumberScheduled: 3 } })
  await settled(at)
  expect([status('Available'), status('Progressing'), status('Degraded')]).toEqual([
    'True AsExpected',
    'False AsExpected',
    'False AsExpected',
  ])
  const operator = at.api.get(ClusterOperator, { name: 'dns' })?.status?.conditions
  expect(operator?.map(({ type, status: is }) => `${type}=${is}`)).toEqual([
    'Available=True',
    'Degraded=False',
    'Progressing=False',
    'Upgradeable=True',
  ])
  const put = (spec: DNS['spec']) => at.api.put(DNS, { ...at.api.get(DNS, { name: 'default' })!, spec })
  put({ servers: [server({})], nodePlacement: { nodeSelector: { dns: 'yes' } } })
  await settled(at)
  expect(text()).toContain('corp.example:5353 {')
  expect(at.api.get(DaemonSet, operand)?.spec.template.spec?.nodeSelector).toEqual({ dns: 'yes' })
  put({ servers: [server({ zones: ['cluster.local'] })] })
  await settled(at)
  expect(text()).toContain('corp.example:5353 {')
  expect(status('Degraded')).toBe('True InvalidConfiguration')
  put({ managementState: 'Unmanaged', servers: [] })
  await settled(at)
  expect([status('Upgradeable'), text().includes('corp.example')]).toEqual(['False OperatorUnmanaged', true])
  put({})
  at.api.drop(ConfigMap, operand)
  at.api.drop(DNS, { name: 'default' })
  await settled(at)
  expect(at.api.get(DNS, { name: 'default' })).toBeDefined()
  expect(text()).not.toContain('corp.example')
})

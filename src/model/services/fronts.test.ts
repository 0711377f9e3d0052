import { describe, expect, test } from 'vitest'
import type { Service, ServiceSpec } from '../../api/core/service.ts'
import type { Endpoint, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { ip } from '../../lib/ip.ts'
import { frontsOf } from './fronts.ts'
import { IDLED_AT, UNIDLED_AT } from './idling.ts'
import type { Front, Outcome, Vantage } from './types.ts'

const VANTAGE: Vantage = { node: 'node-1', zone: 'a', nodePortAddresses: [ip('172.18.0.11')] }
const meta = { uid: '', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }

const service = (spec: Partial<ServiceSpec> = {}, more: Partial<Service> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { ...meta, namespace: 'shop', name: 'api' },
  spec: { type: 'ClusterIP', clusterIP: '172.30.1.1', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  ...more,
})

const slice = (endpoints: readonly Partial<Endpoint>[], more: Partial<EndpointSlice> = {}): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { ...meta, namespace: 'shop', name: 'api-1', labels: { 'kubernetes.io/service-name': 'api' } },
  addressType: 'IPv4',
  ports: [{ name: '', protocol: 'TCP', port: 8080 }],
  endpoints: endpoints.map(endpoint => ({ addresses: ['10.128.0.3'], ...endpoint })),
  ...more,
})

const at = (n: number, more: Partial<Endpoint> = {}): Partial<Endpoint> => ({
  addresses: [`10.128.${2 * (n - 1)}.3`],
  nodeName: `node-${n}`,
  ...more,
})
const ending = { conditions: { ready: false, serving: true, terminating: true } }
const NOT_READY = { conditions: { ready: false, serving: false, terminating: false } }

const say = (outcome: Outcome): string =>
  outcome.is === 'forward'
    ? `${outcome.backends.map(({ address, port }) => `${address}:${port}`).join(' ')}${outcome.source === 'node' ? ' as node' : ''}`
    : outcome.is
const within = (fronts: readonly Front[]): readonly string[] =>
  fronts.map(front => `${front.role} ${front.address} ${front.protocol} ${front.port}: ${say(front.within)}`)
const only = (spec: Partial<ServiceSpec>, endpoints: readonly Partial<Endpoint>[]): string =>
  say(frontsOf(service(spec), [slice(endpoints)], VANTAGE)[0]!.within)

describe('which endpoints take new connections', () => {
  const cases: readonly (readonly [string, readonly Partial<Endpoint>[], string, string])[] = [
    ['ready ones', [at(1), at(2)], '10.128.0.3:8080 10.128.2.3:8080', '10.128.0.3:8080'],
    ['absent conditions count as ready', [at(2, { conditions: {} })], '10.128.2.3:8080', 'drop'],
    ['those that end are passed over', [at(1, ending), at(2)], '10.128.2.3:8080', '10.128.0.3:8080'],
    ['unless there are no others', [at(1, ending), at(2, NOT_READY)], '10.128.0.3:8080', '10.128.0.3:8080'],
    ['not ready', [at(1, NOT_READY)], 'reject', 'reject'],
    ['none', [], 'reject', 'reject'],
    ['elsewhere', [at(2)], '10.128.2.3:8080', 'drop'],
    [
      'hints for this node',
      [at(1, { hints: { forNodes: [{ name: 'node-1' }] } }), at(2, { hints: { forNodes: [{ name: 'node-2' }] } })],
      '10.128.0.3:8080',
      '10.128.0.3:8080',
    ],
    [
      'hints for this zone',
      [at(2, { hints: { forZones: [{ name: 'a' }] } }), at(3, { hints: { forZones: [{ name: 'b' }] } })],
      '10.128.2.3:8080',
      'drop',
    ],
    [
      'hints count only when all have them',
      [at(2, { hints: { forZones: [{ name: 'a' }] } }), at(3)],
      '10.128.2.3:8080 10.128.4.3:8080',
      'drop',
    ],
    [
      'and only when one is for here',
      [at(2, { hints: { forZones: [{ name: 'b' }] } }), at(3, { hints: { forZones: [{ name: 'b' }] } })],
      '10.128.2.3:8080 10.128.4.3:8080',
      'drop',
    ],
  ]
  test.each(cases)('%s', (_, endpoints, cluster, local) => {
    expect(only({}, endpoints)).toBe(cluster)
    expect(only({ internalTrafficPolicy: 'Local' }, endpoints)).toBe(local)
  })
})

describe('endpoints of several slices', () => {
  test('count once, and the one that stays wins, in whatever order the slices come', () => {
    const slices = [slice([at(1, ending)]), slice([at(1)]), slice([at(2)])]
    const seen = (order: readonly EndpointSlice[]): string => say(frontsOf(service(), order, VANTAGE)[0]!.within)
    expect(seen(slices)).toBe('10.128.0.3:8080 10.128.2.3:8080')
    expect(seen(slices.toReversed())).toBe(seen(slices))
  })

  test('are matched by the name and protocol of the port, with the number each slice gives', () => {
    const ports: ServiceSpec['ports'] = [
      { name: 'web', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ]
    const slices = [
      slice([at(1)], { ports: [{ name: 'web', protocol: 'TCP', port: 8080 }] }),
      slice([at(2)], { ports: [{ name: 'web', protocol: 'TCP', port: 9090 }] }),
      slice([at(2)], { ports: [{ name: 'dns', protocol: 'TCP', port: 5353 }] }),
      slice([at(3)], { ports: [{ name: 'web', protocol: 'TCP' }] }),
    ]
    expect(within(frontsOf(service({ ports }), slices, VANTAGE))).toEqual([
      'clusterIP 172.30.1.1 TCP 80: 10.128.0.3:8080 10.128.2.3:9090',
      'clusterIP 172.30.1.1 UDP 53: reject',
    ])
  })

  test('of another family or without a valid address are left out', () => {
    const slices = [
      slice([{ addresses: ['fd01::3'] }], { addressType: 'IPv6' }),
      slice([{ addresses: ['example.com'] }], { addressType: 'FQDN' }),
      slice([{ addresses: ['10.128.0.3; drop'] }, { addresses: [] }]),
    ]
    expect(say(frontsOf(service(), slices, VANTAGE)[0]!.within)).toBe('reject')
    const dual = service({ clusterIPs: ['172.30.1.1', 'fd02::1'] })
    expect(within(frontsOf(dual, slices, VANTAGE))).toEqual([
      'clusterIP 172.30.1.1 TCP 80: reject',
      'clusterIP fd02::1 TCP 80: fd01::3:8080',
    ])
  })
})

describe('where a Service answers', () => {
  const node = { type: 'NodePort' as const, ports: [{ port: 80, protocol: 'TCP' as const, nodePort: 30080 }] }
  const both = [slice([at(1), at(2)])]

  test('a node port on the addresses of the node, with an address of ours as source', () => {
    expect(within(frontsOf(service(node), both, VANTAGE))).toEqual([
      'clusterIP 172.30.1.1 TCP 80: 10.128.0.3:8080 10.128.2.3:8080',
      'nodePort 172.18.0.11 TCP 30080: 10.128.0.3:8080 10.128.2.3:8080 as node',
    ])
  })

  test('under externalTrafficPolicy Local clients outside have local endpoints, clients inside all', () => {
    const [, front] = frontsOf(service({ ...node, externalTrafficPolicy: 'Local' }), both, VANTAGE)
    expect([say(front!.within), say(front!.outside)]).toEqual([
      '10.128.0.3:8080 10.128.2.3:8080 as node',
      '10.128.0.3:8080',
    ])
    const [, far] = frontsOf(service({ ...node, externalTrafficPolicy: 'Local' }), [slice([at(2)])], VANTAGE)
    expect([say(far!.within), say(far!.outside)]).toEqual(['10.128.2.3:8080 as node', 'drop'])
  })

  test('a ClusterIP not from outside', () => {
    expect(frontsOf(service(), both, VANTAGE)[0]!.outside.is).toBe('drop')
  })

  test('external and load balancer addresses, with the ranges that may use the latter', () => {
    const balanced = service(
      { type: 'LoadBalancer', externalIPs: ['192.0.2.1', 'nonsense'], loadBalancerSourceRanges: [' 198.51.100.0/24 '] },
      { status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }, { ip: '192.0.2.8', ipMode: 'Proxy' }] } } },
    )
    const fronts = frontsOf(balanced, both, VANTAGE)
    expect(fronts.map(({ role, address }) => `${role} ${address}`)).toEqual([
      'clusterIP 172.30.1.1',
      'externalIP 192.0.2.1',
      'loadBalancer 192.0.2.9',
    ])
    expect(fronts[2]!.sourceRanges).toHaveLength(1)
    expect(fronts[1]!.sourceRanges).toBeUndefined()
  })

  test('nowhere: headless, ExternalName, and what another proxy serves', () => {
    const none = (given: Service): void => expect(frontsOf(given, both, VANTAGE)).toEqual([])
    none(service({ clusterIP: 'None' }))
    none(service({ type: 'ExternalName', externalName: 'example.com' }))
    none(service({ clusterIP: '' }))
    const labels = { 'service.kubernetes.io/service-proxy-name': 'other' }
    none(service({}, { metadata: { ...meta, namespace: 'shop', name: 'api', labels } }))
  })

  test('with session affinity for as long as it says', () => {
    const seconds = (spec: Partial<ServiceSpec>) => frontsOf(service(spec), both, VANTAGE)[0]!.affinitySeconds
    expect(seconds({})).toBeUndefined()
    expect(seconds({ sessionAffinity: 'ClientIP' })).toBe(10_800)
    expect(seconds({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 7 } } })).toBe(7)
  })
})

test('an idled Service is asked for while there is nobody; for 30 s after that its pods are waited for', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00Z')
  const at = (
    annotations: Readonly<Record<string, string>>,
    endpoints: readonly Partial<Endpoint>[] = [],
    ms = nowMs,
  ) => {
    const spec = { internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Local', type: 'LoadBalancer' } as const
    const metadata = { ...meta, namespace: 'shop', name: 'api', annotations }
    const status = { loadBalancer: { ingress: [{ ip: '172.18.0.210' }] } }
    const given = service({ ...spec, clusterIP: '172.30.1.1' }, { metadata, status } as Partial<Service>)
    return frontsOf(given, [slice(endpoints)], VANTAGE, ms).flatMap(front => [say(front.within), say(front.outside)])
  }
  const idled = { [IDLED_AT]: '2026-03-01T11:00:00Z' }
  expect(at(idled)).toEqual(['wake', 'drop', 'wake', 'wake'])
  expect(at(idled, [NOT_READY])).toEqual(['wake', 'drop', 'wake', 'wake'])
  expect(at(idled, [{ nodeName: 'node-1' }])[0]).toBe('10.128.0.3:8080')
  // Elsewhere there is somebody: nobody need be woken.
  expect(at(idled, [{ nodeName: 'node-2' }])[0]).toBe('drop')
  const woken = (text: string) => at({ [UNIDLED_AT]: text })[0]
  expect(['2026-03-01T11:59:31Z', '2026-03-01T11:59:30Z', 'yesterday', ''].map(woken)).toEqual([
    'wake',
    'reject',
    'reject',
    'reject',
  ])
  expect(at({ [UNIDLED_AT]: '2026-03-01T12:00:00Z' }, [], Number.POSITIVE_INFINITY)[0]).toBe('reject')
})

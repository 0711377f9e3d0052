import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Service, ServiceSpec } from '../../api/core/service.ts'
import type { Endpoint, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { cidr } from '../../lib/cidr.ts'
import { answer } from './answer.ts'
import { reverseAddress } from './reverse.ts'
import type { Answer, NameData, NameSource, QuestionType, ZoneOptions } from './types.ts'

const ZONE: ZoneOptions = {
  domain: 'cluster.local',
  networks: [cidr('10.128.0.0/14'), cidr('172.30.0.0/16')],
  server: { namespace: 'openshift-dns', name: 'dns-default' },
  ttl: 5,
}
const meta = { uid: '', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }

const service = (key: string, spec: Partial<ServiceSpec>): Service => {
  const [namespace, name] = key.split('/') as [string, string]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...meta, namespace, name },
    spec: { type: 'ClusterIP', ...spec },
  }
}
const slice = (key: string, endpoints: readonly Endpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice => {
  const [namespace, name] = key.split('/') as [string, string]
  const labels = { 'kubernetes.io/service-name': name }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...meta, namespace, name: `${name}-1`, labels },
    addressType: 'IPv4',
    ports: [{ name: 'pg', protocol: 'TCP', port: 5432 }],
    endpoints,
    ...more,
  }
}

const SERVICES = [
  service('openshift-dns/dns-default', {
    clusterIP: '172.30.0.10',
    ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
  }),
  service('shop/api', {
    clusterIP: '172.30.1.1',
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'metrics', port: 9090, protocol: 'TCP' },
    ],
  }),
  service('shop/dual', { clusterIP: '172.30.1.2', clusterIPs: ['172.30.1.2', 'fd02::2'], ports: [{ port: 80 }] }),
  service('shop/db', { clusterIP: 'None' }),
  service('shop/idle', { clusterIP: 'None' }),
  service('shop/mail', { type: 'ExternalName', externalName: 'SMTP.example.com.' }),
  service('shop/address', { type: 'ExternalName', externalName: '192.0.2.1' }),
]
const SLICES = [
  slice('shop/api', [{ addresses: ['10.128.0.9'] }], { ports: [{ name: 'http', protocol: 'TCP', port: 8080 }] }),
  slice('shop/db', [
    { addresses: ['10.128.2.5'] },
    { addresses: ['10.128.0.5'], hostname: 'DB-0' },
    { addresses: ['10.128.2.6'], conditions: { ready: false } },
    { addresses: ['10.128.2.7'], hostname: 'a.b\nc' },
  ]),
  slice('shop/db', [{ addresses: ['fd01::5'] }], { addressType: 'IPv6' }),
  slice('shop/idle', [{ addresses: ['10.128.0.8'], conditions: { ready: false } }]),
  slice('shop/gone', [{ addresses: ['10.128.0.7'] }]),
]
const keyOf = ({ metadata }: Service): string => `${metadata.namespace}/${metadata.name}`
const SOURCE: NameSource = {
  hasNamespace: name => ['shop', 'empty', 'openshift-dns'].includes(name),
  service: (namespace, name) => SERVICES.find(one => keyOf(one) === `${namespace}/${name}`),
  slices: (namespace, name) =>
    SLICES.filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
    ),
  servicesAt: address => SERVICES.filter(({ spec }) => (spec.clusterIPs ?? [spec.clusterIP]).includes(address)),
  slicesAt: address => SLICES.filter(({ endpoints }) => endpoints.some(one => one.addresses.includes(address))),
}

const sayData = (data: NameData): string => {
  if (data.type === 'SRV') return `${data.priority} ${data.weight} ${data.port} ${data.target}`
  return 'texts' in data ? data.texts.join() : 'target' in data ? data.target : data.address
}
const say = (given: Answer): string =>
  given.is === 'records' ? given.records.map(({ data }) => sayData(data)).join(', ') : given.is
const ask = (name: string, type: QuestionType): string => say(answer(SOURCE, ZONE, `${name}.`, type))

/** One line a question: name, type, and the answer. */
const TABLE = `
api.shop.svc.cluster.local                  A      172.30.1.1
api.shop.svc.cluster.local                  AAAA   nodata
api.shop.svc.cluster.local                  MX     nodata
api.shop.svc.cluster.local                  SRV    0 50 80 api.shop.svc.cluster.local., 0 50 9090 api.shop.svc.cluster.local.
_http._tcp.api.shop.svc.cluster.local       SRV    0 100 80 api.shop.svc.cluster.local.
http.tcp.api.shop.svc.cluster.local         SRV    0 100 80 api.shop.svc.cluster.local.
_http._tcp.api.shop.svc.cluster.local       A      172.30.1.1
_http._udp.api.shop.svc.cluster.local       SRV    nxdomain
_nobody._tcp.api.shop.svc.cluster.local     SRV    nxdomain
10-128-0-9.api.shop.svc.cluster.local       A      10.128.0.9
10-128-0-8.api.shop.svc.cluster.local       A      nxdomain
a.b.c.api.shop.svc.cluster.local            A      nxdomain
dual.shop.svc.cluster.local                 A      172.30.1.2
dual.shop.svc.cluster.local                 AAAA   fd02::2
db.shop.svc.cluster.local                   A      10.128.0.5, 10.128.2.5, 10.128.2.7
db.shop.svc.cluster.local                   AAAA   fd01::5
db.shop.svc.cluster.local                   TXT    nodata
db-0.db.shop.svc.cluster.local              A      10.128.0.5
10-128-2-5.db.shop.svc.cluster.local        A      10.128.2.5
10-128-2-6.db.shop.svc.cluster.local        A      nxdomain
10-128-2-7.db.shop.svc.cluster.local        A      10.128.2.7
fd01--5.db.shop.svc.cluster.local           AAAA   fd01::5
_pg._tcp.db.shop.svc.cluster.local          SRV    0 25 5432 db-0.db.shop.svc.cluster.local., 0 25 5432 10-128-2-5.db.shop.svc.cluster.local., 0 25 5432 10-128-2-7.db.shop.svc.cluster.local., 0 25 5432 fd01--5.db.shop.svc.cluster.local.
idle.shop.svc.cluster.local                 A      nxdomain
nobody.shop.svc.cluster.local               A      nxdomain
api.nowhere.svc.cluster.local               A      nxdomain
mail.shop.svc.cluster.local                 A      smtp.example.com.
mail.shop.svc.cluster.local                 CNAME  smtp.example.com.
mail.shop.svc.cluster.local                 SRV    nodata
_x._tcp.mail.shop.svc.cluster.local         SRV    nxdomain
address.shop.svc.cluster.local              A      nxdomain
10-128-0-5.shop.pod.cluster.local           A      10.128.0.5
10-128-0-5.shop.pod.cluster.local           AAAA   nodata
fd01--5.shop.pod.cluster.local              AAAA   fd01::5
10-128-0-500.shop.pod.cluster.local         A      nxdomain
10-128-0-5.nowhere.pod.cluster.local        A      nxdomain
x.10-128-0-5.shop.pod.cluster.local         A      nxdomain
cluster.local                               A      nodata
cluster.local                               NS     dns-default.openshift-dns.svc.cluster.local.
svc.cluster.local                           A      nodata
pod.cluster.local                           A      nodata
shop.svc.cluster.local                      A      nodata
empty.pod.cluster.local                     A      nodata
nowhere.svc.cluster.local                   A      nxdomain
other.cluster.local                         A      nxdomain
ns.dns.cluster.local                        A      172.30.0.10
dns-version.cluster.local                   TXT    1.1.0
dns-version.cluster.local                   A      nodata
example.com                                 A      elsewhere
notcluster.local                            A      elsewhere
1.1.30.172.in-addr.arpa                     PTR    api.shop.svc.cluster.local.
1.1.30.172.in-addr.arpa                     A      nodata
5.0.128.10.in-addr.arpa                     PTR    db-0.db.shop.svc.cluster.local.
6.2.128.10.in-addr.arpa                     PTR    nxdomain
7.0.128.10.in-addr.arpa                     PTR    nxdomain
99.9.128.10.in-addr.arpa                    PTR    nxdomain
1.2.0.192.in-addr.arpa                      PTR    elsewhere
2.0.192.in-addr.arpa                        PTR    elsewhere
5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.d.f.ip6.arpa PTR fd01--5.db.shop.svc.cluster.local.
`

describe('what names mean', () => {
  const lines = TABLE.trim()
    .split('\n')
    .map(line => /^(\S+)\s+(\S+)\s+(.+)$/.exec(line)!.slice(1) as [string, string, string])
  test.each(lines)('%s %s: %s', (name, type, expected) => {
    expect(ask(name, (type === 'MX' ? 'other' : type) as QuestionType)).toBe(expected)
  })

  test('an alias is to be followed, and SRV records bring their addresses', () => {
    expect(answer(SOURCE, ZONE, 'mail.shop.svc.cluster.local.', 'A')).toMatchObject({ chase: 'smtp.example.com.' })
    const srv = answer(SOURCE, ZONE, '_http._tcp.api.shop.svc.cluster.local.', 'SRV')
    expect(srv.is === 'records' && srv.additional.map(({ name, data }) => `${name} ${sayData(data)}`)).toEqual([
      'api.shop.svc.cluster.local. 172.30.1.1',
    ])
  })

  test('without a known server the zone names a made-up one', () => {
    const { server: _, ...zone } = ZONE
    expect(say(answer(SOURCE, zone, 'cluster.local.', 'NS'))).toBe('ns.dns.cluster.local.')
    expect(say(answer(SOURCE, zone, 'ns.dns.cluster.local.', 'A'))).toBe('nxdomain')
  })

  test('any text is a question', () => {
    const label = fc.oneof(
      fc.constantFrom('svc', 'pod', 'shop', 'api', '_http', '_tcp', 'in-addr', 'arpa'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(label, { maxLength: 8 }), fc.boolean(), (labels, isOurs) => {
        const name = `${labels.join('.')}.${isOurs ? 'cluster.local.' : ''}`
        for (const type of ['A', 'SRV', 'PTR', 'NS', 'TXT', 'other'] as const) answer(SOURCE, ZONE, name, type)
        reverseAddress(name)
      }),
    )
  })
})

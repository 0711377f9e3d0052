import { describe, expect, it, test } from 'vitest'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { ip } from '../../lib/ip.ts'
import { endpointsOf, isForbidden, serviceAt } from './endpoints.ts'
import { testSlice } from './testing.ts'

const texts = (slices: readonly EndpointSlice[], port?: string | number): string[] =>
  endpointsOf(slices, port).map(({ address, port: number }) => `${address}:${number}`)
const ready = (...addresses: string[]) => addresses.map(address => ({ addresses: [address] }))
const ports = [
  { name: 'http', port: 8080 },
  { name: 'metrics', port: 9090, protocol: 'TCP' as const },
  { name: 'dns', port: 53, protocol: 'UDP' as const },
]

describe('endpointsOf', () => {
  const slice = testSlice({ endpoints: ready('10.0.0.2', '10.0.0.1'), ports })
  test.each([
    ['a name', 'http', ['10.0.0.1:8080', '10.0.0.2:8080']],
    ['a number', 9090, ['10.0.0.1:9090', '10.0.0.2:9090']],
    ['nothing: every TCP port', undefined, ['10.0.0.1:8080', '10.0.0.1:9090', '10.0.0.2:8080', '10.0.0.2:9090']],
    ['an unknown name', 'web', []],
    ['a Service port that is no endpoint port', 80, []],
    ['UDP', 'dns', []],
  ])('by %s', (_, port, expected) => {
    expect(texts([slice], port)).toEqual(expected)
  })
  it('only ready ones; an absent condition is ready; an ending one is not', () => {
    const endpoints = [
      { addresses: ['10.0.0.1'], conditions: { ready: true } },
      { addresses: ['10.0.0.2'], conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ['10.0.0.3'], conditions: {} },
      { addresses: ['10.0.0.4'] },
    ]
    expect(texts([testSlice({ endpoints })])).toEqual(['10.0.0.1:8080', '10.0.0.3:8080', '10.0.0.4:8080'])
  })
  it('one address and port counts once, whatever the order of the slices', () => {
    const a = testSlice({ endpoints: [{ addresses: ['10.0.0.1'], targetRef: { uid: 'old' } }] })
    const b = testSlice({ endpoints: [{ addresses: ['10.0.0.1'], targetRef: { uid: 'new' } }] })
    expect(endpointsOf([a, b], 'http')).toEqual(endpointsOf([b, a], 'http'))
    expect(endpointsOf([a, b], 'http')).toHaveLength(1)
  })
  it('names and nonsense instead of addresses are passed over', () => {
    const names = testSlice({ addressType: 'FQDN', endpoints: ready('evil.example.com') })
    const nonsense = testSlice({ endpoints: ready('evil', '10.0.0.1; show env', '010.0.0.1', '', '10.0.0.1') })
    expect(texts([names, nonsense])).toEqual(['10.0.0.1:8080'])
  })
})

test.each([
  '127.0.0.1',
  '0.0.0.0',
  '169.254.169.254',
  '224.0.0.1',
  '255.255.255.255',
  '168.63.129.16',
  '::',
  '::1',
  '::ffff:169.254.169.254',
  '::169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '2002:7f00:1::',
  '2002:a83f:8110::1',
  'fe80::1',
  'ff02::1',
  'fd00:ec2::254',
])('a router does not call %s', address => {
  expect(isForbidden(ip(address))).toBe(true)
  const type = address.includes(':') ? 'IPv6' : 'IPv4'
  const other = type === 'IPv6' ? 'fd01::5' : '10.128.0.5'
  expect(texts([testSlice({ addressType: type, endpoints: ready(address, other) })])).toEqual([`${other}:8080`])
})

describe('serviceAt', () => {
  const view = (exists: boolean, ...slices: EndpointSlice[]) => ({
    service: () => (exists ? ({ metadata: {} } as never) : undefined),
    slices: () => slices,
  })
  test.each([
    ['no Service', view(false, testSlice({ endpoints: ready('10.0.0.1') })), 'ServiceNotFound'],
    ['no endpoints', view(true), 'NoEndpoints'],
    [
      'none ready',
      view(true, testSlice({ endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] })),
      'NoEndpoints',
    ],
    [
      'no such port',
      view(true, testSlice({ endpoints: ready('10.0.0.1'), ports: [{ name: 'web', port: 1 }] })),
      'PortNotFound',
    ],
    ['all well', view(true, testSlice({ endpoints: ready('10.0.0.1') })), undefined],
  ])('%s', (_, services, problem) => {
    expect(serviceAt({ service: 'shop/web', weight: 1 }, 'http', services).problem).toBe(problem)
  })
})

import { expect, test } from 'vitest'
import { errorsOf } from '../testing.ts'
import { IngressController, type IngressControllerSpec } from './ingress-controller.ts'

const told = (spec: IngressControllerSpec, old?: IngressControllerSpec) =>
  errorsOf(IngressController, of(spec), old && of(old)).map(text => text.replace(/: [A-Z]\w+: /, ': '))
const of = (spec: IngressControllerSpec) => ({ metadata: { name: 'default' }, spec })
const action = (name: string, value?: string) =>
  value === undefined ? { name, action: { type: 'Delete' } } : { name, action: { type: 'Set', set: { value } } }
const balanced = (range: string): IngressControllerSpec => ({
  endpointPublishingStrategy: {
    type: 'LoadBalancerService',
    loadBalancer: { scope: 'External', dnsManagementPolicy: 'Managed', allowedSourceRanges: [range] },
  },
})
const custom = (group: string): IngressControllerSpec => ({
  tlsSecurityProfile: {
    type: 'Custom',
    custom: { ciphers: ['AES128-SHA'], groups: [group], minTLSVersion: 'VersionTLS12' },
  },
})
const captured = (name: string): IngressControllerSpec => ({
  logging: {
    access: {
      destination: { type: 'Container' },
      httpCaptureHeaders: { request: [{ name, maxLength: 9 }] },
      httpCaptureCookies: [{ matchType: 'Exact', name, maxLength: 9 }],
    },
  },
})
const tuned = (tuningOptions: IngressControllerSpec['tuningOptions'] & object): IngressControllerSpec => ({
  tuningOptions,
})

test.each<[good: IngressControllerSpec, bad: IngressControllerSpec, error: string]>([
  [{ domain: 'apps.x' }, { domain: '*.x' }, 'spec.domain: domain must consist of lower case'],
  [{ domain: 'a'.repeat(63) }, { domain: 'a'.repeat(64) }, 'spec.domain: each DNS label must not exceed 63'],
  [{}, { domain: 'a.'.repeat(125).slice(0, -1) }, 'spec.domain: may not be more than 244 bytes'],
  [{}, { domain: 'a.'.repeat(120).slice(0, -1) }, "spec.domain: The combined 'router-' + metadata.name"],
  [balanced('10.0.0.0/8'), balanced('10.0.0.0'), 'spec.endpointPublishingStrategy.loadBalancer.allowedSourceRanges[0]'],
  [custom('secp256r1'), custom('P-256'), 'spec.tlsSecurityProfile.custom.groups[0]: supported values: "X25519"'],
  [captured('Host'), captured('a b'), 'spec.logging.access.httpCaptureHeaders.request[0].name'],
  [captured('Host'), captured('a b'), 'spec.logging.access.httpCaptureCookies[0].name'],
  [
    { httpHeaders: { uniqueId: { name: 'X-Id', format: '%{+X}o %ci-%[req.hdr(Host)]' } } },
    { httpHeaders: { uniqueId: { name: 'X-Id', format: '%[' } } },
    'spec.httpHeaders.uniqueId.format',
  ],
  [
    { httpHeaders: { headerNameCaseAdjustments: ['Host'] } },
    { httpHeaders: { headerNameCaseAdjustments: ['a b'] } },
    'spec.httpHeaders.headerNameCaseAdjustments[0]',
  ],
  [
    { httpHeaders: { actions: { request: [action('X-Host', '%[req.hdr(host),lower]')] } } },
    { httpHeaders: { actions: { request: [action('X-Host', '%[res.hdr(host)]')] } } },
    'spec.httpHeaders.actions.request[0].action.set.value',
  ],
  [
    { httpHeaders: { actions: { response: [action('X-Host')] } } },
    { httpHeaders: { actions: { request: [action('Host')] } } },
    'spec.httpHeaders.actions.request[0].name: host header may not be modified',
  ],
  [
    { httpCompression: { mimeTypes: ['text/html; charset=utf-8', 'application/vnd.api+json'] } },
    { httpCompression: { mimeTypes: ['texts/html'] } },
    'spec.httpCompression.mimeTypes[0]',
  ],
  [tuned({ connectTimeout: '1m30.5s' }), tuned({ connectTimeout: '3d' }), 'spec.tuningOptions.connectTimeout'],
  [tuned({ reloadInterval: '0s' }), tuned({ reloadInterval: '4 s' }), 'spec.tuningOptions.reloadInterval'],
  [
    tuned({ httpKeepAliveTimeout: '15m' }),
    tuned({ httpKeepAliveTimeout: '15m1ms' }),
    'spec.tuningOptions.httpKeepAliveTimeout: httpKeepAliveTimeout must be less',
  ],
  [
    tuned({ httpKeepAliveTimeout: '1ms' }),
    tuned({ httpKeepAliveTimeout: '0.5ms' }),
    'spec.tuningOptions.httpKeepAliveTimeout: httpKeepAliveTimeout must be greater',
  ],
  [tuned({ maxConnections: -1 }), tuned({ maxConnections: 1999 }), 'spec.tuningOptions.maxConnections'],
])('%j is taken, %j is not: %s', (good, bad, error) => {
  expect(told(good)).toEqual([])
  expect(told(bad)).toContainEqual(expect.stringContaining(error))
})

test('a domain from before the rules may stay', () => {
  expect(told({ domain: '*.x', replicas: 2 }, { domain: '*.x' })).toEqual([])
  expect(told({ domain: '*.y' }, { domain: '*.x' })).toHaveLength(1)
})

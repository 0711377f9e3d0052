import { describe, expect, it } from 'vitest'
import { errorsOf, specOf, stored } from '../testing.ts'
import { Ingress } from './ingress.ts'
import { IngressClass } from './ingress-class.ts'
import { NetworkPolicy } from './network-policy.ts'

describe('ingresses', () => {
  const backend = { service: { name: 'web', port: { number: 80 } } }
  const path = { path: '/', pathType: 'Prefix', backend }
  const ingress = (more: object) => ({ spec: { rules: [{ host: 'a.test', http: { paths: [{ ...path, ...more }] } }] } })
  const where = 'spec.rules[0].http.paths[0]'

  it.each<[object, readonly string[]]>([
    [ingress({}), []],
    [{ spec: {} }, ['spec: Invalid: either `defaultBackend` or `rules` must be specified']],
    [{ spec: { defaultBackend: backend } }, []],
    [ingress({ pathType: undefined }), [`${where}.pathType: Required`]],
    [ingress({ path: 'x' }), [`${where}.path: Invalid: must be an absolute path`]],
    [ingress({ path: '/a//b' }), [`${where}.path: Invalid: must not contain '//'`]],
    [ingress({ backend: {} }), [`${where}.backend: Invalid: resource or service backend is required`]],
    [
      ingress({ backend: { service: { name: 'web' } } }),
      [`${where}.backend: Required: port name or number is required`],
    ],
    [
      ingress({ backend: { service: { name: 'web', port: { name: 'http', number: 80 } } } }),
      [`${where}.backend: Invalid: cannot set both port name & port number`],
    ],
    [
      { spec: { rules: [{ host: '1.2.3.4' }] } },
      ['spec.rules[0].host: Invalid: must be a DNS name, not an IP address'],
    ],
    [{ spec: { rules: [{ host: '*.a.test' }] } }, []],
    [
      { spec: { rules: [{ host: 'a.*.test' }] } },
      [expect.stringContaining('spec.rules[0].host: Invalid: a wildcard DNS-1123 subdomain') as never],
    ],
  ])('%j', (object, errors) => {
    expect(errorsOf(Ingress, object)).toEqual(errors)
  })

  it('have classes whose controller stays', () => {
    const named = (controller: string) => ({ spec: { controller } })
    expect(errorsOf(IngressClass, named('a.test/x'))).toEqual([])
    expect(errorsOf(IngressClass, named('a.test/y'), named('a.test/x'))).toEqual([
      'spec.controller: Invalid: field is immutable',
    ])
  })
})

describe('network policies', () => {
  it('isolate for what they speak of', () => {
    expect(specOf(stored(NetworkPolicy, { spec: {} })).policyTypes).toEqual(['Ingress'])
    expect(specOf(stored(NetworkPolicy, { spec: { egress: [{}] } })).policyTypes).toEqual(['Ingress', 'Egress'])
    expect(specOf(stored(NetworkPolicy, { spec: { policyTypes: ['Egress'] } })).policyTypes).toEqual(['Egress'])
  })

  it.each<[object, readonly string[]]>([
    [{ ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80, endPort: 90 }] }] }, []],
    [{ ingress: [{ from: [{}] }] }, ['spec.ingress[0].from[0]: Required: must specify a peer']],
    [
      { egress: [{ ports: [{ endPort: 90 }] }] },
      ['spec.egress[0].ports[0].endPort: Invalid: may not be specified when `port` is not specified'],
    ],
    [
      { egress: [{ ports: [{ port: 'dns', endPort: 90 }] }] },
      ['spec.egress[0].ports[0].endPort: Invalid: may not be specified when `port` is non-numeric'],
    ],
    [{ egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] }, []],
    [
      { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }] },
      ['spec.egress[0].to[0].ipBlock.except[0]: Invalid: must be a strict subset of `cidr`'],
    ],
    [
      { egress: [{ to: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      ['spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer'],
    ],
  ])('%j', (spec, errors) => {
    expect(errorsOf(NetworkPolicy, { spec })).toEqual(errors)
  })
})

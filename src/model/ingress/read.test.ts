import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Ingress, IngressSpec } from '../../api/networking/ingress.ts'
import { someCertificate } from '../../host/haproxy/testdata/certificates.ts'
import { hostProblem } from '../routes/host.ts'
import { dialectOf, unclaimedBecause } from './classes.ts'
import { readIngress } from './read.ts'
import { addressesOf, withoutAddresses } from './status.ts'

const NO_SECRETS = { secret: () => undefined }
const ingress = (spec: object, metadata: object = {}): Ingress =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace: 'shop',
      name: 'web',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: spec as IngressSpec,
  }) as Ingress
const to = (name: string) => ({ service: { name, port: { number: 80 } } })
const claims = (one: Ingress) =>
  readIngress(one, NO_SECRETS).claims.map(({ host, path, exact, fallback, targets, port }) =>
    [host, exact ? `=${path}` : fallback ? '(rest)' : path, targets[0]?.service ?? '-', port ?? ''].join(' '),
  )

test('one claim for each host and path; what no path takes; names that only TLS has', () => {
  const paths = [
    { path: '/foo/', pathType: 'Prefix', backend: to('a') },
    { path: '/foo/', pathType: 'Exact', backend: { service: { name: 'b', port: { name: 'web' } } } },
    { pathType: 'ImplementationSpecific', backend: { resource: { kind: 'Bucket', name: 'x' } } },
  ]
  const spec = {
    defaultBackend: to('d'),
    tls: [{ hosts: ['Named.test', 'A.test'], secretName: 'cert' }],
    rules: [
      { host: 'A.test', http: { paths } },
      { http: { paths: [{ path: '/', pathType: 'Prefix', backend: to('c') }] } },
    ],
  }
  expect(claims(ingress(spec))).toEqual([
    'a.test /foo shop/a :80',
    'a.test =/foo/ shop/b :web',
    'a.test  - ',
    '*  shop/c :80',
    'a.test (rest) shop/d :80',
    '* (rest) shop/d :80',
    'named.test  shop/c :80',
    'named.test (rest) shop/d :80',
  ])
  expect(readIngress(ingress(spec), NO_SECRETS).warnings).toEqual([
    'backends that are no Service are not served: "Bucket/x"',
    'Secret shop/cert cannot be read; the default certificate is shown instead',
  ])
})

test('no string of an Ingress becomes a claim that is not a host, a path and a Service', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('/a|b', 'a b', '*.x y', "'", '%[src]', '/{}#'),
  )
  fc.assert(
    fc.property(text, text, text, text, (host, path, name, secretName) => {
      const one = ingress({
        rules: [{ host, http: { paths: [{ path, pathType: 'Prefix', backend: to(name) }] } }],
        tls: [{ hosts: [host], secretName }],
      })
      for (const claim of readIngress(one, NO_SECRETS).claims) {
        expect(claim.host === '*' || hostProblem(claim.host.replace(/^\*\./, '')) === undefined).toBe(true)
        expect(claim.path).toMatch(/^(\/[\x21-\x7e]*)?$/)
        for (const { service } of claim.targets) expect(service).toMatch(/^shop\/[a-z0-9.-]+$/)
      }
    }),
  )
})

const classes = (name: string) =>
  (
    ({
      fairlead: { spec: { controller: 'fairlead.dev/ingress' } },
      nginx: { spec: { controller: 'k8s.io/ingress-nginx' } },
      shard: { spec: { controller: 'fairlead.dev/ingress', parameters: { kind: 'IngressController', name: 'shard' } } },
      'openshift-default': { spec: { controller: 'openshift.io/ingress-to-route' } },
      traefik: { spec: { controller: 'traefik.io/ingress-controller' } },
    }) as unknown as Readonly<Record<string, never>>
  )[name]
const OLD = 'kubernetes.io/ingress.class'

test.each([
  [{ ingressClassName: 'fairlead' }, {}, 'default', 'plain'],
  [{ ingressClassName: 'fairlead' }, {}, 'shard', undefined],
  [{ ingressClassName: 'shard' }, {}, 'shard', 'plain'],
  [{ ingressClassName: 'shard' }, {}, 'default', undefined],
  [{ ingressClassName: 'nginx' }, {}, 'default', 'nginx'],
  [{ ingressClassName: 'openshift-default' }, {}, 'default', undefined],
  [{ ingressClassName: 'traefik' }, {}, 'default', undefined],
  [{}, {}, 'default', undefined],
  [{}, { [OLD]: 'nginx' }, 'default', 'nginx'],
  [{ ingressClassName: 'fairlead' }, { [OLD]: 'nginx' }, 'default', 'nginx'],
  [{ ingressClassName: 'missing' }, {}, 'default', undefined],
])('class %o, annotations %o at router %s: %s', (spec, annotations, router, expected) => {
  expect(dialectOf(ingress(spec, { annotations }), classes, router)).toBe(expected)
})

test('a certificate that has expired is not shown, and that is told; on the day before it is', () => {
  const at = someCertificate.indexOf('-----BEGIN PRIVATE')
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const data = { 'tls.crt': base64(someCertificate.slice(0, at)), 'tls.key': base64(someCertificate.slice(at)) }
  const spec = {
    tls: [{ hosts: ['a.test'], secretName: 'cert' }],
    rules: [{ host: 'a.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend: to('a') }] } }],
  }
  const secret = { data, type: 'kubernetes.io/tls' } as never
  const read = (nowMs: number) => readIngress(ingress(spec), { secret: () => secret, now: () => nowMs })
  const untilMs = read(0).claims[0]!.certificate!.untilMs
  expect(read(untilMs - 86_400_000)).toMatchObject({ claims: [{ certificate: { untilMs } }], warnings: [] })
  expect(read(untilMs + 1000).claims[0]?.certificate).toBeUndefined()
  expect(read(untilMs + 1000).warnings).toEqual([
    expect.stringMatching(
      /^Secret shop\/cert is not served: certificate expired at \d{4}-.*; the default certificate is/,
    ),
  ])
})

test('who claims nothing is told why', () => {
  const why = (ingressClassName: string | undefined, classless: boolean) =>
    unclaimedBecause(ingress(ingressClassName ? { ingressClassName } : {}), classes, classless)
  expect(why(undefined, true)).toBeUndefined()
  expect(why(undefined, false)).toContain('no IngressClass is the default')
  expect(why('openshift-default', true)).toBeUndefined()
  expect(why('openshift-default', false)).toContain('is not ours')
  expect(why('missing', true)).toContain('there is no IngressClass "missing"')
})

test('the status has our addresses while it is served, and keeps those of others afterwards', () => {
  const ours = [{ ip: '192.0.2.1' }]
  const served = { ...ingress({}), status: { loadBalancer: { ingress: ours } } }
  expect(addressesOf(ingress({}), ours)).toEqual(ours)
  expect(addressesOf(served, ours)).toBeUndefined()
  expect(withoutAddresses(served, ours)).toEqual([])
  expect(
    withoutAddresses({ ...served, status: { loadBalancer: { ingress: [{ hostname: 'other' }] } } }, ours),
  ).toBeUndefined()
})

/** Objects of a tenant who means harm, for properties. */
import fc from 'fast-check'
import type { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import type { Ingress } from '../api/networking/ingress.ts'
import type { Route } from '../api/route/route.ts'
import { someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { PREFIX } from '../model/ingress/nginx.ts'
import { READERS } from '../model/ingress/nginx-readers.ts'
import { readObjects } from './testing.ts'

const [TEMPLATE] = readObjects(
  'kind: Route\nmetadata: { name: hostile, namespace: evil, creationTimestamp: "2026-02-01T00:00:00Z" }\nspec: { to: { name: web } }',
) as Route[]

/** What stands in the tenant's own namespace beside them. */
export const TENANT = readObjects(`
kind: Service
metadata: { name: web, namespace: evil }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
kind: EndpointSlice
metadata: { name: web-1, namespace: evil, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.128.0.7] }]
`)

/** Text that is syntax somewhere: on the socket, in the file, in a map, in a pattern, in a format. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        '\n',
        '\r',
        '\0',
        ' ',
        ';',
        '\\',
        "'",
        '"',
        '#',
        '%',
        '%[src]',
        '$HOME',
        '<<',
        '|',
        '!https',
        '/',
        '?',
        '..',
        'control.example.com',
        'none',
        'backend x',
        'show env',
        'é',
        '|shop/control|web',
        '*.',
        '-',
      ),
      { maxLength: 8 },
    )
    .map(parts => parts.join('')),
  fc.constantFrom('x'.repeat(20_000), '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----', someCertificate),
)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

const ANNOTATIONS = [
  ...['timeout', 'timeout-tunnel', 'balance', 'hsts_header', 'ip_allowlist', 'rewrite-target', 'set-forwarded-headers'],
  ...['rate-limit-connections', 'rate-limit-connections.rate-http', 'pod-concurrent-connections', 'disable_cookies'],
]
  .map(name => `haproxy.router.openshift.io/${name}`)
  .concat(['router.openshift.io/cookie_name', 'router.openshift.io/cookie-same-site'])

export const hostileRoute = fc
  .record({
    name: fc.oneof(fc.constant('hostile'), nasty),
    namespace: fc.oneof(fc.constant('evil'), nasty),
    host: fc.oneof(
      fc.constant('hostile.example.com'),
      nasty,
      nasty.map(text => `${text}.example.com`),
    ),
    path: maybe(
      fc.oneof(
        nasty,
        nasty.map(text => `/${text}`),
      ),
    ),
    subdomain: maybe(nasty),
    service: fc.oneof(fc.constant('web'), nasty),
    weight: fc.oneof(fc.integer(), fc.double()),
    port: maybe(fc.oneof(nasty, fc.integer(), fc.double())),
    annotation: fc.oneof(
      nasty,
      nasty.map(text => `/${text}`),
    ),
    header: nasty,
    policy: maybe(nasty),
    termination: maybe(fc.oneof(fc.constantFrom('edge', 'reencrypt', 'passthrough'), nasty)),
    external: maybe(nasty),
    certificate: maybe(nasty),
    key: maybe(nasty),
  })
  .map(
    (it): Route =>
      ({
        ...TEMPLATE,
        metadata: {
          ...TEMPLATE!.metadata,
          name: it.name,
          namespace: it.namespace,
          annotations: Object.fromEntries(ANNOTATIONS.map(name => [name, it.annotation])),
        },
        spec: {
          host: it.host,
          subdomain: it.subdomain,
          path: it.path,
          to: { kind: 'Service', name: it.service, weight: it.weight },
          alternateBackends: [{ kind: 'Service', name: `${it.service}x`, weight: it.weight }],
          port: it.port === undefined ? undefined : { targetPort: it.port },
          tls:
            it.termination === undefined
              ? undefined
              : {
                  termination: it.termination,
                  insecureEdgeTerminationPolicy: it.policy,
                  certificate: it.certificate,
                  key: it.key,
                  destinationCACertificate: it.certificate,
                  externalCertificate: it.external === undefined ? undefined : { name: it.external },
                },
          httpHeaders: {
            actions: {
              request: [{ name: 'X-A', action: { type: 'Set', set: { value: it.header } } }],
              response: [{ name: it.header, action: { type: 'Delete' } }],
            },
          },
        },
      }) as unknown as Route,
  )

const meta = (kind: string, name: string, annotations: Readonly<Record<string, string>> = {}) => ({
  ...TEMPLATE!.metadata,
  namespace: 'evil',
  name,
  uid: `uid-${kind}-${name}`,
  annotations,
})

/** Values that are right, so that what is behind the first check is reached; such with something after them; and anything. */
const plausible = (...values: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...values), nasty).map(parts => parts.join('')) },
    { weight: 1, arbitrary: nasty },
  )
/** One of them is right for most annotations. */
const WISHES = ['true', '/app', '/app/$1', 'https://a.test', '10.0.0.0/8', '5', '308', 'cookie', 'b.test', 'HTTPS']

export const hostileIngress = fc
  .record({
    annotations: fc.dictionary(fc.constantFrom(...Object.keys(READERS)), plausible(...WISHES), { maxKeys: 6 }),
    host: plausible('hostile.example.com', 'control.example.com', '*.example.com'),
    path: plausible('/', '/shop', '/a(b|c)'),
    pathType: fc.constantFrom('Exact', 'Prefix', 'ImplementationSpecific'),
    service: plausible('web'),
    port: fc.oneof(
      plausible('http').map(name => ({ name })),
      fc.constantFrom(80, -1, 1e9).map(number => ({ number })),
    ),
    secret: nasty,
  })
  .map(({ annotations, host, path, pathType, service, port, secret }): Ingress => {
    const prefixed = Object.fromEntries(Object.entries(annotations).map(([name, text]) => [`${PREFIX}${name}`, text]))
    const backend = { service: { name: service, port } }
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: meta('ingress', 'hostile', prefixed),
      spec: {
        ingressClassName: 'nginx',
        rules: [{ host, http: { paths: [{ path, pathType, backend }] } }],
        tls: [{ hosts: [host], secretName: secret }],
      },
    } as unknown as Ingress
  })

/** Of a Service that hostile Routes lead to. */
export const hostileSlice = fc
  .record({
    type: fc.constantFrom('IPv4', 'IPv6', 'FQDN'),
    addresses: fc.array(plausible('10.128.0.9', '127.0.0.1', '::1', '10.0.0.1; show env'), {
      minLength: 1,
      maxLength: 2,
    }),
    pod: nasty,
    portName: fc.option(nasty, { nil: undefined }),
    port: fc.oneof(fc.integer(), fc.constant(8080)),
    protocol: fc.option(nasty, { nil: undefined }),
  })
  .map(
    ({ type, addresses, pod, portName, port, protocol }): EndpointSlice =>
      ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...meta('slice', 'hostile'), labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: type,
        endpoints: addresses.map(address => ({
          addresses: [address],
          targetRef: { kind: 'Pod', name: pod, uid: pod },
        })),
        ports: [{ name: portName, port, appProtocol: protocol }],
      }) as unknown as EndpointSlice,
  )

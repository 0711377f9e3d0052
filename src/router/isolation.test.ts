import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Route } from '../api/route/route.ts'
import { someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { encode } from '../wire/haproxy/dialogue.ts'
import { changesBetween, type Step } from './render/changes.ts'
import { type ProgramText, renderProgram } from './render/program.ts'
import { createWorld, readObjects, type World } from './testing.ts'

const CONTROL = readObjects(`
kind: Service
metadata: { name: web }
---
kind: EndpointSlice
metadata: { name: web-1, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.128.0.5] }, { addresses: [10.128.0.6] }]
---
kind: Route
metadata: { name: passed }
spec: { host: passed.example.com, to: { name: web }, tls: { termination: passthrough } }
---
kind: Route
metadata: { name: control }
spec:
  host: control.example.com
  path: /shop
  to: { name: web }
  tls: { termination: edge, insecureEdgeTerminationPolicy: Allow }
`)
const [TEMPLATE] = readObjects(
  'kind: Route\nmetadata: { name: hostile, namespace: evil, creationTimestamp: "2026-02-01T00:00:00Z" }\nspec: { to: { name: web } }',
) as Route[]

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

const hostileRoute = fc
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

const control = (): World => {
  const world = createWorld()
  world.planner.setDefaultCertificate(someCertificate)
  for (const object of CONTROL) world.set(object)
  return world
}
const linesOf = ({ config, files }: ProgramText): readonly string[] => [
  ...config.split('\n'),
  ...[...files]
    .filter(([file]) => file.endsWith('.map'))
    .flatMap(([file, text]) => text.split('\n').map(line => `${file} ${line}`)),
]
const SERVER = String.raw`server s[0-9a-f]{6}\.[0-9a-f]{12} [0-9a-f.:[\]]+:\d+ weight 1 (ssl verify none |maxconn \d+ )*check inter 5000ms pool-max-conn -1 pool-purge-delay 5s`
const RULE = String.raw`http-(request|response) (set-header|add-header|del-header|replace-path) [\x20-\x7e\x80-\uffff]+`
const CLASS = String.raw`balance \w+|hash-type consistent|timeout tunnel \d+ms|use-server %\[var\(txn\.ckv\)\] if { var\(txn\.ckv\) -m found }`
/** What may come beside what is there: entries of maps, and backends with a few known lines. */
const ALLOWED = new RegExp(
  `^(((weights|options|allow|http|https|sni)\\.map ([\\x21-\\x7e]+ [\\x21-\\x7e]+)?)|cookies.map .*|backend [\\w-]+ from [\\w-]+| {2}(${SERVER}|${RULE}|${CLASS})|)$`,
)

test('no string of a Route changes a byte of what another Route has, or forms syntax', () => {
  const alone = linesOf(renderProgram(control().planner.plan().layout))
  expect(alone.filter(line => line.includes('control.example.com'))).toHaveLength(2)
  fc.assert(
    fc.property(fc.array(hostileRoute, { minLength: 1, maxLength: 3 }), routes => {
      const world = control()
      const before = world.planner.plan().layout
      for (const route of routes) world.set(route)
      const { layout, ...differences } = world.planner.plan()
      const lines = linesOf(renderProgram(layout))
      const added = counted(lines)
      for (const [line, count] of counted(alone)) {
        const left = (added.get(line) ?? 0) - count
        if (left < 0) throw new Error(`lost: ${line}`)
        added.set(line, left)
      }
      for (const [line, count] of added) if (count > 0) expect(line).toMatch(ALLOWED)
      const change = changesBetween(before, layout, differences)
      if (change.is === 'steps') for (const step of change.steps) checkStep(step)
    }),
    { numRuns: 300 },
  )
}, 60_000)

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

/** Every command is one that is meant, and its payload has as many lines as it has entries. */
function checkStep(step: Step): void {
  if (step.do !== 'run') return
  for (const command of step.commands) {
    expect(command.line).toMatch(
      /^((add|set|del) map|(enable|disable) health|(new|set|commit|del) ssl (cert|ca-file)|(add|del) ssl crt-list) [\x21-\x7e ]+$/,
    )
    expect(command.line).not.toMatch(/[;\\]/)
    const text = encode(command)
    expect(text.split('\n').length).toBe(1 + (command.payload ? command.payload.length + 2 : 1))
  }
}

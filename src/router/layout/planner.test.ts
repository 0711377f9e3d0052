import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { otherCertificate, someCertificate } from '../../host/haproxy/testdata/certificates.ts'
import type { RouterSettings } from '../../model/routes/settings.ts'
import type { ApiObject } from '../../schema/kind.ts'
import { certificate, extensions } from '../../wire/x509/certificate.ts'
import { changesBetween } from '../render/changes.ts'
import { createWorld, readObjects, type World } from '../testing.ts'
import { splitPem } from '../testing-live.ts'
import { createLedger } from './ledger.ts'
import type { Layout } from './types.ts'

/** What a layout means, without the numbers of backends, which are history. */
function meaning(layout: Layout): Record<string, unknown> {
  const named = (value: string): string =>
    value.replace(/(random|roundrobin|leastconn|source)-\d+/, backend => {
      const servers = [...(layout.backends.get(backend)?.servers.values() ?? [])]
      return `[${servers.map(({ address, port, checked }) => `${address}:${port}:${checked}`).join(' ')}]`
    })
  const parts = [...layout.parts.values()].sort((a, b) => (a.host < b.host ? -1 : 1))
  return Object.fromEntries(
    parts.map(part => [
      part.host,
      [
        part.certificate,
        ...Object.entries(part.maps)
          .filter(([map]) => map.startsWith('http'))
          .map(([map, entries]) => [
            map,
            [...entries].map(([key, value]) => [key, named(value.replace(/w:[0-9a-f]+/, 'w'))]),
          ]),
      ],
    ]),
  )
}

const service = (name: string): ApiObject => readObjects(`kind: Service\nmetadata: { name: ${name} }`)[0]!
const slice = (name: string, addresses: readonly string[]): ApiObject =>
  readObjects(
    `kind: EndpointSlice\nmetadata: { name: ${name}-1, labels: { kubernetes.io/service-name: ${name} } }\naddressType: IPv4\nports: [{ name: http, port: 8080 }]\nendpoints: [${addresses.map(address => `{ addresses: [${address}] }`).join(', ')}]`,
  )[0]!
const route = (name: string, age: number, host: string, spec: string): ApiObject =>
  readObjects(
    `kind: Route\nmetadata: { name: ${name}, creationTimestamp: "2026-01-01T00:00:0${age}Z" }\nspec: { host: ${host}.test, ${spec} }`,
  )[0]!

const secure = (pem: string): string => `tls: ${JSON.stringify({ termination: 'edge', ...splitPem(pem) })}`
const SPECS = [
  'to: { name: a }',
  'path: /p, to: { name: b }',
  'to: { name: a, weight: 3 }, alternateBackends: [{ name: b, weight: 1 }]',
  'path: /p/q, to: { name: a }, tls: { termination: edge, insecureEdgeTerminationPolicy: Redirect }',
  'to: { name: b }, tls: { termination: edge }',
  'path: "/bad path", to: { name: b }',
  'wildcardPolicy: Subdomain, to: { name: b }',
  `wildcardPolicy: Subdomain, to: { name: b }, ${secure(someCertificate)}`,
  `to: { name: a }, ${secure(someCertificate)}`,
  `to: { name: b }, ${secure(otherCertificate)}`,
  'to: { name: a }, tls: { termination: passthrough }',
  `to: { name: b }, tls: ${JSON.stringify({ termination: 'reencrypt', destinationCACertificate: splitPem(someCertificate).certificate.repeat(40) })}`,
  'to: { name: a }, httpHeaders: { actions: { response: [{ name: X-A, action: { type: Delete } }] } }',
]
/** Of two namespaces. */
const theirs = (one: ApiObject): ApiObject => ({ ...one, metadata: { ...one.metadata, namespace: 'bank' } })
const object = fc.oneof(
  fc
    .tuple(fc.constantFrom('a', 'b'), fc.subarray(['10.0.0.1', '10.0.0.2', '10.0.0.3']))
    .map(([name, addresses]) => slice(name, addresses)),
  fc.constantFrom('a', 'b').map(service),
  fc
    .tuple(
      fc.constantFrom('r1', 'r2', 'r3', 'bank1', 'bank2'),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('x', 'y'),
      fc.constantFrom(...SPECS),
    )
    .map(([name, age, host, spec]) => {
      const one = route(name, age, host, spec)
      return name.startsWith('bank') ? theirs(one) : one
    }),
)
const event = fc.record({ object, isRemoval: fc.boolean(), isPlanned: fc.boolean(), mayReload: fc.boolean() })
type Happening = typeof event extends fc.Arbitrary<infer E> ? E : never
const idOf = ({ kind, metadata }: ApiObject): string => `${kind} ${metadata.name}`

function play(world: World, events: readonly Happening[]): ApiObject[] {
  const left = new Map<string, ApiObject>()
  let { layout: before } = world.planner.plan()
  for (const { object: one, isRemoval, isPlanned, mayReload } of events) {
    if (isRemoval) {
      const known = left.get(idOf(one))
      left.delete(idOf(one))
      if (known) world.remove(known)
    } else {
      left.set(idOf(one), one)
      world.set(one)
    }
    if (!isPlanned) continue
    const plan = world.planner.plan(mayReload)
    if (mayReload) expect(plan.waits).toBe(false)
    else expect(changesBetween(before, plan.layout, plan).is).toBe('steps')
    before = plan.layout
  }
  return [...left.values()]
}

describe('the planner', () => {
  it('whatever happened before, means what the objects say', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 25 }).chain(events => fc.tuple(fc.constant(events), fc.integer())),
        ([events, seed]) => {
          const world = createWorld({ wildcards: true, http2: true })
          const left = play(world, events)
          const fresh = createWorld({ wildcards: true, http2: true })
          const order = [...left].sort(
            (a, b) => ((idOf(a).length * 31 + seed) % 7) - ((idOf(b).length * 31 + seed) % 7),
          )
          for (const one of order) fresh.set(one)
          expect(meaning(world.planner.plan().layout)).toEqual(meaning(fresh.planner.plan().layout))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('who stands behind a Service concerns its backend alone, whether there is anybody its hosts too', () => {
    const world = createWorld()
    for (const one of [service('a'), service('b'), slice('a', ['10.0.0.1']), slice('b', ['10.0.0.2'])]) world.set(one)
    world.set(route('r1', 0, 'x', SPECS[0]!))
    world.set(route('r2', 0, 'y', SPECS[2]!))
    const before = world.planner.plan().layout
    const change = (name: string, addresses: readonly string[]) => {
      world.set(slice(name, addresses))
      const { layout, hosts, backends } = world.planner.plan()
      return { layout, changed: [[...hosts].sort(), backends.size] }
    }
    change('b', ['10.0.0.3'])
    const { layout, changed } = change('b', ['10.0.0.4'])
    expect(changed).toEqual([[], 1])
    for (const host of ['x.test', 'y.test']) expect(layout.parts.get(host)?.maps).toEqual(before.parts.get(host)?.maps)
    expect(layout.parts.get('x.test')).toBe(before.parts.get('x.test'))
    expect(change('b', []).changed).toEqual([['y.test'], 1])
    expect(change('b', ['10.0.0.3']).changed).toEqual([['y.test'], 1])
  })

  it('Routes that want the same of a Service share a backend; others do not', () => {
    const annotated = (name: string, annotation: string): ApiObject => {
      const one = route(name, 0, name, 'to: { name: a }')
      return { ...one, metadata: { ...one.metadata, annotations: { [annotation]: '7' } } }
    }
    const world = createWorld()
    world.set(service('a'))
    world.set(slice('a', ['10.0.0.1', '10.0.0.2']))
    const count = (): number => world.planner.plan().layout.backends.size
    for (let index = 0; index < 20; index++) world.set(route(`r${index}`, 0, `h${index}`, 'to: { name: a }'))
    expect(count()).toBe(1)
    world.set(route('tls', 0, 'tls', 'to: { name: a }, tls: { termination: edge }'))
    expect(count()).toBe(1)
    world.set(route('port', 0, 'port', 'to: { name: a }, port: { targetPort: http }'))
    expect(count()).toBe(2)
    world.set(annotated('limit1', 'haproxy.router.openshift.io/pod-concurrent-connections'))
    world.set(annotated('limit2', 'haproxy.router.openshift.io/pod-concurrent-connections'))
    expect(count()).toBe(4)
    expect([...world.planner.usersOf('random-0')]).toHaveLength(21)
    for (const name of ['port', 'limit1', 'limit2', 'tls', ...Array.from({ length: 19 }, (_, index) => `r${index}`)])
      world.remove(route(name, 0, name, 'to: { name: a }'))
    expect(count()).toBe(1)
    world.remove(route('r19', 0, 'h19', 'to: { name: a }'))
    expect(count()).toBe(0)
  })
})

const random = { mode: 'http', balance: 'random' } as const
const leastconn = { mode: 'http', balance: 'leastconn' } as const

describe('the ledger', () => {
  it('keeps what is taken, and takes what was given back last of all', () => {
    const ledger = createLedger()
    expect([ledger.take('a', random), ledger.take('b', random), ledger.take('a', random)]).toEqual([
      'random-0',
      'random-1',
      'random-0',
    ])
    ledger.release('a', 'random')
    expect(ledger.take('c', random)).toBe('random-2')
    for (let index = 3; index < 128; index++) ledger.take(`x${index}`, random)
    expect(ledger.take('d', random)).toBe('random-0')
  })
  it('grows before the spare ones end, seldom, and never for what was only given back', () => {
    const ledger = createLedger()
    let grown = 0
    let size = ledger.grow().random!.size
    for (let index = 0; index < 10_000; index++) {
      const name = ledger.take(`x${index}`, random)
      expect(Number(name.slice('random-'.length))).toBeLessThan(size)
      const next = ledger.grow().random!.size
      if (next !== size) grown++
      size = next
    }
    expect(grown).toBeLessThan(45)
    for (let index = 0; index < 10_000; index++) ledger.release(`x${index}`, 'random')
    expect(ledger.grow().random!.size).toBe(size)
  })
  it('a class without spare ones begins with a reload', () => {
    const ledger = createLedger()
    expect(ledger.grow().leastconn).toBeUndefined()
    expect(ledger.take('a', leastconn)).toBe('leastconn-0')
    expect(ledger.grow().leastconn!.size).toBeGreaterThan(16)
  })
})

it('Routes that do not say how they are balanced have what the IngressController says', () => {
  const mapOf = (settings: RouterSettings, map: 'http.map' | 'sni.map') => {
    const world = createWorld({ settings })
    const passed = 'to: { name: a }, tls: { termination: passthrough }'
    const spread = 'path: /b, to: { name: a }, alternateBackends: [{ name: b, weight: 1 }]'
    const said = route('r4', 0, 'z', 'to: { name: a }')
    const annotations = { 'haproxy.router.openshift.io/balance': 'source' }
    for (const one of [
      ...[service('a'), service('b'), slice('a', ['10.0.0.1']), slice('b', ['10.0.0.2'])],
      ...[route('r1', 0, 'x', 'to: { name: a }'), route('r2', 0, 'y', passed), route('r3', 0, 'x', spread)],
      { ...said, metadata: { ...said.metadata, annotations } },
    ])
      world.set(one)
    const parts = [...world.planner.plan().layout.parts.values()]
    return parts.flatMap(part => [...part.maps[map].values()]).map(record => record.replace(/-\d+\|.*/, ''))
  }
  const weighted = expect.stringMatching(/^w:/)
  expect(mapOf({ balance: 'leastconn' }, 'http.map').sort()).toEqual(['leastconn', 'source', weighted])
  expect(mapOf({}, 'http.map').sort()).toEqual(['random', 'source', weighted])
  expect(mapOf({ balance: 'leastconn' }, 'sni.map')).toEqual(['tcp-source'])
})

describe('while a reload may not be', () => {
  const REWRITE = { 'haproxy.router.openshift.io/rewrite-target': '/' }
  const rare = (name: string, host: string): ApiObject => {
    const one = route(name, 0, host, 'path: /p, to: { name: a }')
    return { ...one, metadata: { ...one.metadata, annotations: REWRITE } }
  }
  const hosts = (layout: Layout): readonly string[] => [...layout.parts.keys()].sort()

  it('a host that needs one stays as it is, and is told of when it is served; all others go on', () => {
    const world = createWorld()
    for (const one of [service('a'), slice('a', ['10.0.0.1']), route('r1', 0, 'x', 'to: { name: a }')]) world.set(one)
    const first = world.planner.plan()
    world.set(rare('r1', 'x'))
    world.set(rare('r2', 'y'))
    world.set(route('r3', 0, 'z', 'to: { name: a }'))
    world.set(slice('a', ['10.0.0.2']))
    const held = world.planner.plan(false)
    expect([held.waits, hosts(held.layout)]).toEqual([true, ['x.test', 'z.test']])
    expect(held.layout.parts.get('x.test')).toBe(first.layout.parts.get('x.test'))
    expect([...held.verdicts.keys()]).toEqual(['shop/r3'])
    expect(changesBetween(first.layout, held.layout, held).is).toBe('steps')
    // What it is served by follows its Service.
    expect(JSON.stringify(meaning(held.layout)['x.test'])).toContain('10.0.0.2')
    world.remove(rare('r2', 'y'))
    const again = world.planner.plan(false)
    expect([again.waits, [...again.verdicts.keys()]]).toEqual([true, []])
    const last = world.planner.plan()
    expect([last.waits, hosts(last.layout), [...last.verdicts.keys()]]).toEqual([
      false,
      ['x.test', 'z.test'],
      ['shop/r1'],
    ])
    expect(changesBetween(again.layout, last.layout, last)).toMatchObject({ is: 'reload' })
    expect(world.planner.plan().waits).toBe(false)
  })
  it('so do pages, authorities and whether TLS is served; the text of a certificate does not', () => {
    const world = createWorld()
    const { planner } = world
    planner.setDefaultCertificate(someCertificate)
    const first = planner.plan()
    planner.setFiles({ page503: 'HTTP/1.1 503 no\r\n\r\n' })
    planner.setDefaultCertificate(otherCertificate)
    const held = planner.plan(false)
    expect([held.waits, held.layout.files, held.layout.defaultCertificate]).toEqual([true, {}, otherCertificate])
    expect(changesBetween(first.layout, held.layout, held).is).toBe('steps')
    planner.setDefaultCertificate(undefined)
    expect(planner.plan(false).layout.defaultCertificate).toBe(otherCertificate)
    const { waits, layout } = planner.plan()
    expect([waits, layout.defaultCertificate, layout.files]).toEqual([
      false,
      undefined,
      { page503: 'HTTP/1.1 503 no\r\n\r\n' },
    ])
    planner.setDefaultCertificate(someCertificate)
    planner.plan()
    planner.setDefaultCertificate(otherCertificate)
    expect(planner.plan(false).waits).toBe(false)
    planner.setServiceCa(splitPem(someCertificate).certificate)
    planner.plan()
    planner.setDefaultCertificate(someCertificate)
    expect(planner.plan(false).waits).toBe(false)
  })
  /** Longer than the socket takes. */
  const long = (pem: string): string => pem.repeat(Math.ceil(12_000 / pem.length) + 1)
  const { certificate: authority } = splitPem(someCertificate)
  it.each([
    [
      'authorities of pods',
      [],
      route(
        'r1',
        0,
        'x',
        `to: { name: a }, tls: ${JSON.stringify({ termination: 'reencrypt', destinationCACertificate: long(authority) })}`,
      ),
    ],
    ['a certificate', [], route('r1', 0, 'x', `to: { name: a }, ${secure(ofEd25519(1000))}`)],
    [
      'the names that the certificate of a wildcard is not for',
      Array.from({ length: 400 }, (_, index) =>
        route(`h${index}`, 0, `${'h'.repeat(40)}${index}.x`, `to: { name: a }, ${secure(someCertificate)}`),
      ),
      route('r1', 0, 'any.x', `wildcardPolicy: Subdomain, to: { name: a }, ${secure(ofEd25519())}`),
    ],
  ])('%s may be too long for the socket, and wait; they do not hold up what comes after', (_, others, last) => {
    const world = createWorld({ wildcards: true })
    world.planner.setDefaultCertificate(long(authority) + splitPem(someCertificate).key)
    for (const one of [service('a'), slice('a', ['10.0.0.1']), ...others]) world.set(one)
    const first = world.planner.plan()
    world.set(last)
    const held = world.planner.plan(false)
    expect([held.waits, hosts(held.layout)]).toEqual([true, hosts(first.layout)])
    expect(changesBetween(first.layout, held.layout, held).is).toBe('steps')
    const second = world.planner.plan()
    const host = hosts(second.layout).find(one => !first.layout.parts.has(one))!
    expect([second.waits, second.layout.parts.size]).toEqual([false, first.layout.parts.size + 1])
    expect(changesBetween(held.layout, second.layout, second).is).toBe('reload')
    world.set({
      ...last,
      metadata: { ...last.metadata, annotations: { 'haproxy.router.openshift.io/hsts_header': 'max-age=1' } },
    })
    world.set(route('r2', 0, 'y', `to: { name: a }, ${secure(otherCertificate)}`))
    const third = world.planner.plan(false)
    expect([third.waits, third.layout.parts.has('y.test')]).toEqual([false, true])
    expect(third.layout.parts.get(host)).not.toBe(second.layout.parts.get(host))
    expect(changesBetween(second.layout, third.layout, third).is).toBe('steps')
  })
})

/** A certificate of so many names. */
function ofEd25519(names = 1): string {
  const [issuer, own] = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('ed25519')]
  const body = {
    serial: Buffer.of(1),
    issuer: { commonName: 'an authority' },
    subject: { commonName: 'any' },
    notBeforeMs: 0,
    notAfterMs: Date.UTC(2051, 0, 1),
    publicKey: own.publicKey.export({ type: 'spki', format: 'der' }),
    extensions: [extensions.subjectAltName(Array.from({ length: names }, (_, index) => `${index}.test`))],
  }
  const key = own.privateKey.export({ type: 'pkcs8', format: 'pem' })
  return certificate(body, bytes => sign('sha256', bytes, issuer.privateKey)) + key
}

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Namespace } from '../api/core/namespace.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import type { Informer, Informers } from '../client/mod.ts'
import { settled, testBench } from '../client/testing.ts'
import { fakeNetns } from '../host/netns/fake.ts'
import { fakeSockets } from '../host/socket/fake.ts'
import type { DatagramService } from '../host/socket/mod.ts'
import { DATAGRAM_BYTES } from '../host/socket/mod.ts'
import type { ApiObject, Kind } from '../schema/kind.ts'
import { decode } from '../wire/dns/decode.ts'
import { encode } from '../wire/dns/encode.ts'
import { CLASS, RCODE, TYPE } from '../wire/dns/message.ts'
import { createDnsServer } from './server.ts'
import { replyTo } from './zone/respond.ts'

const NAMES = ['a', 'b', 'c'] as const
const name = fc.constantFrom(...NAMES)
const endpoint = fc.record({ last: fc.integer({ min: 1, max: 6 }), ready: fc.constantFrom(true, false, undefined) })
const change = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('slice' as const),
      name,
      part: fc.nat(1),
      endpoints: fc.array(endpoint, { maxLength: 5 }),
    }),
  },
  fc.record({ do: fc.constant('no slice' as const), name, part: fc.nat(1) }),
  fc.record({
    do: fc.constant('service' as const),
    name,
    last: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 1 }),
  }),
  fc.record({ do: fc.constant('no service' as const), name }),
  // Some time passes, so that the caches are anywhere between the changes.
  { weight: 6, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
)
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never

async function world() {
  const bench = testBench()
  const services: DatagramService[] = []
  const sockets = {
    ...fakeSockets(),
    serveUdp: async (_: unknown, service: DatagramService) => {
      services.push(service)
      return { close: () => {} }
    },
  }
  bench.api.put(Namespace, { metadata: { name: 'shop' }, spec: {} })
  for (const service of NAMES)
    bench.api.put(Service, {
      metadata: { namespace: 'shop', name: service },
      spec: { type: 'ClusterIP', clusterIP: 'None' },
    })
  /** The very caches that the server looks into. */
  const caches = new Map<unknown, Informer<never>>()
  const of: Informers['of'] = (kind, options) => {
    const informer = bench.informers.of(kind, options)
    caches.set(kind, informer as never)
    return informer
  }
  const cacheOf = <T extends ApiObject>(kind: Kind<T>): Informer<T> => caches.get(kind) as unknown as Informer<T>
  const server = createDnsServer(
    { ...bench, informers: { ...bench.informers, of }, sockets },
    { domain: 'cluster.local', networks: [], ttl: 5 },
  )
  await bench.informers.sync(bench.signal)
  const { home } = fakeNetns()
  await server.attach(
    { netns: home, port: 53, hostname: 'x', upstreams: [], logClass: 'none', out: () => {} },
    bench.signal,
  )
  const reply = Buffer.alloc(DATAGRAM_BYTES)
  const never = (): never => {
    throw new Error('the answer is not at once')
  }
  let id = 0
  /** At once: nothing can change between the question and its answer. */
  const ask = (service: string): readonly string[] | 'nxdomain' => {
    const question = { name: `${service}.shop.svc.cluster.local.`, type: TYPE.A, class: CLASS.IN }
    const query = {
      ...replyTo(decode(Buffer.alloc(12)), 0),
      isResponse: false,
      id: ++id & 0xffff,
      questions: [question],
    }
    const packet = Buffer.from(encode(query))
    const address = { address: '10.0.0.1', port: 1, send: never } as never
    const length = services[0]!.answer(packet, packet.length, reply, () => address)
    const { rcode, answers, id: said } = decode(reply.subarray(0, length))
    expect(said).toBe(query.id)
    if (rcode === RCODE.NXDOMAIN) return 'nxdomain'
    return answers.map(({ data }) => ('address' in data ? data.address : '')).toSorted()
  }
  return { bench, ask, cacheOf }
}
type World = Awaited<ReturnType<typeof world>>

async function apply({ bench: { api } }: World, one: Change): Promise<void> {
  if (one.do === 'turn') return new Promise(resolve => setImmediate(resolve))
  const metadata = { namespace: 'shop', name: one.name }
  if (one.do === 'service') {
    const clusterIP = one.last === null ? 'None' : `172.30.0.${one.last}`
    api.put(Service, { metadata, spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP] } })
  } else if (one.do === 'no service') {
    if (api.get(Service, metadata)) api.drop(Service, metadata)
  } else {
    const slice = { namespace: 'shop', name: `${one.name}-${one.part}` }
    if (one.do === 'no slice') {
      if (api.get(EndpointSlice, slice)) api.drop(EndpointSlice, slice)
    } else
      api.put(EndpointSlice, {
        metadata: { ...slice, labels: { 'kubernetes.io/service-name': one.name } },
        addressType: 'IPv4',
        endpoints: one.endpoints.map(({ last, ready }) => ({
          addresses: [`10.128.0.${last}`],
          conditions: ready === undefined ? {} : { ready },
        })),
      })
  }
}

/** From the words of the specification: what a Service's name is, by what the caches hold in this moment. */
function expected({ cacheOf }: World, service: string): readonly string[] | 'nxdomain' {
  const found = cacheOf(Service).get({ namespace: 'shop', name: service })
  if (!found) return 'nxdomain'
  if (found.spec.clusterIP !== 'None') return [found.spec.clusterIP!]
  const ready = new Set<string>()
  for (const { metadata, endpoints } of cacheOf(EndpointSlice).list())
    if (metadata.labels?.['kubernetes.io/service-name'] === service)
      for (const { addresses, conditions } of endpoints) if (conditions?.ready !== false) ready.add(addresses[0]!)
  return ready.size === 0 ? 'nxdomain' : [...ready].toSorted()
}

test('whatever changes, an answer is the ready endpoints of the moment in which it is given', async () => {
  let answers = 0
  const property = fc.asyncProperty(fc.array(change, { minLength: 5, maxLength: 80 }), async changes => {
    const at = await world()
    for (const one of changes) {
      await apply(at, one)
      for (const service of NAMES) {
        // Twice: the second answer may be a memorised one.
        for (let i = 0; i < 2; i++) expect(at.ask(service)).toEqual(expected(at, service))
        answers++
      }
    }
    await settled(at.bench)
    for (const service of NAMES) expect(at.ask(service)).toEqual(expected(at, service))
    at.bench.close()
  })
  await fc.assert(property, { numRuns: 25 })
  expect(answers).toBeGreaterThan(500)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Namespace } from '../api/core/namespace.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { settled, testBench } from '../client/testing.ts'
import type { ZoneOptions } from '../model/names/types.ts'
import { decode } from '../wire/dns/decode.ts'
import { encode } from '../wire/dns/encode.ts'
import type { Message } from '../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../wire/dns/message.ts'
import type { HandlerDeps } from './handle.ts'
import { handle } from './handle.ts'
import { isLogged, logLine } from './querylog.ts'
import { createSource } from './source.ts'
import { replyTo } from './zone/respond.ts'

const ZONE: ZoneOptions = { domain: 'cluster.local', networks: [], ttl: 5 }
const NONE = { ask: async () => undefined }
const EMPTY: HandlerDeps = {
  source: {
    isSynced: true,
    hasNamespace: () => true,
    service: () => undefined,
    slices: () => [],
    servicesAt: () => [],
    slicesAt: () => [],
  },
  zone: ZONE,
  serial: () => 1,
  forwarder: NONE,
  hostname: 'dns-x',
  failed: error => {
    throw error
  },
}
const QUERY: Message = {
  ...replyTo(decode(Buffer.alloc(12)), 0),
  isResponse: false,
  id: 7,
  questions: [{ name: 'a.b.svc.cluster.local.', type: TYPE.A, class: CLASS.IN }],
}
const ask = async (change: Partial<Message>, deps: HandlerDeps = EMPTY): Promise<Message | undefined> => {
  const handled = await handle(deps, encode({ ...QUERY, ...change }), 'udp')
  return handled && decode(handled.bytes)
}
const edns = (version: number) => ({ udpSize: 4096, version, isDnssecOk: false, options: [] })

describe('what is refused', () => {
  test.each<[string, Partial<Message>, number]>([
    ['another opcode', { opcode: 4 }, RCODE.NOTIMP],
    ['no question', { questions: [] }, RCODE.FORMERR],
    ['two questions', { questions: [...QUERY.questions, ...QUERY.questions] }, RCODE.FORMERR],
    ['a later EDNS', { edns: edns(1) }, RCODE.BADVERS],
    ['zone transfer', { questions: [{ ...QUERY.questions[0]!, type: TYPE.AXFR }] }, RCODE.REFUSED],
    ['an unknown class', { questions: [{ ...QUERY.questions[0]!, class: 4 }] }, RCODE.REFUSED],
    ['chaos beyond the known names', { questions: [{ ...QUERY.questions[0]!, class: CLASS.CH }] }, RCODE.REFUSED],
    ['nothing of these', {}, RCODE.NXDOMAIN],
  ])('%s', async (_, change, rcode) => {
    expect(await ask(change)).toMatchObject({ id: 7, isResponse: true, rcode })
  })

  test('replies are never replied to', async () => {
    expect(await ask({ isResponse: true })).toBeUndefined()
  })

  test('when no upstream answers the client is told so', async () => {
    const questions = [{ name: 'www.example.test.', type: TYPE.A, class: CLASS.IN }]
    expect(await ask({ questions })).toMatchObject({ rcode: RCODE.SERVFAIL, isRecursionAvailable: true })
  })
})

test('any packet gets a reply that can be read, or none', async () => {
  const valid = encode({ ...QUERY, edns: edns(0) })
  const packet = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 5 }).map(changes => {
      const bytes = Buffer.from(valid)
      for (const [at, value] of changes) bytes[at] = value
      return bytes
    }),
  )
  await fc.assert(
    fc.asyncProperty(packet, fc.constantFrom('udp' as const, 'tcp' as const), async (bytes, transport) => {
      const handled = await handle(EMPTY, bytes, transport)
      if (!handled) return
      expect(decode(handled.bytes).isResponse).toBe(true)
      expect(handled.bytes.readUInt16BE(0)).toBe(Buffer.from(bytes).readUInt16BE(0))
      expect(logLine(handled, '10.0.0.1:1', transport, bytes.length, 1)).not.toMatch(/[\n\r\0]/)
    }),
    { numRuns: 500 },
  )
})

test('whatever tenants write, the zone answers, and others as before', async () => {
  const text = fc.string({ maxLength: 80 })
  const field = fc.record({ name: text, hostname: text, externalName: text, address: text, port: text })
  await fc.assert(
    fc.asyncProperty(field, async wild => {
      const bench = testBench()
      bench.api.put(Namespace, { metadata: { name: 'shop' }, spec: {} })
      const spec = { type: 'ClusterIP' as const, clusterIP: '172.30.1.1' }
      bench.api.put(Service, { metadata: { namespace: 'shop', name: 'good' }, spec })
      bench.api.put(Service, {
        metadata: { namespace: 'shop', name: 'alias' },
        spec: { type: 'ExternalName', externalName: wild.externalName },
      })
      bench.api.put(Service, {
        metadata: { namespace: 'shop', name: 'wild' },
        spec: { clusterIP: 'None', ports: [{ name: wild.port, port: 80 }] },
      })
      bench.api.put(EndpointSlice, {
        metadata: { namespace: 'shop', name: 'wild-1', labels: { 'kubernetes.io/service-name': 'wild' } },
        addressType: 'IPv4',
        ports: [{ name: wild.port, port: 80 }],
        endpoints: [
          { addresses: [wild.address], hostname: wild.hostname },
          { addresses: ['10.128.0.5'], hostname: wild.hostname },
        ],
      })
      const source = createSource(bench.informers)
      await bench.informers.sync(bench.signal)
      await settled(bench)
      const deps = { ...EMPTY, source }
      const types = [TYPE.A, TYPE.SRV, TYPE.CNAME]
      for (const name of ['wild', 'alias'])
        for (const type of types)
          await ask({ questions: [{ name: `${name}.shop.svc.cluster.local.`, type, class: CLASS.IN }] }, deps)
      const good = [{ name: 'good.shop.svc.cluster.local.', type: TYPE.A, class: CLASS.IN }]
      expect((await ask({ questions: good }, deps))?.answers).toHaveLength(1)
      bench.close()
    }),
    { numRuns: 40 },
  )
})

test('an object that nobody expected costs its own client an answer, and nobody else', async () => {
  const errors: unknown[] = []
  const service = (_: string, name: string): never =>
    ({ metadata: { name }, spec: name === 'bad' ? undefined : {} }) as never
  const deps = { ...EMPTY, source: { ...EMPTY.source, service }, failed: (error: unknown) => void errors.push(error) }
  const rcode = async (name: string) =>
    (await ask({ questions: [{ name: `${name}.b.svc.cluster.local.`, type: TYPE.A, class: CLASS.IN }] }, deps))?.rcode
  expect([await rcode('bad'), await rcode('good')]).toEqual([RCODE.SERVFAIL, RCODE.NXDOMAIN])
  expect(errors).toHaveLength(1)
})

test('which replies are logged', () => {
  const of = (rcode: number, answers: number): Message => ({
    ...replyTo(QUERY, rcode),
    answers: Array.from({ length: answers }, () => ({
      name: 'a.',
      class: 1,
      ttl: 1,
      data: { type: 'TXT', texts: [] },
    })),
  })
  const logged = (reply: Message): readonly string[] =>
    (['none', 'error', 'denial', 'all'] as const).filter(logClass => isLogged(logClass, reply))
  expect(logged(of(RCODE.NOERROR, 1))).toEqual(['all'])
  expect(logged(of(RCODE.NOERROR, 0))).toEqual(['denial', 'all'])
  expect(logged(of(RCODE.NXDOMAIN, 0))).toEqual(['denial', 'all'])
  expect(logged(of(RCODE.SERVFAIL, 0))).toEqual(['error', 'denial', 'all'])
})

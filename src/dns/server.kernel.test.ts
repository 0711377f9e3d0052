import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Namespace } from '../api/core/namespace.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import type { TestBench } from '../client/testing.ts'
import { eventually, settled, testBench } from '../client/testing.ts'
import type { Netns } from '../host/netns/mod.ts'
import { kernelNetns } from '../host/netns/real.ts'
import { kernelSockets } from '../host/socket/real.ts'
import { cidr } from '../lib/cidr.ts'
import { ip } from '../lib/ip.ts'
import type { ZoneOptions } from '../model/names/types.ts'
import { decode } from '../wire/dns/decode.ts'
import { encode } from '../wire/dns/encode.ts'
import type { ResourceRecord } from '../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../wire/dns/message.ts'
import { framed } from './forward/upstream.ts'
import { listenTcp } from './listen/tcp.ts'
import { listenUdp, madeAnew } from './listen/udp.ts'
import type { Attachment } from './server.ts'
import { createDnsServer } from './server.ts'
import { replyTo, udpLimit } from './zone/respond.ts'

const ZONE: ZoneOptions = {
  domain: 'cluster.local',
  networks: [cidr('10.128.0.0/14'), cidr('172.30.0.0/16')],
  server: { namespace: 'openshift-dns', name: 'dns-default' },
  ttl: 5,
}
const netns = kernelNetns()
const sockets = kernelSockets(netns)
const stop = new AbortController()
const lines: string[] = []
const asked: string[] = []
let bench: TestBench

/** Runs dig and answers what it printed; +short unless told. */
async function dig(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('dig', ['@127.0.0.1', '-p', '5353', '+tries=1', '+time=30', ...args])
  return stdout.trim()
}
const short = (...args: string[]): Promise<string> => dig('+short', ...args)
const status = async (...args: string[]): Promise<string> => {
  const text = await dig(...args)
  return `${/status: (\w+)/.exec(text)?.[1]} ${/flags: ([a-z ]+);/.exec(text)?.[1]} ${/ANSWER: (\d+)/.exec(text)?.[1]}`
}

const attachment = (at: Netns, hostname: string, port = 5353): Attachment => ({
  netns: at,
  port,
  hostname,
  upstreams: [{ address: ip('127.0.0.1'), port: 5300 }],
  logClass: 'all',
  out: line => void lines.push(line),
  ...(port === 5353 ? { healthPort: 8080, readyPort: 8181, metricsPort: 9153 } : {}),
})

/** An upstream that knows *.example.test, and needs TCP for big.example.test. */
async function startUpstream(): Promise<void> {
  const answer = (transport: 'udp' | 'tcp') => (packet: Buffer) => {
    const query = decode(packet)
    const { name } = query.questions[0]!
    asked.push(`${transport} ${name}`)
    const count = name.startsWith('big.') ? 200 : name.endsWith('.example.test.') ? 1 : 0
    const answers = Array.from(
      { length: count },
      (_, i): ResourceRecord => ({ name, class: CLASS.IN, ttl: 60, data: { type: 'A', address: ip(`192.0.2.${i}`) } }),
    )
    const reply = { ...replyTo(query, count === 0 ? RCODE.NXDOMAIN : RCODE.NOERROR), answers }
    return encode(reply, transport === 'udp' ? udpLimit(query) : undefined)
  }
  await listenUdp(sockets, { netns: netns.home, port: 5300 }, madeAnew(answer('udp')))
  await listenTcp({ sockets, clock: bench.clock }, { netns: netns.home, port: 5300 }, answer('tcp'))
}

const namespace = 'shop'
const putService = (name: string, spec: Partial<Service['spec']>): Service =>
  bench.api.put(Service, { metadata: { namespace, name }, spec: { type: 'ClusterIP', ...spec } })

beforeAll(async () => {
  bench = testBench()
  bench.api.put(Namespace, { metadata: { name: namespace }, spec: {} })
  putService('api', {
    clusterIP: '172.30.1.1',
    clusterIPs: ['172.30.1.1'],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  })
  putService('db', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] })
  putService('many', { clusterIP: 'None', clusterIPs: ['None'] })
  putService('mail', { type: 'ExternalName', externalName: 'smtp.example.test' })
  const slice = (service: string, endpoints: EndpointSlice['endpoints']): EndpointSlice =>
    bench.api.put(EndpointSlice, {
      metadata: { namespace, name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }],
      endpoints,
    })
  slice('db', [
    { addresses: ['10.128.0.5'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.128.2.5'], conditions: { ready: true } },
    { addresses: ['10.128.2.6'], conditions: { ready: false } },
  ])
  slice(
    'many',
    Array.from({ length: 100 }, (_, i) => ({ addresses: [`10.129.0.${i + 1}`] })),
  )
  await startUpstream()
})
afterAll(() => {
  stop.abort()
  bench.close()
})

test('before the caches are synced the cluster has no say, and is not ready', async () => {
  const server = createDnsServer({ ...bench, sockets }, ZONE)
  await server.attach(attachment(netns.home, 'dns-default-aaaaa'), stop.signal)
  const ready = async (): Promise<number> => (await fetch('http://127.0.0.1:8181/ready')).status
  expect(await status('api.shop.svc.cluster.local')).toMatch(/^SERVFAIL/)
  expect([await ready(), (await fetch('http://127.0.0.1:8080/health')).status]).toEqual([503, 200])
  expect(await short('www.example.test')).toBe('192.0.2.0')
  await bench.informers.sync(bench.signal)
  expect(await status('api.shop.svc.cluster.local')).toBe('NOERROR qr aa rd 1')
  expect(await ready()).toBe(200)
})

test('Services, ports, endpoints, pods, aliases and reverse names', async () => {
  expect(await short('api.shop.svc.cluster.local')).toBe('172.30.1.1')
  expect(await short('+tcp', 'API.Shop.svc.cluster.LOCAL')).toBe('172.30.1.1')
  expect(await short('_http._tcp.api.shop.svc.cluster.local', 'SRV')).toBe('0 100 80 api.shop.svc.cluster.local.')
  expect((await short('db.shop.svc.cluster.local')).split('\n')).toEqual(['10.128.0.5', '10.128.2.5'])
  expect(await short('db-0.db.shop.svc.cluster.local')).toBe('10.128.0.5')
  expect(await short('10-128-2-5.db.shop.svc.cluster.local')).toBe('10.128.2.5')
  expect((await short('_pg._tcp.db.shop.svc.cluster.local', 'SRV')).split('\n')).toEqual([
    '0 50 5432 db-0.db.shop.svc.cluster.local.',
    '0 50 5432 10-128-2-5.db.shop.svc.cluster.local.',
  ])
  expect(await short('10-128-9-9.shop.pod.cluster.local')).toBe('10.128.9.9')
  expect(await short('-x', '172.30.1.1')).toBe('api.shop.svc.cluster.local.')
  expect(await short('-x', '10.128.0.5')).toBe('db-0.db.shop.svc.cluster.local.')
  expect((await short('mail.shop.svc.cluster.local')).split('\n')).toEqual(['smtp.example.test.', '192.0.2.0'])
  expect(await short('dns-version.cluster.local', 'TXT')).toBe('"1.1.0"')
})

test('what is not there is told apart from what has no such record', async () => {
  expect(await status('nobody.shop.svc.cluster.local')).toMatch(/^NXDOMAIN qr aa rd/)
  expect(await status('api.nowhere.svc.cluster.local')).toMatch(/^NXDOMAIN/)
  expect(await status('api.shop.svc.cluster.local', 'AAAA')).toBe('NOERROR qr aa rd 0')
  expect(await status('shop.svc.cluster.local')).toBe('NOERROR qr aa rd 0')
  expect(await status('-x', '10.128.77.77')).toMatch(/^NXDOMAIN/)
  expect(await dig('nobody.shop.svc.cluster.local')).toMatch(/SOA\s+ns\.dns\.cluster\.local\. hostmaster/)
  expect(await status('cluster.local', 'AXFR')).not.toMatch(/NOERROR/)
})

test('large answers are cut over UDP, and whole over TCP', async () => {
  const many = async (...args: string[]): Promise<number> =>
    (await short('many.shop.svc.cluster.local', ...args)).split('\n').length
  expect(await many()).toBe(100)
  expect(await many('+ignore', '+noedns')).toBeLessThan(32)
  expect(await many('+ignore', '+bufsize=4096')).toBeLessThan(80)
  expect(await dig('+ignore', 'many.shop.svc.cluster.local')).toMatch(/flags: qr aa tc rd/)
})

test('other names are asked upstream, kept, and asked over TCP when they are large', async () => {
  expect(await status('ftp.example.test')).toBe('NOERROR qr rd ra 1')
  await short('ftp.example.test')
  expect(asked.filter(line => line.endsWith('ftp.example.test.'))).toEqual(['udp ftp.example.test.'])
  expect((await short('+tcp', 'big.example.test')).split('\n')).toHaveLength(200)
  expect(asked.filter(line => line.endsWith('big.example.test.'))).toEqual([
    'udp big.example.test.',
    'tcp big.example.test.',
  ])
  expect(await status('nobody.elsewhere.test')).toMatch(/^NXDOMAIN qr rd ra/)
})

test('a change is answered at once', async () => {
  expect(await status('late.shop.svc.cluster.local')).toMatch(/^NXDOMAIN/)
  putService('late', { clusterIP: '172.30.1.9', clusterIPs: ['172.30.1.9'] })
  await settled(bench)
  expect(await short('late.shop.svc.cluster.local')).toBe('172.30.1.9')
  bench.api.drop(Service, { namespace, name: 'late' })
  await settled(bench)
  expect(await status('late.shop.svc.cluster.local')).toMatch(/^NXDOMAIN/)
})

test('several places answer, each with its name and its log, until each is closed', async () => {
  const other = netns.create('dns-b')
  const own = new AbortController()
  const server = createDnsServer({ ...bench, sockets }, ZONE)
  await bench.informers.sync(bench.signal)
  await server.attach(attachment(other, 'dns-default-bbbbb'), own.signal)
  await server.attach(attachment(netns.home, 'dns-default-ccccc', 5354), own.signal)
  expect(await short('hostname.bind', 'CH', 'TXT')).toBe('"dns-default-aaaaa"')
  expect(await short('-p', '5354', 'hostname.bind', 'CH', 'TXT')).toBe('"dns-default-ccccc"')
  expect(await short('-p', '5354', 'api.shop.svc.cluster.local')).toBe('172.30.1.1')
  expect(lines.at(-1)).toMatch(
    /^\[INFO\] 127\.0\.0\.1:\d+ - \d+ "A IN api\.shop\.svc\.cluster\.local\. udp \d+ false 1232" NOERROR qr,aa,rd \d+ 0\.\d+s$/,
  )
  const metrics = await (await fetch('http://127.0.0.1:9153/metrics')).text()
  expect(metrics).toMatch(/coredns_dns_requests_total\{[^}]*proto="udp"[^}]*type="A"\} \d+/)
  own.abort()
  netns.remove(other)
  await expect(short('-p', '5354', 'api.shop.svc.cluster.local')).rejects.toThrow()
  expect(await short('api.shop.svc.cluster.local')).toBe('172.30.1.1')
})

test('packets that are no queries do not stop it', async () => {
  const socket = await sockets.udp({ netns: netns.home, port: 0 })
  const replies: Buffer[] = []
  socket.on('message', bytes => void replies.push(bytes))
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(11, 0xff), Buffer.alloc(600, 0x80)])
    socket.send(bytes, 5353, '127.0.0.1')
  socket.send(Buffer.from('12340100000100000000000003777777', 'hex'), 5353, '127.0.0.1')
  await eventually(() => replies.length === 1)
  expect(decode(replies[0]!)).toMatchObject({ id: 0x1234, isResponse: true, rcode: RCODE.FORMERR })
  socket.close()
  const tcp = sockets.connect({ netns: netns.home, address: ip('127.0.0.1'), port: 5353 })
  tcp.on('error', () => {})
  tcp.write(framed(Buffer.alloc(3)))
  expect(await short('+tcp', 'api.shop.svc.cluster.local')).toBe('172.30.1.1')
  tcp.destroy()
})

test('a flood of hostile packets is answered or passed over, and questions among it are answered', async () => {
  const good = encode({
    ...replyTo(decode(Buffer.alloc(12)), 0),
    isResponse: false,
    questions: [{ name: 'api.shop.svc.cluster.local.', type: TYPE.A, class: CLASS.IN }],
  })
  const header = (questions: number): Buffer => {
    const bytes = Buffer.alloc(12)
    bytes.writeUInt16BE(questions, 4)
    return bytes
  }
  const question = good.subarray(12)
  const hostile: readonly Buffer[] = [
    // A name that leads to itself; one that leads forward; one that leads out of the message.
    ...['c00c', 'c00e', 'ffff'].map(name => Buffer.concat([header(1), Buffer.from(`${name}00010001`, 'hex')])),
    // Labels without end, of a kind nobody knows, and a name longer than any may be.
    Buffer.concat([header(1), Buffer.alloc(4000, 0x3f)]),
    Buffer.concat([header(1), Buffer.alloc(40, 0x81)]),
    Buffer.concat([
      header(1),
      ...Array.from({ length: 20 }, () => Buffer.from(`\x3f${'a'.repeat(63)}`)),
      Buffer.alloc(5),
    ]),
    // Many questions, said or real; another class; oversized.
    Buffer.concat([header(65_535), question]),
    Buffer.concat([header(40), ...Array.from({ length: 40 }, () => question)]),
    Buffer.concat([header(1), question.subarray(0, -2), Buffer.from('0004', 'hex')]),
    Buffer.concat([good, Buffer.alloc(40_000, 0xff)]),
  ]
  const socket = await sockets.udp({ netns: netns.home, port: 0, address: ip('127.0.0.1') })
  const codes = new Map<number, number>()
  socket.on('message', bytes => {
    const { rcode } = decode(bytes)
    codes.set(rcode, (codes.get(rcode) ?? 0) + 1)
  })
  const send = (bytes: Uint8Array): Promise<void> =>
    new Promise(resolve => socket.send(bytes, 5353, '127.0.0.1', () => resolve()))
  for (const bytes of hostile) await send(bytes)
  const change = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
  for (const changes of fc.sample(change, { numRuns: 500, seed: 1 })) {
    const bytes = Buffer.from(good)
    for (const [at, value] of changes) bytes[at] = value
    await send(bytes)
    // The server is of this process too: it must have its turn.
    await new Promise(resolve => setImmediate(resolve))
  }
  for (let i = 0; i < 20; i++) await send(good)
  await eventually(() => (codes.get(RCODE.NOERROR) ?? 0) >= 20)
  expect(codes.get(RCODE.FORMERR)).toBeGreaterThan(3)
  expect(codes.get(RCODE.REFUSED)).toBeGreaterThan(0)
  expect(await short('api.shop.svc.cluster.local')).toBe('172.30.1.1')
  socket.close()
})

import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Namespace } from '../api/core/namespace.ts'
import { Pod } from '../api/core/pod.ts'
import type { TestBench } from '../client/testing.ts'
import { eventually, settled, testBench } from '../client/testing.ts'
import { kernelNetns } from '../host/netns/real.ts'
import { kernelSockets } from '../host/socket/real.ts'
import { ip } from '../lib/ip.ts'
import { decode } from '../wire/dns/decode.ts'
import { encode } from '../wire/dns/encode.ts'
import { CLASS, RCODE } from '../wire/dns/message.ts'
import { createFrames, framed } from './forward/upstream.ts'
import { listenTcp } from './listen/tcp.ts'
import { listenUdp, madeAnew } from './listen/udp.ts'
import { createDnsServer } from './server.ts'
import { replyTo } from './zone/respond.ts'

const netns = kernelNetns()
const sockets = kernelSockets(netns)
const stop = new AbortController()
const lines: string[] = []
const handlers = new Set<() => void>()
const files = new Map<string, string>()
let bench: TestBench
let corefile = ''

function configure(text: string): void {
  corefile = text
  for (const handler of handlers) handler()
}
const short = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)('dig', [
    '@127.0.0.1',
    '-p',
    '5353',
    '+short',
    '+tries=1',
    '+time=60',
    ...args,
  ])
  return stdout.trim()
}

/** A server that answers every A question with one address. */
const says = (address: string) => (packet: Buffer) => {
  const query = decode(packet)
  const { name } = query.questions[0]!
  const data = { type: 'A', address: ip(address) } as const
  return encode({ ...replyTo(query, RCODE.NOERROR), answers: [{ name, class: CLASS.IN, ttl: 1, data }] })
}
async function upstream(port: number, address: string): Promise<() => void> {
  const closeUdp = await listenUdp(sockets, { netns: netns.home, port }, madeAnew(says(address)))
  const closeTcp = await listenTcp({ sockets, clock: bench.clock }, { netns: netns.home, port }, says(address))
  return () => {
    closeUdp()
    closeTcp()
  }
}

beforeAll(async () => {
  bench = testBench()
  bench.api.put(Namespace, { metadata: { name: 'shop' }, spec: {} })
  const server = createDnsServer({ ...bench, sockets }, { domain: 'cluster.local', networks: [], ttl: 5 })
  await bench.informers.sync(bench.signal)
  await server.attach(
    {
      netns: netns.home,
      port: 5353,
      hostname: 'dns',
      upstreams: [{ address: ip('127.0.0.1'), port: 5301 }],
      logClass: 'error',
      corefile: {
        text: () => corefile || undefined,
        file: path => files.get(path),
        onChange: handler => {
          handlers.add(handler)
          return () => void handlers.delete(handler)
        },
      },
      out: line => void lines.push(line),
      metricsPort: 9153,
    },
    stop.signal,
  )
  await upstream(5301, '192.0.2.1')
  await upstream(5302, '192.0.2.2')
})
afterAll(() => {
  stop.abort()
  bench.close()
})

test('a Corefile is followed as it changes; one that cannot be read changes nothing', async () => {
  expect(await short('www.example.test')).toBe('192.0.2.1')
  configure(`.:5353 {
    forward . /etc/resolv.conf
    log
    hosts {
        192.0.2.77 db.example.test
        fallthrough
    }
}
example.test:5353 sub.example.test:5353 {
    forward . 127.0.0.1:5302
}
example.test:99 {
    forward . 127.0.0.1:5399
}`)
  expect(await short('www.example.test')).toBe('192.0.2.2')
  expect(await short('db.example.test')).toBe('192.0.2.2')
  expect(await short('other.test')).toBe('192.0.2.1')
  expect(lines.some(line => line.includes('A IN other.test.'))).toBe(true)
  expect(lines.some(line => line.includes('A IN www.example.test.'))).toBe(false)
  configure('.:5353 {\n  hosts {\n    192.0.2.77 db.example.test\n    fallthrough\n  }\n  forward . 127.0.0.1:5301\n}')
  expect(await short('db.example.test')).toBe('192.0.2.77')
  expect(await short('-x', '192.0.2.77')).toBe('db.example.test.')
  expect(await short('www.example.test')).toBe('192.0.2.1')
  configure('.:5353 {\n  forward . nonsense\n}')
  expect(lines.at(-1)).toBe('[ERROR] Restart failed: Corefile:2: "nonsense" is no address of a server')
  expect(await short('db.example.test')).toBe('192.0.2.77')
})

test('names are rewritten into the cluster', async () => {
  configure(`.:5353 {
    rewrite name version.test dns-version.cluster.local
    kubernetes cluster.local
    forward . 127.0.0.1:5301
}`)
  const { stdout } = await promisify(execFile)('dig', ['@127.0.0.1', '-p', '5353', 'version.test', 'TXT'])
  expect(stdout).toMatch(/^version\.test\.\s+\d+\s+IN\s+TXT\s+"1\.1\.0"$/m)
})

test('names of pods are verified where the Corefile says so', async () => {
  const name = '10-128-0-5.shop.pod.cluster.local'
  configure('.:5353 {\n  kubernetes cluster.local {\n    pods insecure\n  }\n}')
  expect(await short(name)).toBe('10.128.0.5')
  configure('.:5353 {\n  kubernetes cluster.local {\n    pods disabled\n  }\n}')
  expect(await short(name)).toBe('')
  bench.api.put(Pod, {
    metadata: { namespace: 'shop', name: 'a' },
    spec: { containers: [] },
    status: { phase: 'Running', podIPs: [{ ip: '10.128.0.5' }] },
  } as never)
  configure('.:5353 {\n  kubernetes cluster.local {\n    pods verified\n  }\n}')
  await expect.poll(() => short(name)).toBe('10.128.0.5')
  expect(await short('10-128-0-6.shop.pod.cluster.local')).toBe('')
  bench.api.drop(Pod, { namespace: 'shop', name: 'a' })
  await settled(bench)
  expect(await short(name)).toBe('')
})

test('the policies ask as they say, and a server that is dead is left out until it lives', async () => {
  configure('.:5353 {\n  forward . 127.0.0.1:5301 127.0.0.1:5302 {\n    policy round_robin\n  }\n}')
  const answers: string[] = []
  for (let i = 0; i < 4; i++) answers.push(await short(`rr${i}.test`))
  expect(answers).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2'])
  configure(
    '.:5353 {\n  forward . 127.0.0.1:5309 127.0.0.1:5301 {\n    policy sequential\n    health_check 0.1s\n  }\n}',
  )
  expect(await short('first.test')).toBe('192.0.2.1')
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch('http://127.0.0.1:9153/metrics')).text()
    return Number(new RegExp(`^${name}[^ ]* (\\d+)`, 'm').exec(text)?.[1] ?? 0)
  }
  const failures = 'coredns_forward_healthcheck_failures_total\\{to="127.0.0.1:5309"\\}'
  for (let seen = 0; seen < 1; ) seen = await metric(failures)
  const asked = await metric('coredns_forward_requests_total\\{to="127.0.0.1:5309"\\}')
  expect(await short('second.test')).toBe('192.0.2.1')
  expect(await metric('coredns_forward_requests_total\\{to="127.0.0.1:5309"\\}')).toBe(asked)
  const close = await upstream(5309, '192.0.2.9')
  let said = ''
  for (let i = 0; said !== '192.0.2.9' && i < 100; i++) said = await short(`again${i}.test`)
  expect(said).toBe('192.0.2.9')
  close()
})

test('old answers are given while nobody answers, where the Corefile says so', async () => {
  const close = await upstream(5310, '192.0.2.10')
  configure('.:5353 {\n  forward . 127.0.0.1:5310\n  cache 1 {\n    serve_stale 1h verify\n  }\n}')
  expect(await short('stale.test')).toBe('192.0.2.10')
  close()
  const start = bench.clock.monotonic()
  await eventually(() => bench.clock.monotonic() - start > 1100)
  expect(await short('stale.test')).toBe('192.0.2.10')
  expect(await short('never.test')).toBe('')
})

test('over TLS only the server that the certificate names is believed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dot-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=dns.example', '-addext', 'subjectAltName=DNS:dns.example']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      '-days',
      '2',
      ...subject,
    ],
    { stdio: 'ignore' },
  )
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, socket => {
    socket.on('error', () => {})
    socket.on(
      'data',
      createFrames(packet => socket.write(framed(says('192.0.2.85')(packet)))),
    )
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>(resolve => server.listen(8853, '127.0.0.1', resolve))
  files.set('/etc/pki/ca.crt', readFileSync(certificate, 'utf8'))
  const tls = (name: string): string =>
    `.:5353 {\n  forward . tls://127.0.0.1:8853 {\n    tls /etc/pki/ca.crt\n    tls_servername ${name}\n  }\n}`
  configure(tls('dns.example'))
  expect(await short('a.test')).toBe('192.0.2.85')
  configure(tls('other.example'))
  expect(await short('b.test')).toBe('')
  server.close()
})

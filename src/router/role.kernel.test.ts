import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../api/core/secret.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Route } from '../api/route/route.ts'
import type { Role } from '../client/mod.ts'
import { eventually, settled, testBench } from '../client/testing.ts'
import { systemClock } from '../host/clock/real.ts'
import { slowness } from '../host/clock/testing.ts'
import type { Haproxy } from '../host/haproxy/mod.ts'
import { realHaproxy } from '../host/haproxy/real.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { silent } from '../lib/log.ts'
import { ROUTER_DEFAULTS } from '../model/routes/options.ts'
import { startRouter } from './role.ts'

/** Needs a network namespace of its own: pods are servers on further addresses of lo. */
const PODS = Array.from({ length: 6 }, (_, index) => `10.128.0.${index + 5}`)

const bench = testBench()
const { api } = bench
const stop = new AbortController()
const scratch = mkdtempSync(join(tmpdir(), 'router-'))
const logLines: string[] = []
const servers: Server[] = []
let haproxy: Haproxy
let role: Role
let pid = 0

const split = (pem: string): { certificate: string; key: string } => {
  const at = pem.indexOf('-----BEGIN PRIVATE')
  return { certificate: pem.slice(0, at), key: pem.slice(at) }
}

/** Tells its own address and what it was sent. */
async function startPod(address: string): Promise<Server> {
  const server = createServer((request, response) => {
    const slow = /^\/slow/.test(request.url!) ? 300 : 0
    setTimeout(() => response.end(JSON.stringify({ pod: address, url: request.url, headers: request.headers })), slow)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>(resolve => server.listen(8080, address, resolve))
  servers.push(server)
  return server
}

function putService(name: string, addresses: readonly string[]): void {
  api.put(Service, { metadata: { namespace: 'shop', name }, spec: {} })
  api.put(EndpointSlice, {
    metadata: { namespace: 'shop', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map(address => ({ addresses: [address], targetRef: { uid: `pod-${address}` } })),
    ports: [{ name: 'http', port: 8080 }],
  })
}
const putRoute = (name: string, host: string, spec: Partial<Route['spec']> = {}): Route =>
  api.put(Route, {
    metadata: { namespace: 'shop', name },
    spec: { host, to: { kind: 'Service', name: 'web' }, ...spec },
  })
const dropRoute = (name: string): void => api.drop(Route, { namespace: 'shop', name })

interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly pod: string
  readonly sent: Readonly<Record<string, string>>
  readonly certificate: string
}

interface Ask {
  readonly host: string
  readonly path?: string
  readonly tls?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly agent?: Agent
  readonly method?: string
}

function ask({ host, path = '/', tls = false, headers = {}, agent, method = 'GET' }: Ask): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      path,
      method,
      headers: { host, ...headers },
      agent: agent ?? false,
      setHost: false,
      ...(tls ? { servername: host.replace(/:\d+$/, ''), rejectUnauthorized: false } : {}),
    }
    const call = tls ? httpsRequest({ ...options, port: 443 }) : httpRequest({ ...options, port: 80 })
    let certificate = ''
    if (tls)
      call.on('socket', socket =>
        socket.once('secureConnect', () => {
          certificate = (socket as TLSSocket).getPeerCertificate().subject.CN as string
        }),
      )
    call.on('response', response => {
      let text = ''
      response.on('data', chunk => (text += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const json = text.startsWith('{') ? JSON.parse(text) : {}
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          pod: json.pod ?? '',
          sent: json.headers ?? {},
          certificate,
        })
      })
    })
    call.on('error', reject)
    call.end()
  })
}

/** Sends bytes and gives back all that comes until the connection ends. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(80, '127.0.0.1', () => socket.end(bytes, 'latin1'))
    let text = ''
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })

beforeAll(async () => {
  for (const address of PODS) execFileSync('ip', ['addr', 'add', `${address}/32`, 'dev', 'lo'])
  await Promise.all(PODS.map(startPod))
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const { certificate, key } = split(someCertificate)
  api.put(Secret, {
    metadata: { namespace: 'openshift-ingress', name: 'router-certs-default' },
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  })
  putService('web', PODS.slice(0, 2))
  const logs = new PassThrough()
  let rest = ''
  logs.on('data', chunk => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    logLines.push(...lines)
  })
  haproxy = await realHaproxy({ folder: join(scratch, 'haproxy'), logs, log: silent, clock: systemClock })
  const load = haproxy.load
  const seen: Haproxy = {
    ...haproxy,
    load: async program => {
      const serving = await load(program)
      pid = serving.pid
      return serving
    },
  }
  const deps = {
    ...bench,
    client: bench.informers.client,
    haproxy: seen,
    listen: (server: Parameters<Parameters<typeof startRouter>[0]['listen']>[0], port: number) =>
      new Promise<void>(resolve => server.listen(port, resolve)),
  }
  role = await startRouter(deps, { ...ROUTER_DEFAULTS, threads: 2, alias: 'apps.fairlead.localhost' }, stop.signal)
  await settled(bench)
})

afterAll(async () => {
  stop.abort(new Error('the test has ended'))
  await role?.done
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  bench.close()
  rmSync(scratch, { recursive: true, force: true })
})

describe('Routes through real sockets', () => {
  it('http: by host in any case, with port or trailing dot; an unknown host is 503 on both ports', async () => {
    putRoute('plain', 'plain.example.com')
    await settled(bench)
    for (const host of ['plain.example.com', 'PLAIN.Example.com', 'plain.example.com:80', 'plain.example.com.'])
      expect((await ask({ host })).status, host).toBe(200)
    for (const tls of [false, true]) {
      const reply = await ask({ host: 'unknown.example.com', tls })
      expect(reply.status).toBe(503)
      expect(reply.text).toContain('Application is not available')
    }
    expect((await ask({ host: 'plain.example.com', tls: true })).status).toBe(503)
    expect((await ask({ host: 'plain.example.com/x' })).status).toBe(400)
  })

  it('edge: the default certificate, and the policies for plain HTTP', async () => {
    const tls = (insecureEdgeTerminationPolicy?: 'None' | 'Allow' | 'Redirect'): Partial<Route['spec']> => ({
      tls: { termination: 'edge', ...(insecureEdgeTerminationPolicy ? { insecureEdgeTerminationPolicy } : {}) },
    })
    putRoute('none', 'none.apps.fairlead.test', tls())
    putRoute('allow', 'allow.apps.fairlead.test', tls('Allow'))
    putRoute('redirect', 'redirect.apps.fairlead.test', tls('Redirect'))
    await settled(bench)
    const secure = await ask({ host: 'none.apps.fairlead.test', tls: true })
    expect([secure.status, secure.certificate]).toEqual([200, 'some.test'])
    expect((await ask({ host: 'none.apps.fairlead.test' })).status).toBe(503)
    expect((await ask({ host: 'allow.apps.fairlead.test' })).status).toBe(200)
    expect((await ask({ host: 'allow.apps.fairlead.test', tls: true })).status).toBe(200)
    const location = async (host: string): Promise<string | undefined> => {
      const reply = await ask({ host, path: '/a/b?c=d' })
      expect(reply.status).toBe(302)
      return reply.headers.location
    }
    expect(await location('redirect.apps.fairlead.test')).toBe('https://redirect.apps.fairlead.test/a/b?c=d')
    expect(await location('redirect.apps.fairlead.test:80')).toBe('https://redirect.apps.fairlead.test/a/b?c=d')
    expect(await location('redirect.apps.fairlead.test:8080')).toBe('https://redirect.apps.fairlead.test:8080/a/b?c=d')
    expect(await location('redirect.apps.fairlead.localhost:8080')).toBe(
      'https://redirect.apps.fairlead.localhost:8080/a/b?c=d',
    )
    expect((await ask({ host: 'redirect.apps.fairlead.localhost:8080', tls: true })).status).toBe(200)
    expect((await ask({ host: 'redirect.apps.fairlead.other', tls: true })).status).toBe(503)
  })

  it('an own certificate by SNI, rotated and taken away without a reload', async () => {
    const before = pid
    const own = (pem?: string): Partial<Route['spec']> => ({ tls: { termination: 'edge', ...(pem ? split(pem) : {}) } })
    const shown = async (): Promise<string> => (await ask({ host: 'own.example.com', tls: true })).certificate
    putRoute('own', 'own.example.com', own(otherCertificate))
    await settled(bench)
    expect(await shown()).toBe('other.test')
    expect((await ask({ host: 'none.apps.fairlead.test', tls: true })).certificate).toBe('some.test')
    putRoute('own', 'own.example.com', own(someCertificate))
    await settled(bench)
    expect(await shown()).toBe('some.test')
    putRoute('own', 'own.example.com', own(otherCertificate))
    await settled(bench)
    expect(await shown()).toBe('other.test')
    putRoute('own', 'own.example.com', own())
    await settled(bench)
    expect(await shown()).toBe('some.test')
    expect(pid).toBe(before)
  })

  it('paths: by segment, longest first, whatever the policies', async () => {
    const to = (name: string, path: string, spec: Partial<Route['spec']> = {}): Route =>
      putRoute(name, 'paths.example.com', { path, to: { kind: 'Service', name }, ...spec })
    for (const [index, name] of ['root', 'sub', 'deep', 'below'].entries()) putService(name, [PODS[index]!])
    to('root', '/')
    to('sub', '/sub')
    to('deep', '/sub/deep', { tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' } })
    to('below', '/below/')
    await settled(bench)
    const pod = async (path: string): Promise<string | number> => {
      const { status, pod } = await ask({ host: 'paths.example.com', path })
      return status === 200 ? ['root', 'sub', 'deep', 'below'][PODS.indexOf(pod)]! : status
    }
    const expected = {
      '/': 'root',
      '/other': 'root',
      '/sub': 'sub',
      '/sub?x': 'sub',
      '/sub/': 'sub',
      '/sub/x': 'sub',
      '/subpar': 'root',
      '/Sub': 'root',
      '/sub%2fdeep': 'root',
      '/sub/deep': 302,
      '/sub/deep/x': 302,
      '/sub/deeper': 'sub',
      '/below': 'root',
      '/below/': 'below',
      '/below/x': 'below',
      '//': 'root',
    }
    const seen: Record<string, unknown> = {}
    for (const path of Object.keys(expected)) seen[path] = await pod(path)
    expect(seen).toEqual(expected)
  })

  it('weights of four Services over 20,000 requests, whatever the number of endpoints; 0 gets none', async () => {
    const services = {
      stable: PODS.slice(0, 1),
      canary: PODS.slice(1, 4),
      other: PODS.slice(4, 5),
      idle: PODS.slice(5, 6),
    }
    for (const [name, pods] of Object.entries(services)) putService(name, pods)
    const target = (name: string, weight: number) => ({ kind: 'Service' as const, name, weight })
    putRoute('weighted', 'weighted.example.com', {
      to: target('stable', 120),
      alternateBackends: [target('canary', 60), target('other', 20), target('idle', 0)],
    })
    await settled(bench)
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    const pods = await Promise.all(
      Array.from({ length: 20_000 }, async () => (await ask({ host: 'weighted.example.com', agent })).pod),
    )
    const share = (addresses: readonly string[]): number => pods.filter(pod => addresses.includes(pod)).length
    const { stable, canary, other, idle } = services
    const shares = [stable, canary, other, idle].map(share)
    // Within one turn.
    for (const [index, wanted] of [12_000, 6000, 2000, 0].entries())
      expect(Math.abs(shares[index]! - wanted)).toBeLessThanOrEqual(wanted === 0 ? 0 : 10)
    expect(shares.reduce((sum, one) => sum + one)).toBe(20_000)
    for (const address of canary) expect(share([address])).toBeGreaterThan(1000)
    putService('stable', [])
    await settled(bench)
    const left = await Promise.all(Array.from({ length: 50 }, () => ask({ host: 'weighted.example.com', agent })))
    expect(new Set(left.map(({ status }) => status))).toEqual(new Set([200]))
    expect(left.every(({ pod }) => [...canary, ...other].includes(pod))).toBe(true)
    agent.destroy()
  })

  it('headers: what the client may not say is gone, what the pod should know is there', async () => {
    putRoute('headers', 'headers.example.com', { tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow' } })
    await settled(bench)
    const headers = {
      'x-ssl-client-cn': 'admin',
      'x-ssl-client-verify': '0',
      proxy: 'evil',
      'x-kept': 'yes',
      'x-forwarded-for': '1.2.3.4',
    }
    const { sent } = await ask({ host: 'headers.example.com', headers })
    expect(Object.keys(sent).filter(name => /^x-ssl|^proxy$/.test(name))).toEqual([])
    expect(sent).toMatchObject({
      host: 'headers.example.com',
      'x-kept': 'yes',
      'x-forwarded-for': '1.2.3.4, 127.0.0.1',
      'x-forwarded-host': 'headers.example.com',
      'x-forwarded-port': '80',
      'x-forwarded-proto': 'http',
      forwarded: 'for=127.0.0.1;host=headers.example.com;proto=http',
    })
    const secure = (await ask({ host: 'headers.example.com', tls: true })).sent
    expect([secure['x-forwarded-proto'], secure['x-forwarded-port']]).toEqual(['https', '443'])
  })

  it('the access log tells each request in one line that nobody can forge', async () => {
    const path = '/a"}{"route":"forged"\\%0a%d'
    const headers = { 'x-request-id': 'id-1"}\\ {"x":"y' }
    await ask({ host: 'plain.example.com', path, headers })
    const find = () => logLines.map(line => JSON.parse(line)).find(entry => entry.requestId === headers['x-request-id'])
    await eventually(
      () => find() !== undefined,
      () => logLines.slice(-3),
    )
    expect(find()).toMatchObject({
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      frontend: 'public',
      route: 'shop/plain',
      service: 'web',
      backend: expect.stringMatching(/^random-\d+$/),
      source: expect.stringMatching(/^10\.128\.0\.[56]:\d+$/),
      server: expect.stringMatching(/^10\.128\.0\.[56]:8080$/),
      method: 'GET',
      host: 'plain.example.com',
      path,
      status: 200,
      id: expect.stringMatching(/^[0-9A-F]+$/),
    })
  })

  it('bytes that are no request are told as JSON too', async () => {
    const before = logLines.length
    const junk = [
      'A"B / HTTP/1.1\r\nHost: plain.example.com\r\n\r\n',
      'GET /"\\ HTTP/9.9"\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a"b\\c\r\nX-Request-Id: "\\\x01\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a"b\\c\r\nX-Request-Id: "\\\xff\r\n\r\n',
      '{"id":"forged"}\r\n\r\n',
      'GET /\x00\x01\xff HTTP/1.1\r\nHost: x\r\n\r\n',
    ]
    for (const bytes of junk) expect(await raw(bytes)).toMatch(/^HTTP\/1\.[01] (400|503)/)
    await eventually(() => logLines.length >= before + junk.length)
    const lines = logLines.slice(before).map(line => JSON.parse(line))
    expect(lines).toHaveLength(junk.length)
    expect(new Set(lines.map(({ status }) => status))).toEqual(new Set([400, 503]))
  })

  it('timeout: a slow pod is given up when the annotation says so', async () => {
    const slow = (timeout: string): Route =>
      api.put(Route, {
        metadata: { namespace: 'shop', name: 'slow', annotations: { 'haproxy.router.openshift.io/timeout': timeout } },
        spec: { host: 'slow.example.com', to: { kind: 'Service', name: 'web' } },
      })
    slow('100ms')
    await settled(bench)
    expect((await ask({ host: 'slow.example.com', path: '/slow' })).status).toBe(504)
    slow('60s')
    await settled(bench)
    expect((await ask({ host: 'slow.example.com', path: '/slow' })).status).toBe(200)
  })

  it('churn: endpoints, Routes and weights change under traffic without a reload or a failed request', async () => {
    putService('churn', PODS.slice(0, 2))
    putRoute('churn', 'churn.example.com')
    putRoute('churn', 'churn.example.com', { to: { kind: 'Service', name: 'churn' } })
    await settled(bench)
    const before = pid
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    let isOver = false
    const failed: string[] = []
    let count = 0
    const client = async (): Promise<void> => {
      while (!isOver) {
        count++
        const outcome = await ask({ host: 'churn.example.com', agent }).then(
          ({ status }) => String(status),
          (error: Error) => error.message,
        )
        if (outcome !== '200') failed.push(outcome)
      }
    }
    const clients = Array.from({ length: 4 }, client)
    const endMs = systemClock.monotonic() + 3000
    for (let round = 0; systemClock.monotonic() < endMs || count <= 200; round++) {
      putService('churn', [PODS[round % 6]!, PODS[(round * 5 + 1) % 6]!])
      if (round % 2 === 0) putRoute(`other-${round}`, `other-${round}.example.com`)
      else dropRoute(`other-${round - 1}`)
      await settled(bench)
    }
    isOver = true
    await Promise.all(clients)
    agent.destroy()
    expect(failed).toEqual([])
    expect(pid).toBe(before)
  })

  it('a reload loses no request and keeps everything', async () => {
    const before = pid
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    let isOver = false
    const failed: string[] = []
    const client = async (): Promise<void> => {
      while (!isOver) {
        const outcome = await ask({ host: 'plain.example.com', agent, headers: { connection: 'close' } }).then(
          ({ status }) => String(status),
          (error: Error) => error.message,
        )
        if (outcome !== '200') failed.push(outcome)
      }
    }
    const clients = Array.from({ length: 3 }, client)
    // Each has a limit of its own, so that none shares a backend: more are needed than are spare.
    for (let index = 0; index < 200; index++)
      api.put(Route, {
        metadata: {
          namespace: 'shop',
          name: `many-${index}`,
          annotations: { 'haproxy.router.openshift.io/pod-concurrent-connections': '100' },
        },
        spec: { host: `many-${index}.example.com`, to: { kind: 'Service', name: 'web' } },
      })
    await settled(bench)
    isOver = true
    await Promise.all(clients)
    expect(pid).not.toBe(before)
    expect(failed).toEqual([])
    expect((await ask({ host: 'many-199.example.com' })).status).toBe(200)
    for (let index = 0; index < 200; index++) dropRoute(`many-${index}`)
    await settled(bench)
    expect((await ask({ host: 'many-199.example.com' })).status).toBe(503)
    expect((await ask({ host: 'plain.example.com' })).status).toBe(200)
  })

  it('every line of the log is one JSON object, but for what a replaced process says at its end', () => {
    expect(logLines.length).toBeGreaterThan(1000)
    const own = /^Proxy (public|secure) stopped \(cumulated conns: FE: \d+, BE: \d+\)\.$/
    expect(logLines.filter(line => !own.test(line) && !JSON.parse(line).status)).toEqual([])
  })

  it('kill -9 of HAProxy: everything is back within a second', async () => {
    putRoute('late', 'late.example.com')
    await settled(bench)
    const before = pid
    const limitMs = 1000 * slowness()
    const startMs = systemClock.monotonic()
    process.kill(before, 'SIGKILL')
    const answers = async (): Promise<boolean> =>
      (await ask({ host: 'late.example.com' }).catch(() => undefined))?.status === 200
    while (!(await answers())) expect(systemClock.monotonic() - startMs).toBeLessThan(limitMs)
    expect(pid).not.toBe(before)
    expect((await ask({ host: 'none.apps.fairlead.test', tls: true })).status).toBe(200)
    expect((await ask({ host: 'paths.example.com', path: '/sub' })).status).toBe(200)
  })
})

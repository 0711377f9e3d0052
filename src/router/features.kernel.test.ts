import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createH2Server } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Server } from 'node:net'
import { Duplex } from 'node:stream'
import { createServer as createRawTlsServer, connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Route } from '../api/route/route.ts'
import { eventually } from '../client/testing.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { ask, type LiveRouter, putTlsSecret, splitPem, startLiveRouter } from './testing-live.ts'

const PODS = ['10.128.1.5', '10.128.1.6', '10.128.1.7'] as const
const H = 'haproxy.router.openshift.io/'
const R = 'router.openshift.io/'
const servers: Server[] = []
let router: LiveRouter

const answer =
  (pod: string): RequestListener =>
  (request, response) => {
    const body = JSON.stringify({ pod, url: request.url, headers: request.headers })
    if (request.url === '/never') return
    setTimeout(() => response.end(body), request.url === '/slow' ? 2000 : 0)
  }
async function listen(server: Server, port: number, address: string): Promise<void> {
  servers.push(server)
  await new Promise<void>(resolve => server.listen(port, address, resolve))
}
const pem = (text: string) => ({ cert: splitPem(text).certificate, key: splitPem(text).key })

beforeAll(async () => {
  for (const pod of PODS) execFileSync('ip', ['address', 'replace', `${pod}/32`, 'dev', 'lo'])
  for (const pod of PODS) {
    await listen(createServer(answer(pod)), 8080, pod)
    await listen(createTlsServer(pem(otherCertificate), answer(pod)), 8443, pod)
  }
  const h2c = createH2Server((request, response) => {
    response.end(JSON.stringify({ pod: 'h2c', url: request.url, headers: { version: request.httpVersion } }))
  })
  await listen(h2c, 9090, PODS[0])
  router = await startLiveRouter({ wildcards: true, http2: true })
  router.putService('web', PODS)
  router.putService('one', [PODS[0]])
  router.putService('secure', PODS.slice(0, 2), 8443)
  router.putService('h2c', [PODS[0]], 9090, 'kubernetes.io/h2c')
})
afterAll(async () => {
  await router?.stop()
  for (const server of servers) server.close()
})

const to = (name: string, weight?: number) => ({
  kind: 'Service' as const,
  name,
  ...(weight === undefined ? {} : { weight }),
})
const status = (name: string) =>
  router.bench.api.get(Route, { namespace: 'shop', name })?.status?.ingress?.[0]?.conditions ?? []

describe('TLS', () => {
  it('passthrough: the pod shows its own certificate; other TLS and plain HTTP go on beside it', async () => {
    router.putRoute('edge', { tls: { termination: 'edge' } })
    await router.settle()
    expect(await ask({ host: 'edge.example.com', tls: true })).toMatchObject({ status: 200, certificate: 'some.test' })
    router.putRoute('pass', {
      to: to('secure'),
      tls: { termination: 'passthrough', insecureEdgeTerminationPolicy: 'Redirect' },
    })
    await router.settle()
    expect(await ask({ host: 'pass.example.com', tls: true })).toMatchObject({ status: 200, certificate: 'other.test' })
    expect(await ask({ host: 'PASS.example.com', tls: true })).toMatchObject({ status: 200, certificate: 'other.test' })
    expect((await ask({ host: 'pass.example.com' })).headers.location).toBe('https://pass.example.com/')
    const edge = await ask({ host: 'edge.example.com', tls: true })
    expect(edge).toMatchObject({ status: 200, certificate: 'some.test' })
    expect(edge.sent).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-port': '443' })
    expect((await ask({ host: 'nobody.example.com', tls: true })).status).toBe(503)
  })
  it('passthrough: shared 3 to 1 between Services, and only for those who may', async () => {
    router.putService('a', [PODS[0]], 8443)
    router.putService('b', [PODS[1]], 8443)
    router.putRoute('shared', { to: to('a', 3), alternateBackends: [to('b', 1)], tls: { termination: 'passthrough' } })
    router.putRoute(
      'closed',
      { to: to('a'), tls: { termination: 'passthrough' } },
      { [`${H}ip_allowlist`]: '127.0.0.9' },
    )
    await router.settle()
    const pods: string[] = []
    for (let turn = 0; turn < 20; turn++) pods.push((await ask({ host: 'shared.example.com', tls: true })).pod)
    expect(pods.filter(pod => pod === PODS[0])).toHaveLength(15)
    await expect(ask({ host: 'closed.example.com', tls: true })).rejects.toThrow()
    expect((await ask({ host: 'closed.example.com', tls: true, from: '127.0.0.9' })).status).toBe(200)
  })
  it('passthrough: any protocol, also one in which the pod speaks first; a client may begin in small pieces', async () => {
    const greeter = createRawTlsServer({ ...pem(otherCertificate), ALPNProtocols: ['mqtt'] }, socket =>
      socket.write('who is there?'),
    )
    await listen(greeter, 9443, PODS[0])
    router.putService('greeter', [PODS[0]], 9443)
    router.putRoute('greeter', { to: to('greeter'), tls: { termination: 'passthrough' } })
    await router.settle()
    const raw = connect(443, '127.0.0.1').setNoDelay(true)
    const pieces = new Duplex({
      read() {},
      async write(chunk: Buffer, _encoding, done) {
        for (let at = 0; at < chunk.length; at += 100) {
          raw.write(chunk.subarray(at, at + 100))
          await new Promise(resolve => setTimeout(resolve, 2))
        }
        done()
      },
    })
    raw.on('data', chunk => pieces.push(chunk))
    const socket = tlsConnect({
      socket: pieces,
      servername: 'greeter.example.com',
      ALPNProtocols: ['mqtt'],
      rejectUnauthorized: false,
    })
    const [heard] = await once(socket, 'data')
    expect([String(heard), socket.alpnProtocol]).toEqual(['who is there?', 'mqtt'])
    raw.destroy()
  })
  it('reencrypt: verified by the Route’s own authority; a wrong one is 503, and none verifies nothing', async () => {
    const destinationCACertificate = splitPem(otherCertificate).certificate
    router.putRoute('own', { to: to('secure'), tls: { termination: 'reencrypt', destinationCACertificate } })
    router.putRoute('any', { to: to('secure'), tls: { termination: 'reencrypt' } })
    const wrong = splitPem(someCertificate).certificate
    router.putRoute('wrong', { to: to('secure'), tls: { termination: 'reencrypt', destinationCACertificate: wrong } })
    const before = router.loads()
    await router.settle()
    expect((await ask({ host: 'own.example.com', tls: true })).status).toBe(200)
    expect((await ask({ host: 'any.example.com', tls: true })).status).toBe(200)
    expect((await ask({ host: 'wrong.example.com', tls: true })).status).toBe(503)
    expect(router.loads()).toBe(before)
  })
  it('an external certificate: served when its Secret comes, rotated, and withdrawn with it', async () => {
    router.putRoute('external', { tls: { termination: 'edge', externalCertificate: { name: 'cert' } } })
    await router.settle()
    expect(status('external')[0]).toMatchObject({ status: 'False', reason: 'ExternalCertificateGetFailed' })
    const shown = async () => (await ask({ host: 'external.example.com', tls: true })).certificate
    putTlsSecret(router.bench, 'shop', 'cert', otherCertificate)
    await router.settle()
    await eventually(() => status('external')[0]?.status === 'True')
    expect(await shown()).toBe('other.test')
    putTlsSecret(router.bench, 'shop', 'cert', someCertificate)
    await router.settle()
    expect(await shown()).toBe('some.test')
  })
  it('HTTP/2 only where the certificate is the Route’s alone', async () => {
    const { certificate, key } = splitPem(otherCertificate)
    router.putRoute('h2', { tls: { termination: 'edge', certificate, key } })
    await router.settle()
    const alpn = (servername: string) =>
      new Promise<string | false | null>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: 443, servername, rejectUnauthorized: false }
        const socket = tlsConnect({ ...options, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
          resolve(socket.alpnProtocol)
          socket.destroy()
        })
        socket.on('error', reject)
      })
    expect(await alpn('h2.example.com')).toBe('h2')
    expect(await alpn('edge.example.com')).toBe(false)
    router.putRoute('h2-too', { tls: { termination: 'edge', certificate, key } })
    await router.settle()
    expect(await alpn('h2.example.com')).toBe(false)
    expect((await ask({ host: 'h2.example.com', tls: true })).certificate).toBe('other.test')
  })
})

describe('Routes', () => {
  it('wildcards: one label, after all exact hosts', async () => {
    router.putRoute('wild', { host: 'www.wild.test', wildcardPolicy: 'Subdomain', to: to('one') })
    router.putRoute(
      'exact',
      { host: 'x.wild.test', path: '/only', to: to('web') },
      { [`${H}rewrite-target`]: '/exact' },
    )
    await router.settle()
    const seen: Record<string, number | string> = {}
    for (const host of ['a.wild.test', 'WWW.wild.test', 'wild.test', 'a.b.wild.test'])
      seen[host] = (await ask({ host })).status
    expect(seen).toEqual({ 'a.wild.test': 200, 'WWW.wild.test': 200, 'wild.test': 503, 'a.b.wild.test': 503 })
    expect((await ask({ host: 'x.wild.test', path: '/only' })).url).toBe('/exact')
    expect((await ask({ host: 'x.wild.test', path: '/other' })).url).toBe('/other')
  })
  it('header actions', async () => {
    router.putRoute('actions', {
      httpHeaders: {
        actions: {
          request: [
            { name: 'X-Host', action: { type: 'Set', set: { value: "%[req.hdr(Host),lower] it's 100%%" } } },
            { name: 'X-Gone', action: { type: 'Delete' } },
          ],
          response: [{ name: 'X-Frame-Options', action: { type: 'Set', set: { value: 'DENY' } } }],
        },
      },
    })
    await router.settle()
    const reply = await ask({ host: 'Actions.example.com', headers: { 'x-gone': '1', 'x-kept': '1' } })
    expect(reply.sent).toMatchObject({ 'x-host': "actions.example.com it's 100%", 'x-kept': '1' })
    expect(reply.sent).not.toHaveProperty('x-gone')
    expect(reply.headers['x-frame-options']).toBe('DENY')
  })
  it('HTTP/2 without TLS to pods that say so', async () => {
    router.putRoute('h2c', { to: to('h2c') })
    await router.settle()
    expect((await ask({ host: 'h2c.example.com' })).sent).toEqual({ version: '2.0' })
  })
})

describe('choosing a pod', () => {
  it.each(['random', 'source', 'roundrobin', 'leastconn'])(
    '%s: every pod that came at run time has its share',
    async balance => {
      router.putRoute(balance, {}, { [`${H}balance`]: balance, [`${H}disable_cookies`]: 'true' })
      await router.settle()
      const pods = new Map<string, number>()
      for (let turn = 0; turn < 120; turn++) {
        const { pod } = await ask({ host: `${balance}.example.com`, from: `127.0.1.${turn}` })
        pods.set(pod, (pods.get(pod) ?? 0) + 1)
      }
      expect([...pods.keys()].sort()).toEqual([...PODS])
      expect(Math.min(...pods.values())).toBeGreaterThan(10)
    },
  )
})

describe('cookies', () => {
  const visit = async (host: string, cookie?: string, tls = false) => {
    const reply = await ask({ host, tls, headers: cookie ? { cookie } : {} })
    return { ...reply, set: reply.headers['set-cookie']?.[0] ?? '' }
  }
  it('the first visit sets one, later ones return to the pod, which never sees it', async () => {
    router.putRoute('sticky', { tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' } })
    await router.settle()
    const first = await visit('sticky.example.com', undefined, true)
    expect(first.set).toMatch(/^[0-9a-f]{32}=[\w.]+; path=\/; HttpOnly; Secure; SameSite=None$/)
    expect(first.headers['cache-control']).toBe('private')
    const mine = first.set.split(';')[0]!
    for (let turn = 0; turn < 10; turn++) {
      const again = await visit('sticky.example.com', `a=1; ${mine}; b=2`, true)
      expect([again.pod, again.set, again.sent.cookie]).toEqual([first.pod, '', 'a=1; b=2'])
    }
    const unknown = await visit('sticky.example.com', mine.replace(/=.*/, '=s000000.nobody'), true)
    expect([unknown.status, unknown.set.startsWith(mine.split('=')[0]!)]).toEqual([200, true])
  })
  it('the Service of a cookie stays, whatever the weights, 0 included', async () => {
    const spec = (web: number, one: number) => ({ to: to('web', web), alternateBackends: [to('one', one)] })
    router.putRoute('split', spec(0, 1), { [`${R}cookie_name`]: 'mine' })
    await router.settle()
    const first = await visit('split.example.com')
    expect([first.pod, first.set.startsWith('mine=')]).toEqual([PODS[0], true])
    router.putRoute('split', spec(1, 0), { [`${R}cookie_name`]: 'mine' })
    await router.settle()
    const pods = new Set<string>()
    for (let turn = 0; turn < 12; turn++) {
      pods.add((await visit('split.example.com', first.set.split(';')[0])).pod)
    }
    expect([...pods]).toEqual([PODS[0]])
    const fresh = new Set<string>()
    for (let turn = 0; turn < 40; turn++) fresh.add((await visit('split.example.com')).pod)
    expect(fresh.size).toBe(3)
  })
  it('none where they are turned off', async () => {
    router.putRoute('bland', {}, { [`${H}disable_cookies`]: 'true' })
    await router.settle()
    expect((await visit('bland.example.com')).set).toBe('')
  })
})

describe('annotations', () => {
  it('allow lists, with a bad list closed', async () => {
    router.putRoute('listed', {}, { [`${H}ip_allowlist`]: '127.0.0.8/31 192.0.2.0/24' })
    router.putRoute('bad', {}, { [`${H}ip_whitelist`]: 'nonsense' })
    await router.settle()
    expect((await ask({ host: 'listed.example.com', from: '127.0.0.9' })).status).toBe(200)
    await expect(ask({ host: 'listed.example.com', from: '127.0.0.10' })).rejects.toThrow()
    await expect(ask({ host: 'bad.example.com' })).rejects.toThrow()
  })
  it('limits of requests, by client', async () => {
    const limit = { [`${H}rate-limit-connections`]: 'true', [`${H}rate-limit-connections.rate-http`]: '4' }
    router.putRoute('limited', {}, limit)
    await router.settle()
    const once = (from: string) =>
      ask({ host: 'limited.example.com', from }).then(
        reply => reply.status,
        () => 'cut',
      )
    // All at once: the limit is of a few seconds, which five in turn may exceed on a busy machine.
    const tries = await Promise.all(Array.from({ length: 5 }, () => once('127.0.0.20')))
    expect(tries.toSorted()).toEqual([200, 200, 200, 'cut', 'cut'])
    expect(await once('127.0.0.21')).toBe(200)
  })
  it('concurrent connections of one client', async () => {
    const limit = { [`${H}rate-limit-connections`]: 'true', [`${H}rate-limit-connections.concurrent-tcp`]: '3' }
    router.putRoute('few', {}, limit)
    await router.settle()
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () =>
        ask({ host: 'few.example.com', path: '/slow' }).then(
          r => r.status,
          () => 'cut',
        ),
      ),
    )
    expect(outcomes.filter(one => one === 200)).toHaveLength(2)
    expect((await ask({ host: 'few.example.com' })).status).toBe(200)
  })
  it('timeout, HSTS, forwarded headers, rewriting', async () => {
    router.putRoute(
      'slow',
      { tls: { termination: 'edge' } },
      { [`${H}timeout`]: '2s', [`${H}hsts_header`]: 'max-age=60;preload' },
    )
    router.putRoute('never', {}, { [`${H}set-forwarded-headers`]: 'never' })
    router.putRoute('replace', {}, { [`${H}set-forwarded-headers`]: 'replace' })
    router.putRoute('rewrite', { path: '/a.b' }, { [`${H}rewrite-target`]: '/' })
    await router.settle()
    expect((await ask({ host: 'slow.example.com', path: '/never', tls: true })).status).toBe(504)
    expect((await ask({ host: 'slow.example.com', tls: true })).headers['strict-transport-security']).toBe(
      'max-age=60;preload',
    )
    const headers = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' }
    expect((await ask({ host: 'never.example.com', headers })).sent).toMatchObject(headers)
    expect((await ask({ host: 'never.example.com', headers })).sent).not.toHaveProperty('x-forwarded-host')
    expect((await ask({ host: 'replace.example.com', headers })).sent['x-forwarded-for']).toBe('127.0.0.1')
    expect((await ask({ host: 'rewrite.example.com', path: '/a.b/c?d' })).url).toBe('/c?d')
    expect((await ask({ host: 'rewrite.example.com', path: '/a.b' })).url).toBe('/')
  })
  it('a WebSocket goes through, and outlives the server timeout', async () => {
    const server = createServer()
    server.on('upgrade', (_request, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n',
      )
      socket.on('data', data => setTimeout(() => socket.write(data), 3000))
      socket.on('error', () => {})
    })
    await listen(server, 7070, PODS[0])
    router.putService('ws', [PODS[0]], 7070)
    router.putRoute('ws', { to: to('ws') }, { [`${H}timeout`]: '2s', [`${H}timeout-tunnel`]: '60s' })
    await router.settle()
    const echoed = await new Promise<string>((resolve, reject) => {
      const socket = connect(80, '127.0.0.1')
      let text = ''
      socket.write(
        'GET / HTTP/1.1\r\nHost: ws.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      )
      socket.on('data', data => {
        text += data
        if (text.endsWith('\r\n\r\n')) socket.write('ping')
        if (text.endsWith('ping')) socket.destroy()
      })
      socket.on('close', () => resolve(text)).on('error', reject)
    })
    expect(echoed).toMatch(/^HTTP\/1.1 101 [\s\S]*ping$/)
  })
  it('a misspelt annotation is told of', async () => {
    router.putRoute('typo', {}, { [`${H}timeouts`]: '5s' })
    await router.settle()
    const { Event } = await import('../api/core/event.ts')
    await eventually(() =>
      router.bench.api.all(Event).some(({ message }) => message?.includes(`is ${H}timeout meant?`)),
    )
  })
})

it('metrics have the names of OKD’s router, and say whose backends there are', async () => {
  router.putService('counted', [PODS[0]])
  router.putRoute('counted', { to: to('counted') })
  await router.settle()
  for (let turn = 0; turn < 3; turn++) await ask({ host: 'counted.example.com' })
  const lines = (await router.metrics()).split('\n')
  const find = (start: string) => lines.filter(line => line.startsWith(start) && line.includes('route="counted"'))
  expect(find('haproxy_backend_connections_total')[0]).toMatch(
    /^haproxy_backend_connections_total\{backend="random-\d+",namespace="shop",route="counted"\} 3$/,
  )
  expect(find('haproxy_backend_http_responses_total').find(line => line.includes('code="2xx"'))).toMatch(/ 3$/)
  expect(find('haproxy_server_up')[0]).toContain('server="10.128.1.5:8080"')
  expect(lines).toContain('haproxy_up 1')
  const used = (name: string) => Number(lines.find(line => line.startsWith(`haproxy_process_${name} `))?.split(' ')[1])
  expect(used('resident_memory_bytes')).toBeGreaterThan(2 ** 20)
  expect(used('virtual_memory_bytes')).toBeGreaterThan(used('resident_memory_bytes'))
  expect(used('open_fds')).toBeGreaterThan(3)
  expect(used('max_fds')).toBeGreaterThan(used('open_fds'))
  expect(Math.abs(used('start_time_seconds') - Date.now() / 1000)).toBeLessThan(3600)
  expect(used('cpu_seconds_total')).toBeGreaterThanOrEqual(0)
  expect(lines.find(line => line.startsWith('haproxy_max_connections '))).toMatch(/ [1-9]\d+$/)
  expect(lines).toContain('haproxy_exporter_server_threshold{type="limit"} 500')
  expect(lines).toContain('haproxy_exporter_csv_parse_failures 0')
  for (const name of ['exporter_total_scrapes', 'exporter_scrape_interval'])
    expect(lines.find(line => line.startsWith(`haproxy_${name} `))).toMatch(/ [1-9]\d*$/)
  for (const name of ['reload', 'write_config'])
    expect(lines.find(line => line.startsWith(`template_router_${name}_seconds_sum`))).toMatch(/ \d+\.\d*[1-9]/)
  const count = 'haproxy_backend_http_request_duration_seconds_count{namespace="shop",route="counted"} 3'
  let told = ''
  for (let turn = 0; turn < 100 && !told.includes(count); turn++) told = await router.metrics()
  expect(told.split('\n').filter(line => line.includes('duration_seconds_count'))).toContain(count)
  expect(lines.some(line => /^haproxy_frontend_http_requests_total\{frontend="public"\} \d+$/.test(line))).toBe(true)
})

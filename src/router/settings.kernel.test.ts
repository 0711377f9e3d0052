import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Namespace } from '../api/core/namespace.ts'
import { Route } from '../api/route/route.ts'
import { eventually } from '../client/testing.ts'
import { slowness } from '../host/clock/testing.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { ask, oneRouterFor, splitPem } from './testing-live.ts'

const POD = '10.128.3.5'
let pod: Server
const { start, stop } = oneRouterFor(POD)

beforeAll(async () => {
  execFileSync('ip', ['address', 'replace', `${POD}/32`, 'dev', 'lo'])
  pod = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain').setHeader('x-from-pod', '1')
    const answer = JSON.stringify({ pod: POD, url: request.url, headers: request.headers, pad: 'x'.repeat(5000) })
    request.resume().on('end', () => response.end(answer))
  })
  pod.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.on('error', () => {}).pipe(socket)
  })
  await new Promise<void>(resolve => pod.listen(8080, POD, resolve))
})
afterAll(async () => {
  await stop()
  pod.close()
})

describe('what an IngressController says', () => {
  it('headers, an identity, compression, pages of its own', async () => {
    const live = await start(
      {
        forwarded: 'replace',
        settings: {
          actions: {
            request: [{ header: 'X-Ours', value: '%[req.hdr(Host)]' }],
            response: [{ header: 'X-From-Pod' }, { header: 'X-Answer', value: 'yes' }],
          },
          uniqueId: { header: 'X-Unique', format: '%{+X}o%ci-%rt' },
          compress: ['text/plain'],
          errorPages: 'openshift-config/pages',
          caseAdjustments: ['X-Ours'],
          log: { requestHeaders: [{ name: 'User-Agent', maxLength: 40 }], maxLength: 1024 },
        },
      },
      {
        'openshift-config/pages': {
          'error-page-503.http': 'HTTP/1.1 503 Gone Fishing\nContent-Type: text/plain\n\nfishing\n',
          'error-page-404.http': 'HTTP/1.1 404 Nothing\r\nContent-Type: text/plain\r\n\r\nnothing here\n',
        },
      },
    )
    const reply = await ask({
      host: 'web.example.com',
      headers: { 'x-forwarded-for': '9.9.9.9', 'accept-encoding': 'gzip' },
    })
    expect(reply.headers).toMatchObject({ 'x-answer': 'yes', 'content-encoding': 'gzip' })
    expect(reply.headers).not.toHaveProperty('x-from-pod')
    const plain = await ask({ host: 'web.example.com', headers: { 'x-forwarded-for': '9.9.9.9' } })
    expect(plain.sent).toMatchObject({ 'x-ours': 'web.example.com', 'x-forwarded-for': '127.0.0.1' })
    expect(plain.sent['x-unique']).toMatch(/^[0-9A-F]+/)
    expect(await ask({ host: 'nobody.example.com' })).toMatchObject({ status: 404, text: 'nothing here\n' })
    live.putRoute('empty', { to: { kind: 'Service', name: 'nothing' } })
    await live.settle()
    expect(await ask({ host: 'empty.example.com' })).toMatchObject({ status: 503, text: 'fishing\n' })
  })
  it('the PROXY protocol, with and without TLS, also before a sorter', async () => {
    const live = await start({ settings: { acceptProxy: true } })
    const get = 'GET / HTTP/1.1\r\nHost: web.example.com\r\nConnection: close\r\n\r\n'
    const raw = (bytes: string) =>
      new Promise<string>(resolve => {
        const socket = connect(80, '127.0.0.1', () => socket.write(bytes))
        let text = ''
        socket.on('data', data => (text += data)).on('error', () => {})
        socket.on('close', () => resolve(text))
      })
    expect(await raw(`PROXY TCP4 192.0.2.7 192.0.2.1 4000 80\r\n${get}`)).toContain('"x-forwarded-for":"192.0.2.7"')
    expect(await raw(get)).toBe('')
    const secure = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(443, '127.0.0.1', () => {
          socket.write('PROXY TCP4 192.0.2.8 192.0.2.1 4000 443\r\n')
          const tls = tlsConnect({ socket, servername: 'web.example.com', rejectUnauthorized: false }, () =>
            tls.write(get),
          )
          let text = ''
          tls.on('data', data => (text += data)).on('error', reject)
          tls.on('close', () => resolve(text))
        })
        socket.on('error', reject)
      })
    expect(await secure()).toContain('"x-forwarded-for":"192.0.2.8"')
    live.putRoute('pass', { tls: { termination: 'passthrough' } })
    await live.settle()
    expect(await secure()).toContain('"x-forwarded-for":"192.0.2.8"')
  })
  it('a PROXY header from balancers alone; what others send is theirs', async () => {
    const live = await start({ settings: { proxyFrom: ['127.0.0.50', '192.0.2.0/24'] } })
    const get = 'GET / HTTP/1.1\r\nHost: web.example.com\r\nConnection: close\r\n\r\n'
    const raw = (bytes: string, localAddress: string) =>
      new Promise<string>(resolve => {
        const socket = connect({ port: 80, host: '127.0.0.1', localAddress }, () => socket.write(bytes))
        let text = ''
        socket.on('data', data => (text += data)).on('error', () => {})
        socket.on('close', () => resolve(text))
      })
    const header = 'PROXY TCP4 203.0.113.7 192.0.2.1 4000 80\r\n'
    expect(await raw(header + get, '127.0.0.50')).toContain('"x-forwarded-for":"203.0.113.7"')
    expect(await raw(get, '127.0.0.51')).toContain('"x-forwarded-for":"127.0.0.51"')
    expect(await raw(header + get, '127.0.0.51')).toMatch(/^HTTP\/1.1 400/)
    expect((await ask({ host: 'web.example.com', tls: true })).status).toBe(200)
    live.putRoute('pass', { tls: { termination: 'passthrough' } })
    await live.settle()
    expect((await ask({ host: 'web.example.com', tls: true })).sent['x-forwarded-for']).toBe('127.0.0.1')
  })
  it('certificates of clients: required, told to pods, and only of subjects that match', async () => {
    const { certificate } = splitPem(otherCertificate)
    const files = { 'openshift-config/ca': { 'ca-bundle.pem': certificate } }
    const authorities = 'openshift-config/ca'
    await start({ settings: { clientTls: { verify: 'required', authorities } } }, files)
    const mine = { cert: certificate, key: splitPem(otherCertificate).key }
    const reply = await ask({ host: 'web.example.com', tls: mine, headers: { 'x-ssl-client-cn': 'forged' } })
    expect(reply.sent).toMatchObject({ 'x-ssl-client-cn': 'other.test', 'x-ssl': '1', 'x-ssl-client-verify': '0' })
    await expect(ask({ host: 'web.example.com', tls: true })).rejects.toThrow()
    const foreign = { cert: splitPem(someCertificate).certificate, key: splitPem(someCertificate).key }
    await expect(ask({ host: 'web.example.com', tls: foreign })).rejects.toThrow()
    await start({ settings: { clientTls: { verify: 'optional', authorities, subjects: ['CN=nobody$'] } } }, files)
    expect((await ask({ host: 'web.example.com', tls: true })).status).toBe(200)
    expect((await ask({ host: 'web.example.com', tls: mine })).status).toBe(403)
  })
  it('TLS versions and ciphers, buffers and times', async () => {
    await start({
      settings: {
        tls: { minVersion: 'TLSv1.3', suites: ['TLS_AES_256_GCM_SHA384'] },
        buffers: { size: 65_536, rewrite: 16_384 },
        times: {
          client: 5000,
          clientFin: 500,
          server: 300,
          tunnel: 1000,
          connect: 100,
          keepAlive: 100,
          inspect: 100,
          check: 1000,
        },
        ignoreEmpty: true,
        deferIdle: true,
        abortClosed: true,
      },
    })
    const shake = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string>((resolve, reject) => {
        const socket = tlsConnect({ host: '127.0.0.1', port: 443, maxVersion, rejectUnauthorized: false }, () => {
          resolve(socket.getCipher().name)
          socket.destroy()
        })
        socket.on('error', reject)
      })
    expect(await shake('TLSv1.3')).toBe('TLS_AES_256_GCM_SHA384')
    await expect(shake('TLSv1.2')).rejects.toThrow()
    expect((await ask({ host: 'web.example.com', headers: { 'x-long': 'x'.repeat(40_000) } })).status).toBe(431)
    expect((await ask({ host: 'web.example.com', headers: { 'x-long': 'x'.repeat(12_000) } })).status).toBe(200)
  })
  it('clients and tunnels that fall silent are ended, and no more are let in than the limit', async () => {
    const live = await start({ settings: { times: { client: 5000, server: 5000, tunnel: 5000 } }, maxConnections: 100 })
    /** What is sent once something was heard; all that came until the connection ended, or until it was enough. */
    const talk = (first: string, then: string, enough: string) =>
      new Promise<string>(resolve => {
        const socket = connect(80, '127.0.0.1', () => socket.write(first))
        let text = ''
        socket.once('data', () => socket.write(then)).on('error', () => {})
        socket
          .on('close', () => resolve(text))
          .on('data', data => {
            text += data
            if (text.includes(enough)) socket.destroy()
          })
      })
    const begin = (...lines: string[]) => ['POST / HTTP/1.1', 'Host: web.example.com', ...lines, '', ''].join('\r\n')
    const never = 'nothing that comes'
    expect(await talk(`${begin('Content-Length: 5')}hello`, '', 'pad')).toMatch(/^HTTP\/1.1 200/)
    const upgrade = begin('Connection: Upgrade', 'Upgrade: echo').replace('POST', 'GET')
    const half = `${begin('Content-Length: 5')}hel`
    const [stalled, idle] = await Promise.all([talk(half, '', never), talk(upgrade, 'ping', never)])
    expect(stalled).toMatch(/^HTTP\/1.1 (408|504)/)
    expect(idle).toMatch(/^HTTP\/1.1 101[\s\S]*ping$/)

    const crowd = Array.from({ length: 150 }, () => connect(80, '127.0.0.1').on('error', () => {}))
    const inside = async () =>
      Number(/^haproxy_frontend_current_sessions\{frontend="public"\} (\d+)$/m.exec(await live.metrics())?.[1])
    while ((await inside()) < 100) await new Promise(resolve => setImmediate(resolve))
    expect(await inside()).toBe(100)
    const late = ask({ host: 'web.example.com' })
    for (const socket of crowd) socket.destroy()
    expect((await late).status).toBe(200)
  }, 120_000)
  it('an alias of the domain: its names are names of the domain, unless a Route is for one of them', async () => {
    const live = await start({ alias: 'apps.fairlead.localhost' })
    live.putRoute('named', { host: 'named.apps.fairlead.localhost', tls: { termination: 'edge' } })
    live.putRoute('plain', { host: 'plain.apps.fairlead.localhost', path: '/own' })
    live.putRoute('domain', { host: 'plain.apps.fairlead.test' })
    await live.settle()
    const status = async (host: string, path = '/', tls = false) => (await ask({ host, path, tls })).status
    expect(await status('named.apps.fairlead.localhost', '/', true)).toBe(200)
    expect(await status('plain.apps.fairlead.localhost', '/own')).toBe(200)
    expect(await status('plain.apps.fairlead.localhost', '/other')).toBe(200)
    expect(await status('plain.apps.fairlead.test', '/other')).toBe(200)
    expect(await status('named.apps.fairlead.test', '/', true)).toBe(503)
    expect(await status('nobody.apps.fairlead.localhost')).toBe(503)
    live.putRoute('passed', { host: 'passed.apps.fairlead.localhost', tls: { termination: 'passthrough' } })
    await live.settle()
    expect(await status('named.apps.fairlead.localhost', '/', true)).toBe(200)
    await expect(ask({ host: 'passed.apps.fairlead.localhost', tls: true })).rejects.toThrow()
    expect(await status('plain.apps.fairlead.localhost', '/own')).toBe(200)
  })
  it('shards: Routes by their labels and their namespaces’, followed as these change', async () => {
    const live = await start({
      settings: {
        namespaceSelector: { matchLabels: { shard: 'a' } },
        routeSelector: { matchExpressions: [{ key: 'public', operator: 'Exists' }] },
      },
    })
    const { api } = live.bench
    const put = (labels: Readonly<Record<string, string>>) =>
      api.put(Route, {
        metadata: { namespace: 'shop', name: 'mine', labels },
        spec: { host: 'mine.example.com', to: { kind: 'Service', name: 'web' } },
      })
    const status = async () => {
      await live.settle()
      return (await ask({ host: 'mine.example.com' })).status
    }
    api.put(Namespace, { metadata: { name: 'shop', labels: { shard: 'a' } }, spec: {} })
    put({ public: 'yes' })
    expect(await status()).toBe(200)
    put({})
    expect(await status()).toBe(503)
    put({ public: 'yes' })
    expect(await status()).toBe(200)
    api.put(Namespace, { metadata: { name: 'shop', labels: { shard: 'b' } }, spec: {} })
    expect(await status()).toBe(503)
  })
  it('reloads keep their distance; what needs none is not held up', async () => {
    const REWRITE = 'haproxy.router.openshift.io/rewrite-target'
    const reloadMs = 3000
    const live = await start({ settings: { reloadMs } })
    const status = async (name: string) => (await ask({ host: `${name}.example.com` })).status
    const to = { to: { kind: 'Service', name: 'web' } } as const
    /** When it was seen last that there were no more processes than these. */
    const lastWith = async (loads: number) => {
      let seenMs = performance.now()
      while (live.loads() <= loads) {
        seenMs = performance.now()
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      return seenMs
    }
    const before = live.loads()
    live.putRoute('first', { ...to, path: '/a' }, { [REWRITE]: '/x' })
    const firstMs = await lastWith(before)
    live.putRoute('second', { ...to, path: '/b' }, { [REWRITE]: '/y' })
    live.putRoute('plain', to)
    await eventually(() => live.bench.api.get(Route, { namespace: 'shop', name: 'plain' })?.status !== undefined)
    const [plain, second, loads] = [await status('plain'), await status('second'), live.loads()]
    // On a machine on which all of this took longer it is served by now, and there is nothing to see.
    if (performance.now() - firstMs < reloadMs) {
      expect([plain, second, loads]).toEqual([200, 503, before + 1])
      expect(live.bench.api.get(Route, { namespace: 'shop', name: 'second' })?.status).toBeUndefined()
      expect(live.bench.progress.progress().busy).toContain('router-reload')
    }
    await live.settle()
    expect(performance.now() - firstMs).toBeGreaterThanOrEqual(reloadMs)
    expect([(await ask({ host: 'second.example.com', path: '/b' })).url, live.loads()]).toEqual(['/y', before + 2])
    const [route] = [live.bench.api.get(Route, { namespace: 'shop', name: 'second' })]
    expect(route?.status?.ingress?.[0]?.conditions?.[0]).toMatchObject({ type: 'Admitted', status: 'True' })
    // Without a distance it is served as soon as HAProxy has it.
    const prompt = await start()
    const startMs = performance.now()
    const known = prompt.loads()
    for (const [path, target] of [
      ['/a', '/x'],
      ['/b', '/y'],
    ] as const) {
      prompt.putRoute(target.slice(1), { ...to, path }, { [REWRITE]: target })
      await prompt.settle()
    }
    expect(prompt.loads()).toBe(known + 2)
    expect(performance.now() - startMs).toBeLessThan(reloadMs * slowness())
  })
})

import { createServer } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../api/core/secret.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { weaklySigned } from './testing-certificates.ts'
import { address, at, drop, put, putService, router, rule, serveIngresses, told } from './testing-ingress.ts'
import { type Ask, ask, splitPem } from './testing-live.ts'

serveIngresses()

describe('annotations of ingress-nginx', () => {
  const nginx = (annotations: Readonly<Record<string, string>>, spec: object) =>
    put(
      'nginx',
      { ingressClassName: 'nginx', ...spec },
      {
        annotations: Object.fromEntries(
          Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
        ),
      },
    )
  const all = { rules: [rule('n.test', ['Prefix', '/', 'a'])] }
  const get = (path = '/', headers = {}, more: Partial<Ask> = {}) => ask({ host: 'n.test', path, headers, ...more })

  it('rewriting, with expressions and groups', async () => {
    await nginx(
      { 'rewrite-target': '/$2' },
      { rules: [rule('n.test', ['ImplementationSpecific', '/app(/|$)(.*)', 'a'])] },
    )
    expect((await get('/app/x/y?q=1')).url).toBe('/x/y?q=1')
    expect((await get('/APP')).status).toBe(404)
    expect((await get('/app')).url).toBe('/')
    expect((await get('/apple')).status).toBe(404)
    await nginx({ 'use-regex': 'true' }, { rules: [rule('n.test', ['ImplementationSpecific', '/v[0-9]+/.*', 'b'])] })
    expect([(await get('/v12/x')).pod, (await get('/v/x')).status]).toEqual(['b', 404])
    await nginx({}, all)
    expect((await get('/app/x')).url).toBe('/app/x')
  })

  it('redirects', async () => {
    await nginx({ 'permanent-redirect': 'https://x.test/y' }, all)
    expect([(await get()).status, (await get()).headers.location]).toEqual([301, 'https://x.test/y'])
    await nginx({ 'temporal-redirect': '/z' }, all)
    expect([(await get()).status, (await get()).headers.location]).toEqual([302, '/z'])
    await nginx({ 'app-root': '/home' }, all)
    expect([(await get()).headers.location, (await get('/x')).pod]).toEqual(['/home', 'a'])
    await nginx({ 'force-ssl-redirect': 'true' }, all)
    expect([(await get('/p?q')).status, (await get('/p?q')).headers.location]).toEqual([308, 'https://n.test/p?q'])
    expect((await get('/', {}, { tls: true })).pod).toBe('a')
    const tls = [{ hosts: ['n.test'], secretName: 'cert' }]
    await nginx({}, { ...all, tls })
    expect((await get()).status).toBe(308)
    await nginx({ 'ssl-redirect': 'false' }, { ...all, tls })
    expect((await get()).pod).toBe('a')
  })

  it('CORS, body size, lists of addresses, limits, headers', async () => {
    await nginx({ 'enable-cors': 'true', 'cors-allow-origin': 'https://a.test' }, all)
    expect((await get('/', { origin: 'https://a.test' })).headers['access-control-allow-origin']).toBe('https://a.test')
    expect((await get('/', { origin: 'https://b.test' })).headers['access-control-allow-origin']).toBeUndefined()
    await nginx({ 'proxy-body-size': '10' }, all)
    expect([(await get('/', { 'content-length': '11' })).status, (await get()).status]).toEqual([413, 200])
    await nginx({ 'whitelist-source-range': '192.0.2.0/24' }, all)
    expect((await get()).status).toBe(403)
    await nginx({ 'whitelist-source-range': '127.0.0.0/8' }, all)
    expect((await get()).status).toBe(200)
    await nginx({ 'denylist-source-range': '127.0.0.1' }, all)
    expect((await get()).status).toBe(403)
    await nginx({ 'upstream-vhost': 'inner.test', 'x-forwarded-prefix': '/p' }, all)
    expect((await get()).sent).toMatchObject({ host: 'inner.test', 'x-forwarded-prefix': '/p' })
    await nginx({ 'limit-rps': '1' }, all)
    const codes = new Set<number>()
    for (let index = 0; index < 14; index++) codes.add((await get()).status)
    expect([...codes]).toEqual([200, 503])
  })

  it('the name with www. and the one without lead to whichever is a host', async () => {
    await nginx({ 'from-to-www-redirect': 'true' }, all)
    const www = await ask({ host: 'www.n.test', path: '/p?q' })
    expect([www.status, www.headers.location]).toEqual([308, 'http://n.test/p?q'])
    const ported = await ask({ host: 'www.n.test:8443', path: '/p', tls: true })
    expect(ported.headers.location).toBe('https://n.test:8443/p')
    await put('www', { rules: [rule('www.n.test', ['Prefix', '/own', 'b'])] })
    expect(await at('www.n.test', '/own', '/other')).toEqual(['b', '308'])
    expect((await get()).pod).toBe('a')
    await drop('www')
    await nginx({}, all)
    expect((await ask({ host: 'www.n.test' })).status).toBe(404)
  })

  const canary = (annotations: Readonly<Record<string, string>>, name = 'canary') =>
    put(
      name,
      { ingressClassName: 'nginx', rules: [rule('n.test', ['Prefix', '/', name === 'canary' ? 'b' : 'c'])] },
      {
        annotations: Object.fromEntries(
          Object.entries({ canary: 'true', ...annotations }).map(([key, value]) => [
            `nginx.ingress.kubernetes.io/${key}`,
            value,
          ]),
        ),
      },
    )

  it('a canary by weight has its exact share; by header and cookie who asks; its end gives all back', async () => {
    await nginx({}, all)
    const pods = async (times: number, headers = {}) => {
      const seen = { a: 0, b: 0 }
      for (let index = 0; index < times; index++) seen[(await get('/', headers)).pod as 'a']++
      return seen
    }
    await canary({ 'canary-weight': '1', 'canary-weight-total': '4' })
    expect(await pods(40)).toEqual({ a: 30, b: 10 })
    await canary({ 'canary-by-header': 'X-Try', 'canary-by-cookie': 'try' })
    expect(await pods(4)).toEqual({ a: 4, b: 0 })
    expect(await pods(2, { 'x-try': 'always' })).toEqual({ a: 0, b: 2 })
    expect(await pods(2, { cookie: 'x=1; try=always' })).toEqual({ a: 0, b: 2 })
    expect(await pods(2, { 'x-try': 'never', cookie: 'try=always' })).toEqual({ a: 2, b: 0 })
    expect(await pods(2, { 'x-try': 'perhaps' })).toEqual({ a: 2, b: 0 })
    await canary({ 'canary-by-header': 'X-Try', 'canary-by-header-value': 'eu' })
    expect([await pods(1, { 'x-try': 'eu' }), await pods(1, { 'x-try': 'always' })]).toEqual([
      { a: 0, b: 1 },
      { a: 1, b: 0 },
    ])
    await canary({ 'canary-by-header': 'X-Try', 'canary-by-header-pattern': 'u[ks]$', 'canary-weight': '0' })
    expect([await pods(1, { 'x-try': 'en-us' }), await pods(1, { 'x-try': 'us-en' })]).toEqual([
      { a: 0, b: 1 },
      { a: 1, b: 0 },
    ])
    await canary({ 'canary-weight': '100', 'canary-by-header': 'X-Try' })
    expect([await pods(3), await pods(2, { 'x-try': 'never' })]).toEqual([
      { a: 0, b: 3 },
      { a: 2, b: 0 },
    ])
    await drop('canary')
    expect(await pods(3)).toEqual({ a: 3, b: 0 })
  })

  it('a canary without its other Ingress, beside an older one, or of another namespace takes nothing and is told so', async () => {
    await drop('nginx')
    await canary({ 'canary-weight': '100' })
    expect((await get()).status).toBe(404)
    await told('canary', 'takes no requests')
    await nginx({}, all)
    expect((await get()).pod).toBe('b')
    await canary({ 'canary-weight': '100' }, 'later')
    expect((await get()).pod).toBe('b')
    await told('later', 'an older canary takes there')
    await drop('canary')
    expect((await get()).pod).toBe('c')
    await drop('later')
    expect((await get()).pod).toBe('a')
    putService('b', 'bank')
    await put(
      'theirs',
      { ingressClassName: 'nginx', rules: [rule('n.test', ['Prefix', '/', 'b'])] },
      {
        namespace: 'bank',
        annotations: {
          'nginx.ingress.kubernetes.io/canary': 'true',
          'nginx.ingress.kubernetes.io/canary-weight': '100',
        },
      },
    )
    expect((await get()).pod).toBe('a')
    await drop('theirs', 'bank')
  })

  it('TLS of the pods: verified by an authority and a name, asked by that name, shown a certificate; what cannot be sure serves nobody', async () => {
    const [own, client] = [splitPem(someCertificate), splitPem(otherCertificate)]
    const pod = createServer(
      { cert: own.certificate, key: own.key, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const socket = request.socket as TLSSocket & { servername?: string | false }
        const told = { client: socket.getPeerCertificate().subject?.CN ?? '', name: String(socket.servername) }
        response.end(JSON.stringify({ pod: 'tls', headers: told }))
      },
    )
    onTestFinished(() => void pod.close())
    await new Promise<void>(resolve => pod.listen(8443, address('a'), resolve))
    router.bench.api.put(Service, {
      metadata: { namespace: 'shop', name: 'secure' },
      spec: { ports: [{ name: 'web', port: 80 }] },
    } as never)
    router.bench.api.put(EndpointSlice, {
      metadata: { namespace: 'shop', name: 'secure-1', labels: { 'kubernetes.io/service-name': 'secure' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address('a')] }],
      ports: [{ name: 'web', port: 8443 }],
    })
    const putSecret = (name: string, data: Readonly<Record<string, string>>) =>
      router.bench.api.put(Secret, {
        metadata: { namespace: 'shop', name },
        data: Object.fromEntries(
          Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
        ),
      })
    const secure = (annotations: Readonly<Record<string, string>>) =>
      nginx({ 'backend-protocol': 'HTTPS', ...annotations }, { rules: [rule('n.test', ['Prefix', '/', 'secure'])] })
    const name = { 'proxy-ssl-name': 'some.test', 'proxy-ssl-server-name': 'on' }

    await put('safe', { rules: [rule('safe.test', ['Prefix', '/', 'a'])] })
    await secure({})
    expect((await get()).sent).toEqual({ client: '', name: 'false' })
    putSecret('good', { 'ca.crt': own.certificate, 'tls.crt': client.certificate, 'tls.key': client.key })
    await secure({ 'proxy-ssl-secret': 'shop/good', 'proxy-ssl-verify': 'on', ...name })
    expect((await get()).sent).toEqual({ client: 'other.test', name: 'some.test' })
    await secure({ 'proxy-ssl-secret': 'shop/good', 'proxy-ssl-verify': 'on', 'proxy-ssl-name': 'else.test' })
    expect((await get()).status).toBe(503)
    putSecret('good', { 'ca.crt': client.certificate })
    await secure({ 'proxy-ssl-secret': 'shop/good', 'proxy-ssl-verify': 'on', ...name })
    expect((await get()).status).toBe(503)
    putSecret('good', { 'ca.crt': own.certificate })
    await router.settle()
    expect((await get()).sent).toEqual({ client: '', name: 'some.test' })
    for (const [secret, why] of [
      ['shop/none', 'cannot be read'],
      ['bank/good', 'of the same namespace'],
    ]) {
      await secure({ 'proxy-ssl-secret': secret!, 'proxy-ssl-verify': 'on' })
      expect((await get()).status).toBe(503)
      await told('nginx', why!)
    }
    const weak = weaklySigned('weak.test')
    putSecret('good', { 'tls.crt': weak.certificate, 'tls.key': weak.key })
    await secure({ 'proxy-ssl-secret': 'shop/good' })
    await told('nginx', 'HAProxy does not accept')
    expect([(await get()).status, await at('safe.test', '/')]).toEqual([404, ['a']])
    await secure({})
    expect((await get()).pod).toBe('tls')
  })

  it('TLS that is passed through goes to the pods of the root; plain HTTP is sent to TLS', async () => {
    await nginx({ 'ssl-passthrough': 'true', 'whitelist-source-range': '192.0.2.0/24' }, all)
    expect((await get()).status).toBe(404)
    await nginx({ 'ssl-passthrough': 'true' }, all)
    expect([(await get('/p')).status, (await get('/p')).headers.location]).toEqual([308, 'https://n.test/p'])
    // Its pods speak no TLS: what they are sent is not ours.
    await expect(get('/', {}, { tls: true })).rejects.toThrow(
      /wrong version number|disconnected|packet length|ECONNRESET/i,
    )
    await nginx({ 'ssl-passthrough': 'false' }, all)
    expect((await get('/', {}, { tls: true })).pod).toBe('a')
  })

  it('aliases, cookies; what guards and is not served serves nobody; unknown ones are told', async () => {
    await nginx({ 'server-alias': 'alias.test', affinity: 'cookie', 'session-cookie-name': 'route' }, all)
    expect(await at('alias.test', '/')).toEqual(['a'])
    expect((await get()).headers['set-cookie']?.[0]).toMatch(/^route=s[0-9a-f.]*s?[^;]*; path=\/; HttpOnly$/)
    expect((await get('/', {}, { tls: true })).headers['set-cookie']?.[0]).toMatch(/HttpOnly; Secure$/)
    await nginx(
      {
        affinity: 'cookie',
        'affinity-mode': 'persistent',
        'session-cookie-name': 'route',
        'session-cookie-path': '/p',
        'session-cookie-domain': 'n.test',
        'session-cookie-max-age': '60',
        'session-cookie-expires': '3600',
        'session-cookie-samesite': 'None',
        'session-cookie-secure': 'true',
      },
      all,
    )
    expect((await get()).headers['set-cookie']?.[0]).toMatch(
      /; path=\/p; domain=n.test; max-age=60; expires=\w{3}, [\w :]+ GMT; SameSite=None; HttpOnly; Secure$/,
    )
    await nginx({ 'auth-url': 'http://x' }, all)
    expect((await get()).status).toBe(503)
    await told('nginx', 'auth-url is not served; since it says who may come in, nobody is served')
    await nginx({ 'configuration-snippet': 'return 200;', 'proxy-buffering': 'on' }, all)
    expect((await get()).pod).toBe('a')
    await told('nginx', 'proxy-buffering is not served')
    await drop('nginx')
  })
})

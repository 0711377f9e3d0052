import { createHash } from 'node:crypto'
import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Event } from '../api/core/event.ts'
import { Secret } from '../api/core/secret.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Route } from '../api/route/route.ts'
import { eventually, settled, type TestBench, testBench } from '../client/testing.ts'
import { ConnectionError } from '../client/transport.ts'
import { type FakeHaproxy, type FakeOptions, fakeHaproxy } from '../host/haproxy/fake.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import type { Listenable } from '../host/socket/mod.ts'
import { ROUTER_DEFAULTS, type RouterOptions } from '../model/routes/options.ts'
import { startRouter } from './role.ts'

/** OKD's name of the cookie of shop/web. */
const COOKIE = createHash('md5').update(' shop:web').digest('hex')

interface Router {
  readonly bench: TestBench
  readonly haproxy: FakeHaproxy
  stop(): Promise<void>
  probe(path: string, authorization?: string): Promise<{ code: number; text: string }>
}

let running: Router | undefined
afterEach(async () => {
  await running?.stop()
  running?.bench.close()
  running = undefined
})

const split = (pem: string): { certificate: string; key: string } => {
  const at = pem.indexOf('-----BEGIN PRIVATE')
  return { certificate: pem.slice(0, at), key: pem.slice(at) }
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

function putCertificate({ api }: TestBench, pem: string): void {
  const { certificate, key } = split(pem)
  api.put(Secret, {
    metadata: { namespace: 'openshift-ingress', name: 'router-certs-default' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  })
}

function putService({ api }: TestBench, name: string, ...addresses: readonly string[]): void {
  api.put(Service, { metadata: { namespace: 'shop', name }, spec: {} })
  api.put(EndpointSlice, {
    metadata: { namespace: 'shop', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map(address => ({ addresses: [address] })),
    ports: [{ name: 'http', port: 8080 }],
  })
}

const putRoute = ({ api }: TestBench, name: string, spec: Partial<Route['spec']> = {}, namespace = 'shop'): Route =>
  api.put(Route, {
    metadata: { namespace, name },
    spec: { host: `${name}.example.com`, to: { kind: 'Service', name: 'web' }, ...spec },
  })

async function start(
  prepare: (bench: TestBench) => void = () => {},
  fake: FakeOptions = {},
  options: Partial<RouterOptions> = {},
): Promise<Router> {
  const bench = testBench()
  const haproxy = fakeHaproxy(fake)
  const stop = new AbortController()
  let port = 0
  const listen = (server: Listenable): Promise<void> =>
    new Promise(resolve =>
      server.listen(0, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port
        resolve()
      }),
    )
  putCertificate(bench, someCertificate)
  prepare(bench)
  const deps = { ...bench, client: bench.informers.client, haproxy, listen, graceMs: 0 }
  const role = await startRouter(deps, { ...ROUTER_DEFAULTS, ...options }, stop.signal)
  running = {
    bench,
    haproxy,
    stop() {
      stop.abort(new Error('stop'))
      return role.done
    },
    probe: (path, authorization) =>
      new Promise((resolve, reject) => {
        get({ port, path, host: '127.0.0.1', headers: authorization ? { authorization } : {} }, response => {
          let text = ''
          response.on('data', chunk => (text += chunk)).on('end', () => resolve({ code: response.statusCode!, text }))
        }).on('error', reject)
      }),
  }
  await settled(bench)
  return running
}

const mapOf = ({ haproxy }: Router, map: string): Record<string, string> =>
  Object.fromEntries(haproxy.state?.maps.get(map) ?? [])
const serversOf = ({ haproxy }: Router, backend: string): string[] =>
  [...(haproxy.state?.backends.get(backend)?.values() ?? [])].filter(one => !one.maintenance).map(one => one.endpoint)
const conditions = ({ bench }: Router, name: string, namespace = 'shop') =>
  bench.api.get(Route, { namespace, name })?.status?.ingress?.[0]?.conditions ?? []

describe('startRouter', () => {
  it('serves what is there, and tells it', async () => {
    const router = await start(bench => {
      putService(bench, 'web', '10.128.0.5', '10.128.2.5')
      putRoute(bench, 'web')
    })
    expect(mapOf(router, 'http.map')).toEqual({
      'web.example.com/': `random-0|shop/web|web|p${COOKIE}`,
    })
    expect(serversOf(router, 'random-0')).toEqual(['10.128.0.5:8080', '10.128.2.5:8080'])
    expect(router.bench.api.get(Route, { namespace: 'shop', name: 'web' })?.status?.ingress).toEqual([
      {
        host: 'web.example.com',
        routerName: 'default',
        conditions: [{ type: 'Admitted', status: 'True', lastTransitionTime: expect.any(String) }],
        wildcardPolicy: 'None',
        routerCanonicalHostname: 'router-default.apps.fairlead.test',
      },
    ])
    expect(router.haproxy.loaded).toHaveLength(1)
    expect(await router.probe('/healthz/ready')).toEqual({ code: 200, text: 'ok\n' })
    expect((await router.probe('/metrics')).text).toContain('haproxy_up 1')
    expect((await router.probe('/nothing')).code).toBe(404)
  })

  it('follows new Routes, endpoints, weights and deletions without a reload', async () => {
    const router = await start(bench => putService(bench, 'web', '10.128.0.5'))
    const { bench } = router
    putRoute(bench, 'web')
    await settled(bench)
    expect(serversOf(router, 'random-0')).toEqual(['10.128.0.5:8080'])
    putService(bench, 'web', '10.128.0.6')
    await settled(bench)
    expect(serversOf(router, 'random-0')).toEqual(['10.128.0.6:8080'])
    putService(bench, 'canary', '10.128.4.5')
    putRoute(bench, 'web', {
      to: { kind: 'Service', name: 'web', weight: 90 },
      alternateBackends: [{ kind: 'Service', name: 'canary', weight: 10 }],
    })
    await settled(bench)
    expect(Object.values(mapOf(router, 'weights.map')).filter(value => value.endsWith('|web'))).toHaveLength(9 + 1)
    expect(Object.values(mapOf(router, 'weights.map')).filter(value => value.endsWith('|canary'))).toHaveLength(1 + 1)
    bench.api.drop(Route, { namespace: 'shop', name: 'web' })
    await settled(bench)
    expect(mapOf(router, 'http.map')).toEqual({})
    await vi.waitFor(() => expect(mapOf(router, 'weights.map')).toEqual({}), 30_000)
    for (const servers of router.haproxy.state!.backends.values()) expect(servers.size).toBe(0)
    expect(router.haproxy.loaded).toHaveLength(1)
  })

  it('the oldest claim wins, and the next one when it goes', async () => {
    const router = await start(bench => {
      putService(bench, 'web', '10.128.0.5')
      bench.api.put(Route, {
        metadata: { namespace: 'shop', name: 'old', creationTimestamp: '2025-01-01T00:00:00Z' },
        spec: { host: 'x.example.com', to: { kind: 'Service', name: 'web' } },
      })
      putRoute(bench, 'new', { host: 'x.example.com' })
      putRoute(bench, 'foreign', { host: 'x.example.com', path: '/other' }, 'elsewhere')
    })
    expect(conditions(router, 'old')[0]).toMatchObject({ status: 'True' })
    expect(conditions(router, 'new')[0]).toMatchObject({
      status: 'False',
      reason: 'HostAlreadyClaimed',
      message: 'route old already exposes x.example.com and is older',
    })
    expect(conditions(router, 'foreign', 'elsewhere')[0]).toMatchObject({
      reason: 'HostAlreadyClaimed',
      message: 'a route in another namespace holds x.example.com and is older than foreign',
    })
    router.bench.api.drop(Route, { namespace: 'shop', name: 'old' })
    await settled(router.bench)
    const admitted = [conditions(router, 'new')[0]?.status, conditions(router, 'foreign', 'elsewhere')[0]?.status]
    expect(admitted.sort()).toEqual(['False', 'True'])
  })

  it('says that a Service is missing, and takes it back when it comes', async () => {
    const router = await start(bench => putRoute(bench, 'web'))
    const says = () => conditions(router, 'web').map(({ type, status, reason }) => [type, status, reason])
    expect(says()).toEqual([
      ['Admitted', 'True', undefined],
      ['ResolvedRefs', 'False', 'ServiceNotFound'],
    ])
    await eventually(() => router.bench.api.all(Event).length === 1)
    expect(router.bench.api.all(Event)[0]).toMatchObject({
      type: 'Warning',
      reason: 'ServiceNotFound',
      message: 'Service shop/web does not exist',
    })
    expect(mapOf(router, 'http.map')).toEqual({
      'web.example.com/': `random-0|shop/web|web|p${COOKIE}`,
    })
    putService(router.bench, 'web', '10.128.0.5')
    await settled(router.bench)
    expect(says()).toEqual([['Admitted', 'True', undefined]])
  })

  it('status is written after HAProxy has acknowledged, not before', async () => {
    let isObeying = true
    const router = await start(bench => putService(bench, 'web', '10.128.0.5'), {
      answers: ({ line }) => (line.startsWith('add map') && !isObeying ? 'Unknown map identifier.' : undefined),
      refuses: () => (isObeying ? [] : ['config : nothing goes']),
    })
    isObeying = false
    putRoute(router.bench, 'web')
    await eventually(() => router.haproxy.commands.some(line => line.startsWith('add map')))
    expect(conditions(router, 'web')).toEqual([])
    isObeying = true
    await settled(router.bench)
    expect(conditions(router, 'web')[0]?.status).toBe('True')
  })

  it('restores everything when HAProxy is killed', async () => {
    const router = await start(bench => {
      putService(bench, 'web', '10.128.0.5')
      putRoute(bench, 'web')
    })
    putRoute(router.bench, 'later')
    await settled(router.bench)
    const before = mapOf(router, 'http.map')
    router.haproxy.crash()
    expect((await router.probe('/healthz/ready')).code).toBe(200)
    await settled(router.bench)
    expect(mapOf(router, 'http.map')).toEqual(before)
    expect(serversOf(router, 'random-0')).toEqual(['10.128.0.5:8080'])
  })

  it('is not ready while HAProxy cannot be had', async () => {
    let isRefusing = false
    const router = await start(() => {}, { refuses: () => (isRefusing ? ['config : nothing goes'] : []) })
    isRefusing = true
    router.haproxy.crash()
    expect((await router.probe('/healthz/ready')).code).toBe(503)
    expect((await router.probe('/healthz')).code).toBe(200)
    isRefusing = false
    await settled(router.bench)
    expect((await router.probe('/healthz/ready')).code).toBe(200)
  })

  it('a server goes only when its last request has ended, and comes back as it was', async () => {
    const router = await start(bench => {
      putService(bench, 'web', '10.128.0.5', '10.128.0.6')
      putRoute(bench, 'web')
    })
    const [name] = [...router.haproxy.state!.backends.get('random-0')!.keys()]
    router.haproxy.setBusy('random-0', name!, true)
    putService(router.bench, 'web', '10.128.0.6')
    await settled(router.bench)
    expect(router.haproxy.state!.backends.get('random-0')!.get(name!)?.maintenance).toBe(true)
    putService(router.bench, 'web', '10.128.0.5', '10.128.0.6')
    await settled(router.bench)
    expect(serversOf(router, 'random-0')).toHaveLength(2)
    putService(router.bench, 'web', '10.128.0.6')
    await settled(router.bench)
    router.haproxy.setBusy('random-0', name!, false)
    await eventually(() => !router.haproxy.state!.backends.get('random-0')!.has(name!))
    expect(router.haproxy.loaded).toHaveLength(1)
  })

  it('certificates come, change and go at run time; one that HAProxy refuses is taken from its Route alone', async () => {
    let isRefusing = false
    const refuses = (text: string): boolean => isRefusing && text.includes(split(otherCertificate).key.split('\n')[1]!)
    const router = await start(bench => putService(bench, 'web', '10.128.0.5'), {
      answers: ({ line, payload = [] }) =>
        line.startsWith('set ssl cert') && refuses(payload.join('\n')) ? 'unable to load certificate' : undefined,
      refuses: ({ files }) =>
        [...files]
          .filter(([, text]) => refuses(text))
          .map(([file]) => `config : unable to load certificate from file '${file}'.`),
    })
    putRoute(router.bench, 'own', { tls: { termination: 'edge', ...split(someCertificate) } })
    putRoute(router.bench, 'web', { tls: { termination: 'edge' } })
    await settled(router.bench)
    const list = () => [...router.haproxy.state!.crtLists.get('certs.list')!.values()]
    expect(list()).toEqual([expect.stringMatching(/^certs\/[0-9a-f]{12}\.pem own\.example\.com$/)])
    isRefusing = true
    putRoute(router.bench, 'own', { tls: { termination: 'edge', ...split(otherCertificate) } })
    await settled(router.bench)
    expect(conditions(router, 'own')[0]).toMatchObject({ status: 'False', reason: 'ExtendedValidationFailed' })
    expect(conditions(router, 'web')[0]).toMatchObject({ status: 'True' })
    expect(Object.keys(mapOf(router, 'https.map'))).toEqual(['web.example.com/'])
    isRefusing = false
    putRoute(router.bench, 'own', { tls: { termination: 'edge', ...split(someCertificate) } })
    await settled(router.bench)
    expect(conditions(router, 'own')[0]).toMatchObject({ status: 'True' })
  })

  it('a class of backends that HAProxy refuses is taken from its Routes alone, and the others go on', async () => {
    const action = (name: string): Partial<Route['spec']> => ({
      httpHeaders: { actions: { request: [{ name, action: { type: 'Set', set: { value: 'x' } } }], response: [] } },
    })
    const router = await start(bench => putService(bench, 'web', '10.128.0.5'), {
      refuses: ({ config }) => (/X-Bad/.test(config) ? ['config : parsing [haproxy.cfg:9] : error in it'] : []),
    })
    putRoute(router.bench, 'plain')
    for (let index = 0; index < 5; index++) putRoute(router.bench, `good-${index}`, action(`X-Good-${index}`))
    putRoute(router.bench, 'bad-1', action('X-Bad-1'))
    putRoute(router.bench, 'bad-2', action('X-Bad-2'))
    await settled(router.bench)
    const rejected = {
      status: 'False',
      reason: 'ExtendedValidationFailed',
      message: expect.stringMatching(/^HAProxy does not/),
    }
    for (const name of ['bad-1', 'bad-2']) expect(conditions(router, name)[0]).toMatchObject(rejected)
    for (const name of ['plain', 'good-0', 'good-4'])
      expect([name, conditions(router, name)[0]?.status]).toEqual([name, 'True'])
    expect(Object.keys(mapOf(router, 'http.map'))).toHaveLength(6)
    putRoute(router.bench, 'later')
    putRoute(router.bench, 'bad-1', action('X-Mended'))
    await settled(router.bench)
    for (const name of ['later', 'bad-1']) expect(conditions(router, name)[0]?.status).toBe('True')
    expect(conditions(router, 'bad-2')[0]).toMatchObject(rejected)
  })

  it('a list of allowed clients with a mistake is told in status', async () => {
    const router = await start(bench => putService(bench, 'web', '10.128.0.5'))
    const put = (list: string): Route =>
      router.bench.api.put(Route, {
        metadata: { namespace: 'shop', name: 'web', annotations: { 'haproxy.router.openshift.io/ip_allowlist': list } },
        spec: { host: 'web.example.com', to: { kind: 'Service', name: 'web' } },
      })
    const says = async (list: string) => {
      put(list)
      await settled(router.bench)
      return conditions(router, 'web').map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`.trim())
    }
    expect(await says('192.0.2.0/24 2001:db8::1')).toEqual(['Admitted=True'])
    expect(await says('192.0.2.0/24, 192.0.2.9')).toEqual(['Admitted=True', 'AllowListValid=False EntriesIgnored'])
    expect(await says('192.0.2.0/33')).toEqual(['Admitted=True', 'AllowListValid=False NobodyAllowed'])
    expect(await says('')).toEqual(['Admitted=True', 'AllowListValid=False NobodyAllowed'])
    expect(await says('192.0.2.1')).toEqual(['Admitted=True'])
  })

  it('a Route that goes to another shard loses what was said of it; one that comes is told', async () => {
    const router = await start(
      bench => {
        putService(bench, 'web', '10.128.0.5')
        bench.api.put(Route, {
          metadata: { namespace: 'shop', name: 'left', labels: { shard: 'b' } },
          spec: { host: 'left.example.com', to: { kind: 'Service', name: 'web' } },
          status: { ingress: [{ routerName: 'default' }, { routerName: 'other' }] },
        })
      },
      {},
      { settings: { routeSelector: { matchLabels: { shard: 'a' } } } },
    )
    const speakers = (name: string) =>
      router.bench.api.get(Route, { namespace: 'shop', name })?.status?.ingress?.map(({ routerName }) => routerName)
    expect(speakers('left')).toEqual(['other'])
    const label = async (shard: string) => {
      const old = router.bench.api.get(Route, { namespace: 'shop', name: 'web' })
      const status = old?.status ? { status: old.status } : {}
      const spec = { host: 'web.example.com', to: { kind: 'Service' as const, name: 'web' } }
      router.bench.api.put(Route, { metadata: { namespace: 'shop', name: 'web', labels: { shard } }, spec, ...status })
      await settled(router.bench)
    }
    await label('a')
    expect(speakers('web')).toEqual(['default'])
    await label('b')
    expect(speakers('web')).toEqual([])
    expect(mapOf(router, 'http.map')).toEqual({})
    await label('a')
    expect(speakers('web')).toEqual(['default'])
  })

  it('another router that contradicts for ever is answered a few times only', async () => {
    const router = await start(bench => {
      putService(bench, 'web', '10.128.0.5')
      putRoute(bench, 'web')
    })
    const { api } = router.bench
    const writes = () =>
      api.requests.filter(line => line.startsWith('PUT') && line.includes('/routes/web/status')).length
    for (let turn = 0; turn < 30; turn++) {
      const route = api.get(Route, { namespace: 'shop', name: 'web' })!
      api.put(Route, { ...route, status: { ingress: [{ routerName: 'default', host: 'another' }] } })
      await settled(router.bench)
    }
    expect(writes()).toBeGreaterThan(1)
    expect(writes()).toBeLessThan(10)
    putRoute(router.bench, 'web', { host: 'new.example.com' })
    await settled(router.bench)
    expect(api.get(Route, { namespace: 'shop', name: 'web' })?.status?.ingress?.[0]?.host).toBe('new.example.com')
  })

  it('the API is gone for long: what is served stays, and everything is caught up with when it is back', async () => {
    const router = await start(bench => {
      putService(bench, 'web', '10.128.0.5')
      putRoute(bench, 'web')
    })
    const { api } = router.bench
    const before = mapOf(router, 'http.map')
    api.intercept = () => {
      throw new ConnectionError('nothing listens', { code: 'ECONNREFUSED' })
    }
    const asked = api.requests.length
    api.cutWatches()
    putRoute(router.bench, 'later')
    putService(router.bench, 'web', '10.128.0.6')
    api.compact()
    await eventually(() => api.requests.length > asked + 20)
    expect(mapOf(router, 'http.map')).toEqual(before)
    expect(serversOf(router, 'random-0')).toEqual(['10.128.0.5:8080'])
    router.haproxy.crash()
    await eventually(() => mapOf(router, 'http.map')['web.example.com/'] !== undefined)
    expect((await router.probe('/healthz/ready')).code).toBe(200)
    api.intercept = undefined
    await settled(router.bench)
    expect(Object.keys(mapOf(router, 'http.map')).sort()).toEqual(['later.example.com/', 'web.example.com/'])
    expect(serversOf(router, 'random-0')).toEqual(['10.128.0.6:8080'])
  })

  it('metrics are for those who have the password, or a token of somebody who may', async () => {
    const secret = { namespace: 'openshift-ingress', name: 'router-stats-default' }
    const data = { statsUsername: base64('user1'), statsPassword: base64('secret') }
    const router = await start(() => {}, {}, { statsSecret: 'openshift-ingress/router-stats-default' })
    const { api } = router.bench
    const code = async (authorization?: string) => (await router.probe('/metrics', authorization)).code
    const basic = (text: string) => `Basic ${base64(text)}`
    expect([await code(), await code(basic('user1:secret')), await code(basic(':'))]).toEqual([401, 401, 401])
    api.put(Secret, { metadata: secret, data })
    await settled(router.bench)
    expect(await code(basic('user1:secret'))).toBe(200)
    for (const wrong of [undefined, basic('user1:Secret'), basic('user1:secret2'), basic('user1'), 'Basic', 'Bearer '])
      expect([wrong, await code(wrong)]).toEqual([wrong, 401])
    let isAllowed = true
    api.intercept = ({ path, body }) => {
      const text = Buffer.from((body as Uint8Array | undefined) ?? []).toString()
      const of = (status: object) => ({
        status: 201,
        headers: {},
        body: Buffer.from(JSON.stringify({ ...JSON.parse(text), status })),
      })
      if (path.includes('tokenreviews'))
        return of(text.includes('good') ? { authenticated: true, user: { username: 'scraper' } } : {})
      if (path.includes('subjectaccessreviews')) {
        expect(JSON.parse(text).spec).toMatchObject({
          user: 'scraper',
          resourceAttributes: { group: 'route.openshift.io', resource: 'routers', subresource: 'metrics', verb: 'get' },
        })
        return of({ allowed: isAllowed })
      }
      return undefined
    }
    expect([await code('Bearer good'), await code('Bearer bad')]).toEqual([200, 401])
    isAllowed = false
    expect(await code('Bearer good')).toBe(403)
    expect((await router.probe('/healthz')).code).toBe(200)
  })

  it('serves plain HTTP until there is a default certificate', async () => {
    const router = await start(bench => {
      bench.api.drop(Secret, { namespace: 'openshift-ingress', name: 'router-certs-default' })
      putService(bench, 'web', '10.128.0.5')
      putRoute(bench, 'web')
    })
    expect(router.haproxy.loaded.at(-1)!.config).not.toContain('frontend secure')
    expect(mapOf(router, 'http.map')).toHaveProperty(['web.example.com/'])
    putCertificate(router.bench, someCertificate)
    await settled(router.bench)
    expect(router.haproxy.loaded.at(-1)!.config).toContain('frontend secure')
    putCertificate(router.bench, otherCertificate)
    await settled(router.bench)
    expect(router.haproxy.loaded).toHaveLength(2)
    expect(router.haproxy.state!.certificates.get('certs/default.pem')).toContain(
      split(otherCertificate).key.split('\n')[1],
    )
  })

  it('many new Routes of many Services need few reloads, of one Service none', async () => {
    const router = await start(bench => putService(bench, 'web', '10.128.0.5'))
    for (let index = 0; index < 200; index++) putRoute(router.bench, `of-one-${index}`)
    await settled(router.bench)
    expect(router.haproxy.loaded).toHaveLength(1)
    for (let batch = 0; batch < 40; batch++) {
      for (let index = 0; index < 10; index++) {
        putService(router.bench, `s-${batch}-${index}`, '10.128.0.5')
        putRoute(router.bench, `r-${batch}-${index}`, { to: { kind: 'Service', name: `s-${batch}-${index}` } })
      }
      await settled(router.bench)
    }
    expect(Object.keys(mapOf(router, 'http.map'))).toHaveLength(600)
    expect(router.haproxy.loaded.length).toBeGreaterThan(1)
    expect(router.haproxy.loaded.length).toBeLessThanOrEqual(4)
  })
})

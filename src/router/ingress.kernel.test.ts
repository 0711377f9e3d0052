import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Service } from '../api/core/service.ts'
import { Ingress } from '../api/networking/ingress.ts'
import { otherCertificate } from '../host/haproxy/testdata/certificates.ts'
import {
  at,
  drop,
  type Path,
  put,
  putService,
  router,
  rule,
  serveIngresses,
  status,
  to,
  told,
  who,
} from './testing-ingress.ts'
import { ask, putTlsSecret } from './testing-live.ts'

serveIngresses()

describe('paths', () => {
  const cases: readonly (readonly [
    name: string,
    rules: readonly Path[],
    expected: Readonly<Record<string, string>>,
  ])[] = [
    ['exact', [['Exact', '/foo', 'a']], { '/foo': 'a', '/foo/': '404', '/FOO': '404', '/bar': '404', '/foo/x': '404' }],
    ['exact with a slash', [['Exact', '/foo/', 'a']], { '/foo/': 'a', '/foo': '404' }],
    ['the root alone', [['Exact', '/', 'a']], { '/': 'a', '/x': '404' }],
    ['all', [['Prefix', '/', 'a']], { '/': 'a', '/x/y': 'a', '/?q=1': 'a' }],
    [
      'prefix',
      [['Prefix', '/foo', 'a']],
      { '/foo': 'a', '/foo/': 'a', '/foo/x': 'a', '/foobar': '404', '/Foo': '404' },
    ],
    ['prefix with a slash', [['Prefix', '/foo/', 'a']], { '/foo': 'a', '/foo/': 'a', '/foo/x': 'a', '/fo': '404' }],
    ['by element', [['Prefix', '/aaa/bb', 'a']], { '/aaa/bb': 'a', '/aaa/bbb': '404', '/aaa/bb/ccc': 'a' }],
    [
      'longest',
      [
        ['Prefix', '/', 'a'],
        ['Prefix', '/aaa', 'b'],
        ['Prefix', '/aaa/bbb', 'c'],
      ],
      { '/aaa/bbb/x': 'c', '/aaa/c': 'b', '/ccc': 'a' },
    ],
    [
      'exact before prefix',
      [
        ['Prefix', '/foo', 'a'],
        ['Exact', '/foo', 'b'],
      ],
      { '/foo': 'b', '/foo/': 'a', '/foo?x': 'b' },
    ],
    [
      'any order',
      [
        ['Exact', '/foo', 'b'],
        ['Prefix', '/', 'c'],
        ['Prefix', '/foo/', 'a'],
      ],
      { '/foo': 'b', '/foo/': 'a', '/x': 'c' },
    ],
    [
      'left to us',
      [
        ['ImplementationSpecific', '/foo', 'a'],
        ['ImplementationSpecific', '', 'b'],
      ],
      { '/foo/x': 'a', '/x': 'b' },
    ],
    [
      'the first of equals',
      [
        ['Prefix', '/foo', 'a'],
        ['Prefix', '/foo', 'b'],
      ],
      { '/foo': 'a' },
    ],
  ]
  it.each(cases)('%s', async (_name, rules, expected) => {
    await put('paths', { rules: [rule('paths.test', ...rules)] })
    const paths = Object.keys(expected)
    expect(Object.fromEntries((await at('paths.test', ...paths)).map((one, index) => [paths[index], one]))).toEqual(
      expected,
    )
    await drop('paths')
  })
})

describe('hosts', () => {
  it('exact before wildcard, one label, any case and port; others are not found', async () => {
    await put('hosts', {
      rules: [rule('*.foo.test', ['Prefix', '/', 'a']), rule('own.foo.test', ['Prefix', '/own', 'b'])],
    })
    expect(await at('x.foo.test', '/')).toEqual(['a'])
    expect(await at('X.Foo.test:80', '/')).toEqual(['a'])
    expect(await at('own.foo.test', '/own', '/else')).toEqual(['b', '404'])
    expect(await at('x.y.foo.test', '/')).toEqual(['404'])
    expect(await at('foo.test', '/')).toEqual(['404'])
    expect(await at('nobody.test', '/')).toEqual(['404'])
    await drop('hosts')
    expect(await at('x.foo.test', '/')).toEqual(['404'])
  })

  it('rules without a host are for hosts that nobody claims, by Ingress or Route', async () => {
    await put('open', { rules: [rule(undefined, ['Prefix', '/', 'a'], ['Exact', '/b', 'b'])] })
    await put('closed', {
      rules: [rule('closed.test', ['Prefix', '/c', 'c']), rule('*.wild.test', ['Prefix', '/c', 'c'])],
    })
    router.putRoute('some', { host: 'some.test', path: '/d' })
    router.putRoute('tls', { host: 'tls.test', tls: { termination: 'edge' } })
    await router.settle()
    expect(await at('any.test', '/', '/b', '/b/')).toEqual(['a', 'b', 'a'])
    expect(await who({ host: 'any.test', tls: true })).toBe('a')
    expect(await at('closed.test', '/c', '/')).toEqual(['c', '404'])
    expect(await at('x.wild.test', '/c', '/')).toEqual(['c', '404'])
    expect(await at('some.test', '/d', '/')).toEqual(['d', '404'])
    expect(await at('tls.test', '/')).toEqual(['404'])
    expect(await who({ host: 'tls.test', tls: true })).toBe('d')
    await drop('open')
    expect(await at('any.test', '/')).toEqual(['404'])
  })

  it('the default backend: what no path takes of its own hosts, and hosts that nobody claims', async () => {
    await put('own', { defaultBackend: to('d'), rules: [rule('own.test', ['Prefix', '/a', 'a'])] })
    await put('not', { rules: [rule('not.test', ['Prefix', '/a', 'a'])] })
    expect(await at('own.test', '/a', '/')).toEqual(['a', 'd'])
    expect(await at('not.test', '/a', '/')).toEqual(['a', '404'])
    expect(await at('unheard.test', '/', '/x')).toEqual(['d', 'd'])
    await put('open', { rules: [rule(undefined, ['Prefix', '/x', 'b'])] })
    expect(await at('unheard.test', '/', '/x')).toEqual(['d', 'b'])
    for (const name of ['own', 'not', 'open']) await drop(name)
    expect(await at('unheard.test', '/')).toEqual(['404'])
  })

  it('a Route keeps its paths from wildcards of others', async () => {
    await put('wild', { rules: [rule('*.kept.test', ['Prefix', '/', 'a'])] }, { namespace: 'thief' })
    putService('a', 'thief')
    router.putRoute('kept', { host: 'one.kept.test', path: '/d' })
    await router.settle()
    expect(await at('two.kept.test', '/')).toEqual(['a'])
    expect(await at('one.kept.test', '/d', '/')).toEqual(['d', '404'])
    await drop('wild', 'thief')
  })
})

describe('backends', () => {
  it('ports of the Service by number and name, followed when they change; a port or Service that is missing is 503', async () => {
    const path = (path: string, backend: object) => ({ path, pathType: 'Prefix', backend })
    await put('ports', {
      rules: [
        {
          host: 'ports.test',
          http: {
            paths: [
              path('/number', to('a', 80)),
              path('/name', to('a', 'web')),
              path('/none', to('a', 99)),
              path('/gone', to('gone')),
              path('/other', { resource: { apiGroup: 'x.test', kind: 'Bucket', name: 'b' } }),
            ],
          },
        },
      ],
    })
    expect(await at('ports.test', '/number', '/name', '/none', '/gone', '/other')).toEqual([
      'a',
      'a',
      '503',
      '503',
      '503',
    ])
    await told('ports', 'Service shop/gone does not exist')
    await told('ports', 'backends that are no Service are not served: "Bucket/b"')
    router.bench.api.put(Service, {
      metadata: { namespace: 'shop', name: 'a' },
      spec: { ports: [{ name: 'web', port: 99 }] },
    } as never)
    await router.settle()
    expect(await at('ports.test', '/number', '/none')).toEqual(['503', 'a'])
    putService('a')
    await drop('ports')
  })
})

describe('TLS', () => {
  it('the certificate of a Secret by name; plain HTTP is served beside it; without a good Secret the default one is shown', async () => {
    await put('tls', {
      tls: [
        { hosts: ['tls1.test'], secretName: 'cert' },
        { hosts: ['*.many.test'], secretName: 'cert' },
      ],
      rules: [rule('tls1.test', ['Prefix', '/', 'a']), rule('x.many.test', ['Prefix', '/', 'b'])],
    })
    const shown = async (host: string) => (await ask({ host, tls: true })).certificate
    expect(await shown('tls1.test')).toBe('some.test')
    await told('tls', 'Secret shop/cert cannot be read; the default certificate is shown instead')
    putTlsSecret(router.bench, 'shop', 'cert', otherCertificate)
    await router.settle()
    expect([await shown('tls1.test'), await shown('x.many.test')]).toEqual(['other.test', 'other.test'])
    expect(await shown('elsewhere.test')).toBe('some.test')
    expect([await who({ host: 'tls1.test', tls: true }), await who({ host: 'tls1.test' })]).toEqual(['a', 'a'])
    await drop('tls')
  })
})

describe('who serves', () => {
  it('ours by class or by the old annotation; the status says where, and goes with the class', async () => {
    const rules = [rule('class.test', ['Prefix', '/', 'a'])]
    await put('class', { rules })
    expect(await at('class.test', '/')).toEqual(['a'])
    expect(status('class')).toEqual([{ hostname: 'router-default.apps.fairlead.test' }])
    await put('class', { rules, ingressClassName: 'other' })
    expect([await at('class.test', '/'), status('class')]).toEqual([['404'], []])
    await put(
      'class',
      { rules, ingressClassName: undefined },
      { annotations: { 'kubernetes.io/ingress.class': 'fairlead' } },
    )
    expect(await at('class.test', '/')).toEqual(['a'])
    await put('class', { rules, ingressClassName: undefined })
    expect([await at('class.test', '/'), status('class')]).toEqual([['404'], []])
    await put('class', { rules, ingressClassName: 'absent' })
    expect(await at('class.test', '/')).toEqual(['404'])
    await drop('class')
  })

  it('what OKD’s controller writes of its own Ingresses stays', async () => {
    const written = { loadBalancer: { ingress: [{ hostname: 'router-default.apps.fairlead.test' }] } }
    for (const ingressClassName of ['openshift-default', undefined]) {
      router.bench.api.put(Ingress, {
        metadata: { namespace: 'shop', name: 'routed' },
        spec: { rules: [rule('routed.test', ['Prefix', '/', 'a'])], ...(ingressClassName ? { ingressClassName } : {}) },
        status: written,
      } as never)
      await router.settle()
      expect(status('routed')).toEqual(written.loadBalancer.ingress)
      await drop('routed')
    }
  })

  it('of one host and path the oldest claim, across namespaces; other paths are shared; the next takes over', async () => {
    putService('b', 'bank')
    await put(
      'young',
      { rules: [rule('shared.test', ['Prefix', '/', 'b'], ['Prefix', '/b', 'b'])] },
      { namespace: 'bank', created: '2026-02-02T00:00:00Z' },
    )
    await put('old', { rules: [rule('shared.test', ['Prefix', '/', 'a'])] }, { created: '2026-01-01T00:00:00Z' })
    expect(await at('shared.test', '/', '/b')).toEqual(['a', 'b'])
    await told('young', 'an ingress in another namespace holds shared.test and is older than young')
    await drop('old')
    expect(await at('shared.test', '/', '/b')).toEqual(['b', 'b'])
    await drop('young', 'bank')
  })

  it('a host of a Route is not shared with Ingresses of other namespaces', async () => {
    router.putRoute('mine', { host: 'mine.test', path: '/d' })
    await router.settle()
    putService('b', 'bank')
    await put(
      'theirs',
      { rules: [rule('mine.test', ['Prefix', '/', 'b'])] },
      { namespace: 'bank', created: '2099-01-01T00:00:00Z' },
    )
    await put('ours', { rules: [rule('mine.test', ['Prefix', '/ours', 'a'])] }, { created: '2099-01-02T00:00:00Z' })
    expect(await at('mine.test', '/d', '/', '/ours')).toEqual(['d', '404', 'a'])
    await drop('theirs', 'bank')
    await drop('ours')
  })
})

it('ten pods take turns: a hundred requests reach each', async () => {
  const ten = Array.from({ length: 10 }, (_, index) => `10.128.7.${index + 1}`)
  const servers: Server[] = []
  onTestFinished(() => servers.forEach(server => void server.close()))
  for (const pod of ten) {
    execFileSync('ip', ['address', 'replace', `${pod}/32`, 'dev', 'lo'])
    const server = createServer((_request, response) => response.end(JSON.stringify({ pod })))
    servers.push(server)
    await new Promise<void>(resolve => server.listen(8080, pod, resolve))
  }
  router.putService('turns', ten)
  router.bench.api.put(Service, {
    metadata: { namespace: 'shop', name: 'turns' },
    spec: { ports: [{ name: 'http', port: 80 }] },
  } as never)
  await put('turns', { rules: [rule('turns.test', ['Prefix', '/', 'turns'])] })
  const seen = new Map<string, number>()
  for (let index = 0; index < 100; index++) {
    const pod = await who({ host: 'turns.test' })
    seen.set(pod, (seen.get(pod) ?? 0) + 1)
  }
  expect([...seen.values()]).toEqual(Array(10).fill(10))
})

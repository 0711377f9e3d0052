import { describe, expect, it, test } from 'vitest'
import type { Route } from '../../api/route/route.ts'
import { otherCertificate, someCertificate } from '../../host/haproxy/testdata/certificates.ts'
import { issue, makeAuthority } from '../../twin/pki.ts'
import { readRoute } from './read.ts'
import { testPolicy, testRoute } from './testing.ts'

const factsOf = (route: Route) => {
  const reading = readRoute(route, testPolicy)
  if ('rejection' in reading) throw new Error(JSON.stringify(reading.rejection))
  return reading.facts
}
const rejectionOf = (route: Route) => {
  const reading = readRoute(route, testPolicy)
  return 'rejection' in reading ? reading.rejection : undefined
}
const split = (pem: string): { certificate: string; key: string } => {
  const at = pem.indexOf('-----BEGIN PRIVATE')
  return { certificate: pem.slice(0, at), key: pem.slice(at) }
}

describe('hosts', () => {
  test.each([
    ['shop.example.com', 'shop.example.com'],
    ['SHOP.Example.com', 'shop.example.com'],
    ['localhost', 'localhost'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    [`${'a'.repeat(63)}.example.com`, `${'a'.repeat(63)}.example.com`],
  ])('%s', (host, read) => {
    expect(factsOf(testRoute('a', { host })).host).toBe(read)
  })
  test.each([
    'shop.example.com.',
    '*.example.com',
    '-a.example.com',
    'a_b.example.com',
    'a b',
    'a/b',
    'a\nb',
    'a..b',
    'a:80',
    'bücher.example',
    `${'a'.repeat(64)}.example.com`,
    Array(70).fill('abc').join('.'),
  ])('refuses %j', host => {
    expect(rejectionOf(testRoute('a', { host: 'a.example.com' }))).toBeUndefined()
    expect(rejectionOf(testRoute('a', { host }))?.reason).toBe('InvalidHost')
  })
  it('a subdomain stands under the router’s domain; neither is no host', () => {
    expect(factsOf(testRoute('a', { host: '', subdomain: 'shop' })).host).toBe('shop.apps.fairlead.test')
    expect(rejectionOf(testRoute('a', { host: '' }))?.reason).toBe('NoHostValue')
  })
  it('wildcards where the router allows them', () => {
    const route = testRoute('a', { host: 'wildcard.example.com', wildcardPolicy: 'Subdomain' })
    expect(rejectionOf(route)).toEqual({ reason: 'RouteNotAdmitted', message: 'wildcard routes are not allowed' })
    expect(readRoute(route, { ...testPolicy, wildcards: true })).toMatchObject({ facts: { host: '*.example.com' } })
  })
})

describe('paths', () => {
  test.each(['', '/', '/a', '/a/', '//', '/%2e', '/a;b\'c"d\\e', '/a,b=c', `/${'x'.repeat(1023)}`])('%j', path => {
    expect(factsOf(testRoute('a', { path })).fault).toBeUndefined()
  })
  test.each(['a', '/a b', '/a#b', '/a?b', '/a\nb', '/a\0', '/é', '/a\x7f', `/${'x'.repeat(1024)}`])(
    'refuses %j, which keeps its claim',
    path => {
      const { fault, host } = factsOf(testRoute('a', { path }))
      expect([fault?.reason, host]).toEqual(['ExtendedValidationFailed', 'a.example.com'])
      expect(fault?.message.length).toBeLessThan(200)
    },
  )
})

describe('targets', () => {
  it('weights are 0 to 256, 100 where absent; a Service named twice counts once', () => {
    const to = (name: string, weight?: number) => ({
      kind: 'Service' as const,
      name,
      ...(weight === undefined ? {} : { weight }),
    })
    const route = testRoute('a', {
      to: to('a'),
      alternateBackends: [to('b', 0), to('c', 1000), to('d', -5), to('a', 7)],
    })
    expect(factsOf(route).targets).toEqual([
      { service: 'shop/a', weight: 100 },
      { service: 'shop/b', weight: 0 },
      { service: 'shop/c', weight: 256 },
      { service: 'shop/d', weight: 0 },
    ])
  })
})

describe('TLS', () => {
  it('edge, with the three policies', () => {
    for (const policy of ['None', 'Allow', 'Redirect'] as const)
      expect(
        factsOf(testRoute('a', { tls: { termination: 'edge', insecureEdgeTerminationPolicy: policy } })),
      ).toMatchObject({
        termination: 'edge',
        insecure: policy,
      })
    expect(factsOf(testRoute('a')).termination).toBe('http')
    expect(factsOf(testRoute('a', { tls: { termination: 'edge' } })).insecure).toBe('None')
  })
  it('passthrough has no path and no certificate; reencrypt may name the authority of its pods', () => {
    expect(factsOf(testRoute('a', { path: '/x', tls: { termination: 'passthrough' } }))).toMatchObject({
      termination: 'passthrough',
      path: '',
    })
    const { certificate } = split(someCertificate)
    const read = factsOf(
      testRoute('a', { tls: { termination: 'reencrypt', destinationCACertificate: `junk\n${certificate}` } }),
    )
    expect(read).toMatchObject({ termination: 'reencrypt', destinationCa: expect.stringMatching(/^-----BEGIN/) })
    expect(read.fault).toBeUndefined()
    for (const [text, message] of [
      ['nonsense', 'is not a PEM certificate'],
      [certificate.repeat(256), undefined],
      [certificate.repeat(257), 'nor up to 256'],
    ] as const) {
      const { fault } = factsOf(testRoute('a', { tls: { termination: 'reencrypt', destinationCACertificate: text } }))
      if (message === undefined) expect(fault).toBeUndefined()
      else expect(fault?.message).toContain(message)
    }
  })
  it('a certificate that has expired is not shown; on the day before it is', () => {
    const route = testRoute('a', { tls: { termination: 'edge', ...split(someCertificate) } })
    const untilMs = factsOf(route).certificate!.untilMs
    const at = (nowMs: number) => {
      const reading = readRoute(route, testPolicy, { secret: () => undefined, now: () => nowMs })
      return 'facts' in reading ? reading.facts : undefined
    }
    expect(at(untilMs - 86_400_000)).toMatchObject({ certificate: { untilMs } })
    expect(at(untilMs + 1000)?.fault).toMatchObject({ reason: 'ExtendedValidationFailed' })
    expect(at(untilMs + 1000)?.fault?.message).toMatch(/^spec.tls.certificate expired at \d{4}-/)
    expect(at(untilMs + 1000)?.certificate).toBeUndefined()
  })
  it('a certificate is read and printed again, without what stands around it', () => {
    const { certificate, key } = split(someCertificate)
    const read = factsOf(
      testRoute('a', { tls: { termination: 'edge', certificate: `junk\n\n${certificate}junk\n`, key } }),
    )
    expect(read.fault).toBeUndefined()
    expect(read.certificate?.pem).not.toContain('junk')
    expect(read.certificate?.pem.match(/-----BEGIN/g)).toHaveLength(2)
  })
  it('what is read is remembered, but for what is long', () => {
    const { certificate, key } = split(someCertificate)
    const read = (text: string) =>
      factsOf(testRoute('a', { tls: { termination: 'edge', certificate: text, key } })).certificate!
    expect(read(certificate)).toBe(read(certificate))
    const long = certificate + '#'.repeat(70_000)
    expect(read(long)).toEqual(read(certificate))
    expect(read(long)).not.toBe(read(long))
  })
  it('what begins again and again and never ends is read at once', () => {
    const startMs = performance.now()
    const certificate = '-----BEGIN CERTIFICATE-----'.repeat(50_000)
    const key = '-----BEGIN PRIVATE KEY-----'.repeat(50_000)
    for (const text of [
      { certificate, key },
      { certificate: split(someCertificate).certificate, key },
    ])
      expect(factsOf(testRoute('a', { tls: { termination: 'edge', ...text } })).fault?.message).toContain(
        'is not a PEM',
      )
    expect(performance.now() - startMs).toBeLessThan(10_000)
  })
  it('the key may stand with the certificate; the authority that signed it is shown after it, and no other', () => {
    const nowMs = Date.UTC(2026, 0, 1)
    const [authority, another] = [makeAuthority('one', nowMs), makeAuthority('another', nowMs)]
    const own = issue(authority, { commonName: 'a.example.com' }, nowMs)
    const read = (tls: object) => factsOf(testRoute('a', { tls: { termination: 'edge', ...tls } }))
    expect(read({ certificate: own.key + own.certificate }).certificate?.pem).toBe(read(own).certificate!.pem)
    const signed = read({ ...own, caCertificate: another.certificate + authority.certificate })
    expect(signed.certificate?.pem.split('-----BEGIN CERTIFICATE').length).toBe(1 + 3)
    for (const [caCertificate, message] of [
      [another.certificate, 'spec.tls.certificate is not signed by spec.tls.caCertificate'],
      ['nonsense', 'spec.tls.caCertificate is not a PEM certificate'],
    ] as const)
      expect(read({ ...own, caCertificate }).fault).toEqual({ reason: 'ExtendedValidationFailed', message })
    const selfSigned = split(someCertificate)
    expect(read({ ...selfSigned, caCertificate: selfSigned.certificate }).fault).toBeUndefined()
  })
  test.each([
    ['nonsense', { certificate: 'nonsense', key: split(someCertificate).key }, 'not a PEM certificate'],
    ['no key', { certificate: split(someCertificate).certificate }, 'not a PEM private key'],
    ['no certificate', { key: split(someCertificate).key }, 'not a PEM certificate'],
    ['two of different pairs', { ...split(someCertificate), key: split(otherCertificate).key }, 'does not belong'],
    [
      'the key as certificate',
      { certificate: split(someCertificate).key, key: split(someCertificate).key },
      'not a PEM certificate',
    ],
    [
      'a damaged certificate',
      { ...split(someCertificate), certificate: split(someCertificate).certificate.replace(/M/, 'A') },
      'not a PEM certificate',
    ],
  ])('refuses %s, and quotes no key', (_, tls, message) => {
    const { fault, certificate } = factsOf(testRoute('a', { tls: { termination: 'edge', ...tls } }))
    expect(fault).toMatchObject({ reason: 'ExtendedValidationFailed', message: expect.stringContaining(message) })
    expect(certificate).toBeUndefined()
    expect(fault!.message.length).toBeLessThan(100)
  })
})

describe('annotations', () => {
  const read = (name: string, value: string) =>
    factsOf(testRoute('a', {}, { annotations: { [`haproxy.router.openshift.io/${name}`]: value } }))
  test.each([
    ['5s', 5000],
    ['1500', 1500],
    ['250ms', 250],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['900us', 1],
    ['9999999d', 2_147_483_647],
    ['0s', undefined],
    ['-1s', undefined],
    ['5 s', undefined],
    ['5s\n', undefined],
    ['', undefined],
    ['1.5s', undefined],
  ])('timeout %j is %s ms', (value, ms) => {
    expect(read('timeout', value).timeoutMs).toBe(ms)
  })
  test.each([
    ['leastconn', 'leastconn'],
    ['source', 'source'],
    ['static-rr', undefined],
    ['random\n', undefined],
  ])('balance %j is %s', (value, balance) => {
    expect(read('balance', value).balance).toBe(balance)
  })
})

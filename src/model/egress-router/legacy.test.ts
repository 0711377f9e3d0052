import { describe, expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { forwards, legacySettings, mayPass, proxyRules, redirects } from './legacy.ts'

const BASE = { EGRESS_SOURCE: '192.0.2.5', EGRESS_GATEWAY: '192.0.2.1' }

describe('a redirecting router', () => {
  test('reads its source, gateway and destinations', () => {
    const EGRESS_DESTINATION = '# web\n80 tcp 203.0.113.25\n\n8080 udp 203.0.113.26 80 # other\n203.0.113.27\n'
    expect(legacySettings({ ...BASE, EGRESS_DESTINATION })).toEqual({
      mode: 'legacy',
      address: '192.0.2.5',
      bits: 32,
      gateway: '192.0.2.1',
      rules: [
        { protocol: 'tcp', port: 80, to: '203.0.113.25', targetPort: 80 },
        { protocol: 'udp', port: 8080, to: '203.0.113.26', targetPort: 80 },
      ],
      fallback: '203.0.113.27',
    })
    expect(legacySettings({ ...BASE, EGRESS_SOURCE: '192.0.2.5/24', EGRESS_DESTINATION: '192.0.2.9' })).toMatchObject({
      bits: 24,
      rules: [],
    })
    expect(legacySettings({ ...BASE, EGRESS_ROUTER_MODE: 'http-proxy' })).toMatchObject({
      mode: 'http-proxy',
      rules: [],
    })
  })

  test.each([
    [{ EGRESS_SOURCE: '' }, /EGRESS_SOURCE: missing/],
    [{ EGRESS_SOURCE: '300.0.0.1' }, /EGRESS_SOURCE: "300/],
    [{ EGRESS_GATEWAY: '' }, /EGRESS_GATEWAY: missing/],
    [{ EGRESS_GATEWAY: '192.0.2.5' }, /another address/],
    [{ EGRESS_ROUTER_MODE: 'other' }, /EGRESS_ROUTER_MODE: "other"/],
    [{ EGRESS_DESTINATION: '' }, /EGRESS_DESTINATION: missing/],
    [{ EGRESS_DESTINATION: '80 http 1.2.3.4' }, /80 http/],
    [{ EGRESS_DESTINATION: '80 tcp example.com' }, /example.com/],
    [{ EGRESS_DESTINATION: '0 tcp 1.2.3.4' }, /1 to 65535/],
    [{ EGRESS_DESTINATION: '80 tcp 1.2.3.4 99999' }, /1 to 65535/],
    [{ EGRESS_DESTINATION: '80 tcp 1.2.3.4 80 x' }, /80 x/],
    [{ EGRESS_DESTINATION: '1.2.3.4\n80 tcp 1.2.3.4' }, /last line/],
    [{ EGRESS_DESTINATION: '80 tcp 1.2.3.4\n80 tcp 1.2.3.5' }, /80\/tcp is there twice/],
  ])('with %j says what is wrong', (env, message) => {
    expect(() => legacySettings({ ...BASE, EGRESS_DESTINATION: '1.2.3.4', ...env })).toThrow(message)
  })

  test('takes one port of two protocols', () => {
    expect(redirects('53 tcp 1.2.3.4\n53 udp 1.2.3.4').rules).toHaveLength(2)
  })
})

describe('an HTTP proxy', () => {
  const to = (text: string) => (host: string, address?: string) =>
    mayPass(proxyRules(text), host, address ? [ip(address)] : [])

  test('lets through what the first line that matches says', () => {
    const may = to('!*.internal.example.com\n!203.0.113.128/25\n*.example.com\nexample.org\n203.0.113.0/24')
    expect(may('www.example.com', '198.51.100.1')).toBe(true)
    expect(may('WWW.EXAMPLE.COM.')).toBe(true)
    expect(may('a.internal.example.com')).toBe(false)
    expect(may('example.com')).toBe(false)
    expect(may('notexample.com')).toBe(false)
    expect(may('example.org')).toBe(true)
    expect(may('www.example.org')).toBe(false)
    expect(may('203.0.113.5', '203.0.113.5')).toBe(true)
    expect(may('203.0.113.200', '203.0.113.200')).toBe(false)
    expect(may('other.example', '203.0.113.5')).toBe(true)
  })

  test('lets all the rest through where the last line is *', () => {
    const may = to('!example.org\n*')
    expect(may('anything.example')).toBe(true)
    expect(may('example.org')).toBe(false)
  })

  test.each(['', '*\nexample.org', 'a b', '!', '1.2.3', 'a/b'])('refuses %j', text => {
    expect(() => proxyRules(text)).toThrow('EGRESS_HTTP_PROXY_DESTINATION')
  })
})

test('a proxy of ports reads names and addresses', () => {
  expect(forwards('80 db.example.com\n# x\n8080 203.0.113.26 80')).toEqual([
    { port: 80, target: 'db.example.com', targetPort: 80 },
    { port: 8080, target: '203.0.113.26', targetPort: 80 },
  ])
  for (const text of ['', '80', 'x a.example', '80 a.example 0', '80 a b c', '80 a\n80 b', '80 a$(b)'])
    expect(() => forwards(text), text).toThrow('EGRESS_DNS_PROXY_DESTINATION')
})

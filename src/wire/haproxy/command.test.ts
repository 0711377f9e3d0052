import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import {
  addMap,
  addServer,
  crtListLine,
  deleteMap,
  isPemPayload,
  MAX_PAYLOAD,
  mapFile,
  newCertificate,
  serverWords,
  setMap,
} from './command.ts'
import { encode } from './dialogue.ts'

const server = { address: ip('10.128.0.5'), port: 8080 }

describe('servers', () => {
  test('a server added at run time reuses connections', () => {
    expect(addServer('random-0', 's1', { ...server, checkMs: 5000 })).toEqual({
      line: 'add server random-0/s1 10.128.0.5:8080 weight 0 check inter 5000ms pool-max-conn -1 pool-purge-delay 5s',
      expect: 'registered',
    })
  })
  test('IPv6 stands in brackets', () => {
    expect(serverWords({ address: ip('fd01::5'), port: 80 })[0]).toBe('[fd01::5]:80')
  })
  test.each([0, 65536, 1.5, Number.NaN])('refuses port %d', port => {
    expect(() => serverWords({ ...server, port })).toThrow('an address')
  })
})

describe('maps', () => {
  test('entries go by payload, in pieces that fit the buffer', () => {
    const entries = Array.from({ length: 1000 }, (_, i) => [`host-${i}.example.com/`, 'random-0'] as const)
    const commands = addMap('http.map', entries)
    expect(commands.length).toBeGreaterThan(1)
    for (const { payload } of commands) expect(payload!.join('\n').length).toBeLessThanOrEqual(MAX_PAYLOAD)
    expect(commands.flatMap(command => command.payload)).toEqual(entries.map(entry => entry.join(' ')))
  })
  test('what would be syntax inline is refused inline, and taken by payload', () => {
    for (const key of ['h/a;b/', 'h/a\\/', "h/a'/", 'h/a"/']) {
      expect(() => deleteMap('http.map', key)).toThrow('an inline value')
      expect(() => setMap('http.map', [key, 'x'])).toThrow('an inline value')
      expect(addMap('http.map', [[key, 'x']])[0]?.payload).toEqual([`${key} x`])
    }
    expect(deleteMap('http.map', 'h/a/').line).toBe('del map http.map h/a/')
  })
  test('no key or value makes a second entry, a second command or a comment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, value) => {
        let text: string
        try {
          text = encode(addMap('http.map', [[key, value]])[0]!)
        } catch {
          return
        }
        expect(text).toBe(`add map http.map <<\n${key} ${value}\n\n`)
        expect(key).toMatch(/^[\x21-\x7e]+$/)
        expect(value.trim()).toBe(value)
        expect(mapFile([[key, value]]).split('\n')).toHaveLength(2)
        expect(key.startsWith('#')).toBe(false)
      }),
    )
  })
})

describe('certificates', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  test('new, set and commit', () => {
    expect(newCertificate('certs/a.pem', pem).map(command => command.line)).toEqual([
      'new ssl cert certs/a.pem',
      'set ssl cert certs/a.pem <<',
      'commit ssl cert certs/a.pem',
    ])
  })
  test.each([`${pem}\n${pem}`, 'a\0b', 'x'.repeat(MAX_PAYLOAD + 1), 'a\rb', 'a\n \nb'])(
    'never by the socket: %#',
    text => {
      expect(isPemPayload(pem)).toBe(true)
      expect(isPemPayload(text)).toBe(false)
      expect(() => newCertificate('certs/a.pem', text)).toThrow('a certificate')
    },
  )
  test('a crt-list line', () => {
    const file = 'certs/a.pem'
    expect(crtListLine({ file, hosts: ['*.a.test'], except: ['b.a.test'], alpn: 'h2,http/1.1' })).toBe(
      'certs/a.pem [alpn h2,http/1.1] *.a.test !b.a.test',
    )
    for (const host of ['a b', '!a.test', 'a.test\nb', '[x]', '', '*', '*.*.a'])
      for (const names of [{ hosts: [host] }, { hosts: ['a.test'], except: [host] }])
        expect(() => crtListLine({ file, ...names })).toThrow('a host')
  })
})

import { describe, expect, it } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { type HostPart, type Layout, MAPS } from '../layout/types.ts'
import { testListeners } from '../testing.ts'
import { changesBetween, type Step } from './changes.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n'
const pools = (size: number): Layout['pools'] => ({ random: { spec: { mode: 'http', balance: 'random' }, size } })
const part = (host: string, maps: Partial<HostPart['maps']> = {}, rest: Partial<HostPart> = {}): HostPart => ({
  host,
  maps: { ...(Object.fromEntries(MAPS.map(map => [map, new Map()])) as unknown as HostPart['maps']), ...maps },
  held: [],
  ...rest,
})
const layout = (parts: readonly HostPart[], rest: Partial<Layout> = {}): Layout => ({
  listeners: testListeners,
  defaultCertificate: PEM,
  isSorted: false,
  files: {},
  pools: pools(128),
  parts: new Map(parts.map(one => [one.host, one])),
  backends: new Map(),
  serverFiles: new Map(),
  ...rest,
})
const stepsOf = (from: Layout, to: Layout): readonly Step[] => {
  const change = changesBetween(from, to, {
    hosts: new Set([...from.parts.keys(), ...to.parts.keys()]),
    backends: new Set([...from.backends.keys(), ...to.backends.keys()]),
  })
  if (change.is === 'reload') throw new Error(change.why)
  return change.steps
}
const lines = (steps: readonly Step[]): string[] =>
  steps.flatMap(step =>
    step.do === 'run'
      ? step.commands.map(({ line }) => line)
      : [`${step.do} ${'map' in step ? step.map : 'file' in step ? step.file : step.server}`],
  )

describe('changesBetween', () => {
  it('nothing for nothing', () => {
    expect(stepsOf(layout([part('a')]), layout([part('a')]))).toEqual([])
  })

  it('what is pointed to comes first and goes last', () => {
    const servers = (name: string): Partial<Layout> => {
      const its = new Map([[name, { address: ip('10.0.0.1'), port: 80, checked: false }]])
      return {
        backends: new Map([['random-0', { service: 'shop/web', servers: its }]]),
        serverFiles: new Map([[`ca/${name}.pem`, PEM]]),
      }
    }
    const certificate = { file: 'certs/a.pem', pem: PEM, hosts: ['a'] }
    const old = part('a', { 'weights.map': new Map([['w1:0', 'x']]), 'http.map': new Map([['a/', 'w:w1:1:1']]) })
    const next = part(
      'a',
      {
        'weights.map': new Map([['w2:0', 'x']]),
        'http.map': new Map([['a/', 'w:w2:1:1']]),
        'https.map': new Map([['a/', 'x']]),
      },
      { certificate },
    )
    expect(lines(stepsOf(layout([old], servers('s1')), layout([next], servers('s2'))))).toEqual([
      'new ssl cert certs/a.pem',
      'set ssl cert certs/a.pem <<',
      'commit ssl cert certs/a.pem',
      'add ssl crt-list certs.list <<',
      'new ssl ca-file ca/s2.pem',
      'set ssl ca-file ca/s2.pem <<',
      'commit ssl ca-file ca/s2.pem',
      'addServer s2',
      'addTargets weights.map',
      'set map http.map a/ w:w2:1:1',
      'add map https.map <<',
      'retireTargets weights.map',
      'removeServer s1',
      'removeServerFile ca/s1.pem',
    ])
    expect(lines(stepsOf(layout([next], servers('s2')), layout([]))).slice(-4)).toEqual([
      'del ssl crt-list certs.list certs/a.pem',
      'del ssl cert certs/a.pem',
      'removeServer s2',
      'removeServerFile ca/s2.pem',
    ])
  })

  it('a map with many changes is replaced as a whole; entries it points to stay until then', () => {
    const many = (prefix: string): HostPart => {
      const keys = Array.from({ length: 100 }, (_, index) => String(index))
      return part('a', {
        'weights.map': new Map(keys.map(key => [`${prefix}:${key}`, 'x'])),
        'http.map': new Map(keys.map(key => [`a/${key}/`, prefix])),
      })
    }
    expect(lines(stepsOf(layout([many('w1')]), layout([many('w2')])))).toEqual([
      'addTargets weights.map',
      'replaceMap http.map',
      'retireTargets weights.map',
    ])
  })

  it('text that is syntax inline never stands inline', () => {
    const hostile = part('a', { 'http.map': new Map([['a/;x/', 'one']]) })
    expect(lines(stepsOf(layout([]), layout([hostile])))).toEqual(['add map http.map <<'])
    expect(lines(stepsOf(layout([hostile]), layout([])))).toEqual(['replaceMap http.map'])
    expect(lines(stepsOf(layout([hostile]), layout([part('a', { 'http.map': new Map([['a/;x/', 'two']]) })])))).toEqual(
      ['replaceMap http.map'],
    )
    const plain = part('a', { 'http.map': new Map([['a/x/', 'one']]) })
    expect(lines(stepsOf(layout([plain]), layout([])))).toEqual(['del map http.map a/x/'])
  })

  it.each<[string, Layout, string]>([
    ['another port', layout([], { listeners: { ...testListeners, httpPort: 81 } }), 'the listeners changed'],
    ['more backends', layout([], { pools: pools(256) }), 'more backends are needed'],
    [
      'a certificate beyond HAProxy’s buffer',
      layout([part('a', {}, { certificate: { file: 'certs/a.pem', pem: 'A'.repeat(20_000), hosts: ['a'] } })]),
      'a certificate is too long',
    ],
  ])('%s needs a reload', (_, next, why) => {
    const change = changesBetween(layout([]), next, { hosts: ['a'], backends: [] })
    expect(change).toEqual({ is: 'reload', why })
  })

  it('the TLS listener comes with its certificate by a reload; another certificate comes without', () => {
    const { defaultCertificate: _, ...plain } = layout([])
    expect(changesBetween(plain, layout([]), { hosts: [], backends: [] }).is).toBe('reload')
    expect(lines(stepsOf(layout([]), layout([], { defaultCertificate: `${PEM}${PEM}` })))).toEqual([
      'set ssl cert certs/default.pem <<',
      'commit ssl cert certs/default.pem',
    ])
  })
})

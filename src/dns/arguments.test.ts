import { expect, test } from 'vitest'
import { dnsArguments, resolvConfUpstreams, upstreamOf } from './arguments.ts'

test('the command line', () => {
  expect(dnsArguments([])).toEqual({ port: 5353, domain: 'cluster.local', upstreams: [], logClass: 'error' })
  expect(
    dnsArguments([
      '--port=53',
      '--cluster-domain=Example.',
      '--upstream=172.18.0.5',
      '--upstream=[fd00::5]:5300',
      '--log=all',
    ]),
  ).toEqual({
    port: 53,
    domain: 'example',
    upstreams: [
      { address: '172.18.0.5', port: 53 },
      { address: 'fd00::5', port: 5300 },
    ],
    logClass: 'all',
  })
  for (const argument of ['--port=0', '--port=x', '--upstream=example.com', '--log=loud', '--what=1', 'port'])
    expect(() => dnsArguments([argument]), argument).toThrow(/does not understand/)
})

test('upstreams', () => {
  expect(upstreamOf('10.0.0.1:0')).toBeUndefined()
  expect(upstreamOf('10.0.0.1:70000')).toBeUndefined()
  expect(upstreamOf('fd00::5')).toEqual({ address: 'fd00::5', port: 53 })
  expect(resolvConfUpstreams('search a\nnameserver 10.0.0.1\n# nameserver 10.0.0.2\nnameserver nonsense\n')).toEqual([
    { address: '10.0.0.1', port: 53 },
  ])
})

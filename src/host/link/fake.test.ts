import { describe, expect, it } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { fakeNetns } from '../netns/fake.ts'
import { linkConformance } from './conformance.ts'
import { fakeLinks } from './fake.ts'

describe('fakeLinks', () => {
  linkConformance(() => {
    const netns = fakeNetns()
    return { netns, links: fakeLinks(netns) }
  })

  it('shows what the kernel would hold', () => {
    const netns = fakeNetns()
    const links = fakeLinks(netns)
    const a = netns.create('a')
    links.apply(a, [
      { op: 'bridge', name: 'br0' },
      { op: 'neighbour', dev: 'br0', address: ip('10.0.0.1'), mac: '0a:58:0a:00:00:01' },
      { op: 'rule', priority: 5, table: 9, family: 4, mark: 1 },
    ])
    links.sysctl(a, 'net/ipv4/ip_forward', '1')
    expect(links.neighbours(a)).toEqual(['br0 10.0.0.1 0a:58:0a:00:00:01'])
    expect(links.rules(a)).toEqual(['5: mark 1/4294967295 table 9 family 4'])
    expect(links.sysctls(a)).toEqual({ 'net/ipv4/ip_forward': '1' })
  })

  it('drops the far end with a namespace', () => {
    const netns = fakeNetns()
    const links = fakeLinks(netns)
    const a = netns.create('a')
    const b = netns.create('b')
    links.apply(a, [{ op: 'veth', name: 'va', peer: { name: 'eth0', netns: b } }])
    netns.remove(b)
    expect(links.links(a).map(link => link.name)).toEqual(['lo'])
  })
})

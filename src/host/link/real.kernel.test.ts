import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import { kernelNetns } from '../netns/real.ts'
import { linkConformance } from './conformance.ts'
import type { LinkOp } from './mod.ts'
import { kernelLinks } from './real.ts'

const show = (name: string, ...args: string[]): string =>
  execFileSync('ip', ['-n', name, ...args], { encoding: 'utf8' })

describe('kernelLinks', () => {
  linkConformance(() => {
    const netns = kernelNetns()
    return { netns, links: kernelLinks(netns) }
  })

  it('writes what iproute2 reads', () => {
    const netns = kernelNetns()
    const links = kernelLinks(netns)
    const a = netns.create('real-a')
    links.apply(a, [
      { op: 'up', name: 'lo' },
      { op: 'vxlan', name: 'vx0', vni: 4097, port: 4789, local: ip('127.0.0.1'), mac: '0a:58:ac:12:00:02', mtu: 1400 },
      { op: 'up', name: 'vx0' },
      { op: 'address', name: 'vx0', address: ip('10.0.0.1'), bits: 24 },
      { op: 'neighbour', dev: 'vx0', address: ip('10.0.0.7'), mac: '0a:58:0a:00:00:07' },
      { op: 'fdb', dev: 'vx0', mac: '0a:58:0a:00:00:07', via: ip('172.18.0.3') },
      { op: 'route', to: cidr('10.9.0.0/16'), via: ip('10.0.0.7'), source: ip('10.0.0.1'), mtu: 1300 },
      { op: 'rule', priority: 500, table: 1000, family: 4, mark: 0x10, mask: 0xf0, from: cidr('10.0.0.0/8') },
    ])
    links.sysctl(a, 'net/ipv4/ip_forward', '1')
    expect([links.sysctlOf(a, 'net/ipv4/ip_forward'), links.sysctlOf(a, 'net/nowhere')]).toEqual(['1', undefined])
    expect(show('real-a', '-d', 'link', 'show', 'vx0')).toMatch(
      /vxlan id 4097 local 127.0.0.1 .*dstport 4789 nolearning/,
    )
    expect(show('real-a', 'neigh')).toContain('10.0.0.7 dev vx0 lladdr 0a:58:0a:00:00:07 PERMANENT')
    expect(execFileSync('bridge', ['-n', 'real-a', 'fdb'], { encoding: 'utf8' })).toContain(
      '0a:58:0a:00:00:07 dev vx0 dst 172.18.0.3 self permanent',
    )
    expect(show('real-a', 'route')).toMatch(/10\.9\.0\.0\/16 via 10\.0\.0\.7 dev vx0 .*src 10\.0\.0\.1 mtu 1300/)
    expect(show('real-a', 'rule')).toContain('500:\tfrom 10.0.0.0/8 fwmark 0x10/0xf0 lookup 1000')
    expect(netns.within(a, () => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'))).toBe('1\n')
    expect(() => links.sysctl(a, '../../etc/x', '1')).toThrow('not a sysctl')
    netns.remove(a)
  })

  it('carries packets over a pair, and takes hundreds of operations in a call', () => {
    const netns = kernelNetns()
    const links = kernelLinks(netns)
    const a = netns.create('real-a')
    const b = netns.create('real-b')
    const routes: LinkOp[] = Array.from({ length: 500 }, (_, i) => ({
      op: 'route',
      to: cidr(`10.77.${i >> 8}.${i & 255}/32`),
      dev: 'va',
    }))
    links.apply(a, [
      { op: 'veth', name: 'va', peer: { name: 'eth0', netns: b } },
      { op: 'up', name: 'va' },
      { op: 'address', name: 'va', address: ip('10.5.0.1'), bits: 24 },
      ...routes,
      ...routes,
    ])
    links.apply(b, [
      { op: 'up', name: 'eth0' },
      { op: 'address', name: 'eth0', address: ip('10.5.0.2'), bits: 24 },
    ])
    expect(links.routes(a, 4).filter(route => route.to.startsWith('10.77.'))).toHaveLength(500)
    netns.within(a, () => execFileSync('busybox', ['ping', '-c', '1', '-W', '5', '10.5.0.2']))
    expect(links.links(b).find(link => link.name === 'eth0')?.rxPackets).toBeGreaterThan(0)
    netns.remove(a)
    netns.remove(b)
  })
})

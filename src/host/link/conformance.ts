import { afterEach, beforeEach, expect, it } from 'vitest'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import type { Netns, NetnsDriver } from '../netns/mod.ts'
import type { LinkDriver, LinkState } from './mod.ts'

export interface LinkFixture {
  readonly netns: NetnsDriver
  readonly links: LinkDriver
}

/** What every LinkDriver must do. */
export function linkConformance(fixture: () => LinkFixture): void {
  let netns: NetnsDriver
  let links: LinkDriver
  let a: Netns
  let b: Netns
  beforeEach(() => {
    const made = fixture()
    netns = made.netns
    links = made.links
    a = netns.create('link-a')
    b = netns.create('link-b')
  })
  afterEach(() => {
    for (const name of netns.list()) netns.remove(netns.open(name))
  })
  const named = (at: Netns, name: string): LinkState | undefined => links.links(at).find(link => link.name === name)
  const pair = (): void =>
    links.apply(a, [
      {
        op: 'veth',
        name: 'va',
        mac: '0a:58:0a:80:00:01',
        mtu: 1400,
        peer: { name: 'eth0', netns: b, mac: '0a:58:0a:80:00:02' },
      },
    ])

  it('makes a veth pair across two namespaces, both ends down', () => {
    pair()
    expect(named(a, 'va')).toMatchObject({ up: false, mtu: 1400, mac: '0a:58:0a:80:00:01', kind: 'veth' })
    expect(named(b, 'eth0')).toMatchObject({ up: false, mtu: 1400, mac: '0a:58:0a:80:00:02', kind: 'veth' })
    pair()
    expect(links.links(a)).toHaveLength(2)
  })

  it('takes links up and down, and changes their mtu', () => {
    pair()
    links.apply(a, [
      { op: 'up', name: 'va' },
      { op: 'mtu', name: 'va', mtu: 1300 },
    ])
    expect(named(a, 'va')).toMatchObject({ up: true, mtu: 1300 })
    links.apply(a, [{ op: 'down', name: 'va' }])
    expect(named(a, 'va')?.up).toBe(false)
  })

  it('joins links to a bridge it makes in the same call', () => {
    links.apply(a, [
      { op: 'bridge', name: 'br0', mac: '02:00:00:00:00:09' },
      { op: 'veth', name: 'va', peer: { name: 'eth0', netns: b } },
      { op: 'master', name: 'va', master: 'br0' },
      { op: 'up', name: 'br0' },
    ])
    expect(named(a, 'br0')).toMatchObject({ kind: 'bridge', up: true, mac: '02:00:00:00:00:09' })
    expect(named(a, 'va')?.master).toBe(named(a, 'br0')!.index)
    expect(named(a, 'br0')).not.toHaveProperty('master')
  })

  it('adds and removes addresses, twice without complaint', () => {
    pair()
    const address = { name: 'va', address: ip('10.1.2.3'), bits: 24 }
    links.apply(a, [
      { op: 'address', ...address },
      { op: 'address', ...address },
      { op: 'address', name: 'va', address: ip('fd00::1'), bits: 64 },
    ])
    expect(links.addresses(a)).toContainEqual({ link: 'va', address: '10.1.2.3', bits: 24 })
    expect(links.addresses(a)).toContainEqual({ link: 'va', address: 'fd00::1', bits: 64 })
    links.apply(a, [
      { op: 'address-delete', ...address },
      { op: 'address-delete', ...address },
    ])
    expect(links.addresses(a).map(found => found.address)).not.toContain('10.1.2.3')
  })

  it('adds, replaces and removes routes', () => {
    pair()
    links.apply(a, [
      { op: 'address', name: 'va', address: ip('10.1.2.3'), bits: 24 },
      { op: 'up', name: 'va' },
      { op: 'route', to: cidr('10.9.0.0/16'), via: ip('10.1.2.9') },
      { op: 'route', to: cidr('10.8.0.1/32'), dev: 'va' },
      { op: 'route', via: ip('169.254.1.1'), dev: 'va', onlink: true },
      { op: 'route', to: cidr('10.7.0.0/16'), type: 'unreachable' },
      { op: 'route', to: cidr('10.6.0.0/16'), dev: 'va', table: 1000 },
    ])
    const found = links.routes(a, 4)
    expect(found).toContainEqual({ to: '10.9.0.0/16', via: '10.1.2.9', dev: 'va', table: 254 })
    expect(found).toContainEqual({ to: '10.8.0.1/32', dev: 'va', table: 254 })
    expect(found).toContainEqual({ to: '0.0.0.0/0', via: '169.254.1.1', dev: 'va', table: 254 })
    expect(found.find(route => route.to === '10.7.0.0/16')?.isSpecial).toBe(true)
    expect(found).toContainEqual({ to: '10.6.0.0/16', dev: 'va', table: 1000 })
    links.apply(a, [
      { op: 'route-replace', to: cidr('10.9.0.0/16'), via: ip('10.1.2.10') },
      { op: 'route-delete', to: cidr('10.8.0.1/32') },
      { op: 'route-delete', to: cidr('10.8.0.1/32') },
      { op: 'route-delete', to: cidr('10.7.0.0/16') },
    ])
    const left = links.routes(a, 4).map(route => `${route.to} ${route.via ?? ''}`)
    expect(left).toContain('10.9.0.0/16 10.1.2.10')
    expect(left).not.toContain('10.8.0.1/32 ')
    expect(left).not.toContain('10.7.0.0/16 ')
  })

  it('makes a macvlan of one namespace in another', () => {
    pair()
    const macvlan = { op: 'macvlan', name: 'mv0', parent: 'va', mode: 'bridge', netns: b } as const
    links.apply(a, [macvlan, macvlan])
    expect(named(b, 'mv0')).toMatchObject({ kind: 'macvlan', mtu: named(a, 'va')!.mtu })
    expect(named(a, 'mv0')).toBeUndefined()
    expect(() => links.apply(a, [{ ...macvlan, name: 'mv1', parent: 'absent' }])).toThrow('ENODEV')
    links.apply(b, [{ op: 'delete', name: 'mv0' }])
    expect(named(b, 'mv0')).toBeUndefined()
  })

  it('takes neighbours, forwarding entries and rules, and gives them back', () => {
    links.apply(a, [
      {
        op: 'vxlan',
        name: 'vx0',
        vni: 4097,
        port: 4789,
        local: ip('127.0.0.1'),
        mac: '0a:58:ac:12:00:02',
        mtu: 1400,
      },
      { op: 'up', name: 'vx0' },
      { op: 'neighbour', dev: 'vx0', address: ip('10.0.0.7'), mac: '0a:58:0a:00:00:07' },
      { op: 'neighbour', dev: 'vx0', address: ip('10.0.0.7'), mac: '0a:58:0a:00:00:07' },
      { op: 'fdb', dev: 'vx0', mac: '0a:58:0a:00:00:07', via: ip('172.18.0.3') },
      { op: 'fdb', dev: 'vx0', mac: '0a:58:0a:00:00:07', via: ip('172.18.0.4') },
      { op: 'rule', priority: 500, table: 1000, family: 4, mark: 0x10, mask: 0xf0, from: cidr('10.0.0.0/8') },
      { op: 'rule', priority: 500, table: 1000, family: 4, mark: 0x10, mask: 0xf0, from: cidr('10.0.0.0/8') },
    ])
    expect(named(a, 'vx0')).toMatchObject({ kind: 'vxlan', mac: '0a:58:ac:12:00:02', mtu: 1400 })
    const remove = (): void =>
      links.apply(a, [
        { op: 'neighbour-delete', dev: 'vx0', address: ip('10.0.0.7'), mac: '0a:58:0a:00:00:07' },
        { op: 'fdb-delete', dev: 'vx0', mac: '0a:58:0a:00:00:07', via: ip('172.18.0.4') },
        { op: 'rule-delete', priority: 500, table: 1000, family: 4, mark: 0x10, mask: 0xf0, from: cidr('10.0.0.0/8') },
      ])
    remove()
    remove()
  })

  it('says which operation was refused and why, and keeps what came before', () => {
    pair()
    const apply = (): void =>
      links.apply(a, [
        { op: 'up', name: 'va' },
        { op: 'address', name: 'nowhere', address: ip('10.0.0.1'), bits: 32 },
      ])
    expect(apply).toThrow(expect.objectContaining({ code: 'ENODEV', op: expect.objectContaining({ name: 'nowhere' }) }))
    expect(named(a, 'va')?.up).toBe(true)
    expect(() => links.apply(a, [{ op: 'up', name: 'nowhere' }])).toThrow(expect.objectContaining({ code: 'ENODEV' }))
    expect(() => links.apply(a, [{ op: 'route', to: cidr('10.9.0.0/16'), via: ip('10.1.2.9') }])).toThrow(
      expect.objectContaining({ code: 'ENETUNREACH' }),
    )
    links.apply(a, [{ op: 'delete', name: 'nowhere' }])
  })

  it('removes a pair with one end', () => {
    pair()
    links.apply(a, [{ op: 'delete', name: 'va' }])
    expect(named(a, 'va')).toBeUndefined()
    expect(named(b, 'eth0')).toBeUndefined()
  })
}

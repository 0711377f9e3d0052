import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { macOf } from '../../datapath/mac.ts'
import { linkLocalOf } from '../../datapath/pod-rules.ts'
import { afterSilence } from '../../host/clock/testing.ts'
import { systemFs } from '../../host/fs/real.ts'
import { kernelLinks } from '../../host/link/real.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import { kernelNft } from '../../host/nft/real.ts'
import { kernelSockets } from '../../host/socket/real.ts'
import { cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { createCni } from './cni.ts'
import type { Cni, PodNetwork } from './mod.ts'
import * as frames from './testing-frames.ts'

const netns = kernelNetns()
const link = kernelLinks(netns)
const nft = kernelNft(netns)
const sockets = kernelSockets(netns)
const folder = mkdtempSync(`${tmpdir()}/fairlead-antispoof-`)
let node: Netns
let cni: Cni
let attacker: PodNetwork
let victim: PodNetwork

beforeAll(() => {
  node = netns.create('node')
  link.apply(node, [
    { op: 'up', name: 'lo' },
    { op: 'address', name: 'lo', address: ip('10.128.0.2'), bits: 32 },
    { op: 'address', name: 'lo', address: ip('fd01::2'), bits: 128 },
  ])
  link.sysctl(node, 'net/ipv4/ip_forward', '1')
  link.sysctl(node, 'net/ipv6/conf/all/forwarding', '1')
  const options = { node, ranges: [cidr('10.128.0.0/23'), cidr('fd01::/64')], mtu: 1400 }
  cni = createCni(
    { netns, link, nft, fs: systemFs },
    { ...options, ledgerPath: `${folder}/cni.json`, refusesNodeServices: true },
  )
  attacker = cni.add('attacker')
  victim = cni.add('victim')
  // Counts what the rules let by, after them.
  const rules = nft.open(node)
  rules.run(`add table inet seen
    add counter inet seen passed
    add chain inet seen in { type filter hook prerouting priority -200; }
    add table arp seen
    add counter arp seen passed
    add chain arp seen in { type filter hook input priority 10; }
    add rule arp seen in iifname "${attacker.link}" counter name passed`)
  rules.close()
})
afterAll(() => {
  for (const name of netns.list()) netns.remove(netns.open(name))
  rmSync(folder, { recursive: true })
})

const passed = (family: 'inet' | 'arp'): number => {
  const rules = nft.open(node)
  const { packets } = rules.counter(family, 'seen', 'passed')!
  rules.close()
  return packets
}

const ICMP6 = 58

/** What tells the frame from those that the attacker's kernel sends by itself: reports of groups, and looking for routers. */
function kindOf(frame: Buffer): string {
  const isSix = frame.readUInt16BE(12) === 0x86dd
  const source = isSix ? addressIn(frame.subarray(22, 38)) : [...frame.subarray(26, 30)].join('.')
  const isIcmp = isSix && frame[20] === ICMP6
  return `${isSix ? 'ip6' : 'ip'} saddr ${source} ${isIcmp ? `icmpv6 type ${frame[54]}` : 'meta l4proto udp'}`
}
const addressIn = (bytes: Buffer): string => bytes.toString('hex').match(/.{4}/g)!.join(':')

/** Whether a frame that the attacker sends raw gets past the rules of the node. */
function passes(frame: Buffer): boolean {
  const at = netns.open(attacker.netns)
  const family = frame.readUInt16BE(12) === 0x0806 ? 'arp' : 'inet'
  if (family === 'inet') {
    const rules = nft.open(node)
    rules.run(
      `flush chain inet seen in\nadd rule inet seen in iifname "${attacker.link}" ${kindOf(frame)} counter name passed\n`,
    )
    rules.close()
  }
  const before = passed(family)
  const { index } = link.links(at).find(({ name }) => name === 'eth0')!
  frames.send(netns, at, index, frame)
  netns.close(at)
  return passed(family) > before
}

const own = { mac: macOf(ip('10.128.0.3')), v4: ip('10.128.0.3'), v6: ip('fd01::3') }
const other = { mac: macOf(ip('10.128.0.4')), v4: ip('10.128.0.4'), v6: ip('fd01::4') }
const gateway = { mac: macOf(ip('10.128.0.1')), v4: ip('10.128.0.1'), v6: ip('fd01::1') }
const udp = (source: Ip, destination: Ip, mac = own.mac): Buffer =>
  frames.udp({ from: mac, to: gateway.mac, source, destination })

test('a pod sends from its own addresses and MAC only', () => {
  expect(attacker.addresses).toEqual([own.v4, own.v6])
  expect(passes(udp(own.v4, other.v4))).toBe(true)
  expect(passes(udp(own.v6, other.v6))).toBe(true)
  for (const source of [other.v4, ip('10.128.0.1'), ip('8.8.8.8'), ip('127.0.0.1'), ip('0.0.0.0')])
    expect(passes(udp(source, other.v4)), source).toBe(false)
  for (const source of [other.v6, ip('fd01::1'), ip('2001:db8::1'), linkLocalOf(other.mac)])
    expect(passes(udp(source, other.v6)), source).toBe(false)
  expect(passes(udp(own.v4, other.v4, other.mac))).toBe(false)
  expect(passes(udp(own.v6, other.v6, gateway.mac))).toBe(false)
  expect(passes(udp(linkLocalOf(own.mac), other.v6))).toBe(true)
})

test('a pod claims no address but its own, by ARP', () => {
  const arp = (from: string, sender: string, address: Ip) =>
    passes(frames.arp({ from, sender, address, target: gateway.v4 }))
  expect(arp(own.mac, own.mac, own.v4)).toBe(true)
  expect(arp(own.mac, own.mac, other.v4)).toBe(false)
  expect(arp(own.mac, other.mac, own.v4)).toBe(false)
  expect(arp(other.mac, own.mac, own.v4)).toBe(false)
  expect(arp(other.mac, other.mac, other.v4)).toBe(false)
})

test('a pod claims no address but its own, and is no router, by ND', () => {
  const nd = (type: number, source: Ip, target: Ip) =>
    passes(frames.neighbour({ from: own.mac, type, source, destination: ip('ff02::1'), target }))
  const [SOLICIT, ADVERT, ROUTER, REDIRECT] = [135, 136, 134, 137]
  expect(nd(ADVERT, own.v6, own.v6)).toBe(true)
  expect(nd(ADVERT, linkLocalOf(own.mac), linkLocalOf(own.mac))).toBe(true)
  expect(nd(ADVERT, own.v6, other.v6)).toBe(false)
  expect(nd(ADVERT, own.v6, gateway.v6)).toBe(false)
  expect(nd(ADVERT, other.v6, other.v6)).toBe(false)
  expect(nd(SOLICIT, own.v6, gateway.v6)).toBe(true)
  expect(nd(SOLICIT, other.v6, gateway.v6)).toBe(false)
  expect(nd(ROUTER, linkLocalOf(own.mac), gateway.v6)).toBe(false)
  expect(nd(REDIRECT, linkLocalOf(own.mac), gateway.v6)).toBe(false)
})

test('a link that leads to no pod any more says nothing, and rules that were taken away come back', () => {
  const rules = nft.open(node)
  rules.run('delete table inet fairlead-pods')
  expect(passes(udp(other.v4, own.v4))).toBe(true)
  expect(cni.check('attacker').join()).toContain('rules')
  expect(cni.audit()).toBe(false)
  expect(passes(udp(other.v4, own.v4))).toBe(false)
  expect(passes(udp(own.v4, other.v4))).toBe(true)
  expect(cni.check('attacker')).toEqual([])
  expect(cni.audit()).toBe(true)
  const [key] = [`"${attacker.link}" . ${own.mac} . ${own.v4}`]
  rules.run(`delete element inet fairlead-pods sources4 { ${key} }`)
  expect(passes(udp(own.v4, other.v4))).toBe(false)
  rules.run(`add element inet fairlead-pods sources4 { ${key} }`)
  rules.close()
})

const codeOf = (from: Netns, address: Ip, port: number): Promise<string> =>
  new Promise(resolve => {
    const socket = sockets.connect({ netns: from, address, port })
    const cancel = afterSilence(2000, () => socket.destroy(Object.assign(new Error(), { code: 'timeout' })))
    socket.on('connect', () => socket.destroy(Object.assign(new Error(), { code: 'connected' })))
    socket.on('error', error => {
      cancel()
      resolve(String((error as NodeJS.ErrnoException).code))
    })
  })

test('metadata and machine-config ports are refused to pods, and not to the node', async () => {
  const [metadata, server] = [ip('169.254.169.254'), ip('10.128.0.2')]
  link.apply(node, [{ op: 'address', name: 'lo', address: metadata, bits: 32 }])
  const at = netns.open(victim.netns)
  const servers = await Promise.all(
    [53, 80, 22623, 22624].map(async port => {
      const one = createServer(socket => socket.end())
      await sockets.listen(one, { netns: node, port })
      return one
    }),
  )
  for (const address of [metadata, server])
    for (const port of [22623, 22624]) {
      expect(await codeOf(at, address, port)).toBe('ECONNREFUSED')
      expect(await codeOf(node, address, port)).toBe('connected')
    }
  expect(await codeOf(at, ip('fd01::2'), 22623)).toBe('ECONNREFUSED')
  expect(await codeOf(at, metadata, 80)).toBe('ECONNREFUSED')
  expect(await codeOf(node, metadata, 80)).toBe('connected')
  expect(await codeOf(at, metadata, 53)).toBe('connected')
  expect(await codeOf(at, server, 80)).toBe('connected')
  for (const one of servers) one.close()
  netns.close(at)
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemFs } from '../../host/fs/real.ts'
import { kernelLinks } from '../../host/link/real.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import { kernelNft } from '../../host/nft/real.ts'
import { kernelProcesses } from '../../host/process/real.ts'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import { createCni } from './cni.ts'
import type { Cni } from './mod.ts'

const netns = kernelNetns()
const link = kernelLinks(netns)
const processes = kernelProcesses(netns)
const folder = mkdtempSync(`${tmpdir()}/fairlead-cni-`)
let node: Netns
let cni: Cni
const open = (): Cni =>
  createCni(
    { netns, link, nft: kernelNft(netns), fs: systemFs },
    { node, ranges: [cidr('10.128.0.0/23')], mtu: 1400, ledgerPath: `${folder}/cni.json` },
  )

beforeEach(() => {
  node = netns.create('node')
  link.apply(node, [
    { op: 'up', name: 'lo' },
    { op: 'address', name: 'lo', address: ip('10.128.0.2'), bits: 32 },
  ])
  link.sysctl(node, 'net/ipv4/ip_forward', '1')
  cni = open()
})
afterEach(() => {
  for (const name of netns.list()) netns.remove(netns.open(name))
  systemFs.remove(`${folder}/cni.json`)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function inside(name: string, ...command: readonly string[]): Promise<string> {
  const at = netns.open(name)
  const child = await processes.spawn({ command: command[0]!, args: command.slice(1), env: {}, netns: at })
  netns.close(at)
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr!)])
  return out + err
}
const reaches = async (from: string, address: string): Promise<boolean> =>
  (await inside(from, 'bash', '-c', `exec 3<>/dev/tcp/${address}/9 2>&1`)).includes('refused')

describe('a pod’s network', () => {
  test('has the address, the MTU and a way to everywhere; neighbours are never asked for', async () => {
    const a = cni.add('a')
    expect(a).toMatchObject({ netns: 'pod-a', addresses: ['10.128.0.3'] })
    const b = cni.add('b')
    expect(await reaches('pod-a', b.addresses[0]!)).toBe(true)
    expect(await reaches('pod-a', '10.128.0.2')).toBe(true)
    expect(await reaches('node', a.addresses[0]!)).toBe(true)
    expect(await inside('pod-a', 'ip', 'neigh')).toMatch(
      /^10\.128\.0\.1 dev eth0 lladdr 0a:58:0a:80:00:01 PERMANENT\s*$/,
    )
    expect(await inside('pod-a', 'ip', 'link', 'show', 'eth0')).toContain('mtu 1400')
    expect(await inside('node', 'ip', 'route', 'get', '10.128.0.3')).toContain('src 10.128.0.2')
    expect(cni.check('a')).toEqual([])
  })

  test('added twice is the same; what is missing of it is told and made again', () => {
    const a = cni.add('a')
    expect(cni.add('a')).toEqual(a)
    link.apply(node, [{ op: 'down', name: a.link }])
    expect(cni.check('a')).toEqual([`the node's link ${a.link} is down`])
    expect(open().add('a')).toEqual(a)
    expect(cni.check('a')).toEqual([])
  })

  test('removed is gone, twice without complaint, and its address rests', () => {
    cni.add('a')
    cni.remove('a')
    cni.remove('a')
    expect(netns.list()).toEqual(['node'])
    expect(cni.check('a')).toEqual(['no address is noted for the pod'])
    expect(cni.add('b').addresses).toEqual(['10.128.0.4'])
  })

  test('removed and at once set up again works, although the old link vanishes later than its namespace', () => {
    cni.add('a')
    for (let times = 0; times < 20; times++) {
      cni.remove('a')
      cni.add('a')
      expect(cni.check('a')).toEqual([])
    }
  })

  test('a successor collects what belongs to nobody, and learns of addresses its ledger has lost', () => {
    const [a, b] = [cni.add('a'), cni.add('b')]
    systemFs.remove(`${folder}/cni.json`)
    const next = open()
    next.collect(new Map([['a', a.addresses]]))
    expect(next.check('a')).toEqual([])
    expect(open().collect(new Map())).toEqual(['a'])
    expect(netns.list()).toEqual(['node', b.netns])
  })
})

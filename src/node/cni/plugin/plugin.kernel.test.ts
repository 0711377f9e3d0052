import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Pod } from '../../../api/core/pod.ts'
import { systemClock } from '../../../host/clock/real.ts'
import { systemFs } from '../../../host/fs/real.ts'
import { kernelLinks } from '../../../host/link/real.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import { kernelNetns } from '../../../host/netns/real.ts'
import { kernelNft } from '../../../host/nft/real.ts'
import { kernelSockets } from '../../../host/socket/real.ts'
import { cidr } from '../../../lib/cidr.ts'
import { ip } from '../../../lib/ip.ts'
import { silent } from '../../../lib/log.ts'
import { createCni } from '../cni.ts'
import type { Cni, PodGate } from '../mod.ts'
import { servePlugin } from './serve.ts'
import type { Answer } from './testing.ts'
import { callPlugin } from './testing.ts'

const netns = kernelNetns()
const link = kernelLinks(netns)
const nft = kernelNft(netns)
const folder = mkdtempSync(`${tmpdir()}/fairlead-plugin-`)
const socket = `${folder}/cni.sock`
const ranges = [cidr('10.128.0.0/29'), cidr('fd01::/64')]
const home: Netns = netns.home
let cni: Cni | undefined
const secured: string[] = []
let holds = true
const gate: PodGate = {
  secure: async ({ metadata }, addresses) => {
    if (!holds) return new Promise(() => {})
    secured.push(`${metadata.name} ${addresses}`)
  },
  forget: uid => void secured.push(`forgot ${uid}`),
}
const pods = new Map([['shop/web', { metadata: { namespace: 'shop', name: 'web', uid: 'u1' } } as Pod]])
const stop = new AbortController()

beforeAll(async () => {
  link.apply(home, [
    { op: 'bridge', name: 'ovn-k8s-mp0' },
    { op: 'up', name: 'ovn-k8s-mp0' },
    { op: 'address', name: 'ovn-k8s-mp0', address: ip('10.128.0.2'), bits: 32 },
    { op: 'address', name: 'ovn-k8s-mp0', address: ip('fd01::2'), bits: 128 },
  ])
  await servePlugin(
    {
      node: home,
      netns,
      link,
      gate,
      clock: systemClock,
      log: silent,
      sockets: kernelSockets(netns),
      pod: async ({ namespace, name }) => pods.get(`${namespace}/${name}`),
      network: () => cni && { cni, ranges, mtu: 1400 },
    },
    socket,
    stop.signal,
  )
})
beforeEach(() => {
  for (const name of netns.list()) netns.remove(netns.open(name))
  systemFs.remove(`${folder}/cni.json`)
  secured.length = 0
  holds = true
  netns.close(netns.create('box'))
  netns.close(netns.create('box-2'))
  cni = open()
})
afterAll(() => {
  stop.abort()
  for (const name of netns.list()) netns.remove(netns.open(name))
  rmSync(folder, { recursive: true })
})

const open = (): Cni =>
  createCni({ netns, link, nft, fs: systemFs }, { node: home, ranges, mtu: 1400, ledgerPath: `${folder}/cni.json` })

interface Call {
  readonly id?: string
  readonly box?: string
  readonly args?: string
  readonly config?: object
  readonly socket?: string
  readonly path?: string
}

const call = (
  command: string,
  { id = 'c1', box = 'box', args = '', config = {}, socket: at = socket, path }: Call = {},
) =>
  callPlugin(
    at,
    {
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_NETNS: `/run/netns/${box}`,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: args,
      CNI_PATH: '/opt/cni/bin',
      ...(path === undefined ? {} : { PATH: path }),
    },
    { cniVersion: '1.1.0', name: 'fairlead', type: 'fairlead', ...config },
  )
const FINE = { code: 0, json: {} }
const refusal = (code: number, message: RegExp | string) => ({
  code: 1,
  json: expect.objectContaining({ cniVersion: '1.1.0', code, msg: expect.stringMatching(message) }),
})
const WEB = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=u1;K8S_POD_INFRA_CONTAINER_ID=c1'
const checked = (result: Answer, more: Call = {}) => call('CHECK', { ...more, config: { prevResult: result.json } })

describe('ADD', () => {
  test('answers as the specification says', async () => {
    const { code, json } = await call('ADD')
    const [node] = link.links(home).filter(({ name }) => name.startsWith('pod'))
    expect(code).toBe(0)
    expect(json).toEqual({
      cniVersion: '1.1.0',
      interfaces: [
        { name: node!.name, mac: node!.mac, mtu: 1400 },
        { name: 'eth0', mac: '0a:58:0a:80:00:03', mtu: 1400, sandbox: '/run/netns/box' },
      ],
      ips: [
        { address: '10.128.0.3/32', gateway: '10.128.0.1', interface: 1 },
        { address: 'fd01::3/128', gateway: 'fd01::1', interface: 1 },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.128.0.1' },
        { dst: '::/0', gw: 'fd01::1' },
      ],
      dns: {},
    })
  })

  test('speaks older versions, and goes on with what a plugin before has made', async () => {
    const { json: old } = await call('ADD', { config: { cniVersion: '0.3.1', dns: { nameservers: ['10.0.0.10'] } } })
    expect(old).toMatchObject({ cniVersion: '0.3.1', dns: { nameservers: ['10.0.0.10'] } })
    expect(old.ips![0]).toEqual({ version: '4', address: '10.128.0.3/32', gateway: '10.128.0.1', interface: 1 })
    expect(JSON.stringify(old)).not.toContain('mtu')
    const prevResult = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'x', sandbox: '/y' }],
      ips: [{ address: '192.0.2.1/24', interface: 0 }],
    }
    const { json } = await call('ADD', { id: 'c2', box: 'box-2', config: { cniVersion: '1.0.0', prevResult } })
    expect(json.ips!.map(({ address }) => address)).toEqual(['192.0.2.1/24', '10.128.0.4/32', 'fd01::4/128'])
    expect(JSON.stringify(json.ips![1])).toContain('"interface":2')
  })

  test('is refused where the link, or no namespace, is there; nothing is left of it', async () => {
    expect((await call('ADD')).code).toBe(0)
    expect(await call('ADD')).toEqual(refusal(101, 'eth0 exists'))
    expect(await call('ADD', { box: 'nowhere' })).toEqual(refusal(3, 'nowhere'))
    expect(await callPlugin(socket, { CNI_COMMAND: 'ADD' }, { cniVersion: '1.1.0', name: 'x' })).toEqual(
      refusal(4, 'CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME'),
    )
    expect(link.links(home).filter(({ name }) => name.startsWith('pod'))).toHaveLength(1)
  })

  test('waits for policy of the pod, and refuses a pod that is another by now', async () => {
    expect((await call('ADD', { args: WEB })).code).toBe(0)
    expect(secured).toEqual(['web 10.128.0.3,fd01::3'])
    expect(await call('ADD', { id: 'c2', box: 'box-2', args: WEB.replace('u1', 'u0') })).toEqual(
      refusal(103, 'another'),
    )
    expect(await call('ADD', { id: 'c2', box: 'box-2', args: WEB.replace('web', 'gone') })).toEqual(
      refusal(11, 'no pod'),
    )
    await call('DEL', { args: WEB })
    expect(secured.at(-1)).toBe('forgot u1')
  })

  test('says when no address is free, and so does STATUS', async () => {
    expect(await call('STATUS')).toEqual(FINE)
    const made: string[] = []
    for (const number of [1, 2, 3, 4]) {
      netns.close(netns.create(`more-${number}`))
      const { json } = await call('ADD', { id: `m${number}`, box: `more-${number}` })
      made.push(json.ips![0]!.address)
    }
    expect(made).toEqual(['10.128.0.3/32', '10.128.0.4/32', '10.128.0.5/32', '10.128.0.6/32'])
    expect(await call('ADD')).toEqual(refusal(11, 'no address is free'))
    expect(await call('STATUS')).toEqual(refusal(50, 'no address'))
    await call('DEL', { id: 'm2', box: 'more-2' })
    expect(await call('STATUS')).toEqual(FINE)
    expect((await call('ADD')).json.ips![0]!.address).toBe('10.128.0.4/32')
  })
})

test('DEL takes everything away, whatever is left of it, and again without complaint', async () => {
  await call('ADD')
  expect(await call('DEL')).toEqual(FINE)
  expect(await call('DEL')).toEqual(FINE)
  expect(link.links(home).filter(({ name }) => name.startsWith('pod'))).toEqual([])
  const box = netns.open('box')
  expect(link.links(box).map(({ name }) => name)).toEqual(['lo'])
  netns.close(box)
  await call('ADD', { id: 'c2' })
  netns.remove(netns.open('box'))
  expect(await call('DEL', { id: 'c2' })).toEqual(FINE)
  expect(JSON.parse(systemFs.read(`${folder}/cni.json`)!.toString()).ranges[0].owners).toEqual({})
})

describe('CHECK', () => {
  test('finds nothing wrong after ADD, nor with links and routes of others', async () => {
    const added = await call('ADD', { args: WEB })
    expect(await checked(added, { args: WEB })).toEqual(FINE)
    const box = netns.open('box')
    link.apply(box, [
      { op: 'bridge', name: 'net1' },
      { op: 'up', name: 'net1' },
      { op: 'route', dev: 'net1', to: cidr('192.0.2.0/24') },
    ])
    netns.close(box)
    expect(await checked(added, { args: WEB })).toEqual(FINE)
    expect(await call('CHECK')).toEqual(refusal(7, 'prevResult'))
  })

  test.each([
    ['the node’s link is down', () => link.apply(home, [{ op: 'down', name: podLink() }]), /is down/],
    [
      'the pod’s address is gone',
      () => inBox([{ op: 'address-delete', name: 'eth0', address: ip('10.128.0.3'), bits: 32 }]),
      /lost its address 10.128.0.3/,
    ],
    ['the pod’s default route is gone', () => inBox([{ op: 'route-delete', dev: 'eth0', family: 4 }]), /default route/],
    ['the pod’s link is gone', () => inBox([{ op: 'delete', name: 'eth0' }]), /link pod\w+ is gone/],
    [
      'the node’s route is gone',
      () => link.apply(home, [{ op: 'route-delete', to: cidr('10.128.0.3/32'), dev: podLink(), family: 4 }]),
      /route to 10.128.0.3/,
    ],
    ['its rules are gone', () => rules('flush set inet fairlead-pods sources4'), /rules that let/],
    ['policy is not in force', breakPolicy, /policy/],
  ] as const)('sees that %s', async (_, harm, message) => {
    const added = await call('ADD', { args: WEB })
    harm()
    const { code, json } = await checked(added, { args: WEB })
    expect([code, json.code]).toEqual([1, 102])
    expect(JSON.stringify(json)).toMatch(message)
  })

  test('compares with prevResult', async () => {
    const added = await call('ADD')
    const other = JSON.parse(JSON.stringify(added.json).replace('10.128.0.3/32', '10.128.0.5/32'))
    expect(await checked({ code: 0, json: other })).toEqual(refusal(102, 'prevResult'))
  })
})

function breakPolicy(): void {
  holds = false
}
const podLink = (): string => link.links(home).find(({ name }) => name.startsWith('pod'))!.name
function inBox(operations: Parameters<typeof link.apply>[1]): void {
  const box = netns.open('box')
  link.apply(box, operations)
  netns.close(box)
}
function rules(text: string): void {
  const handle = nft.open(home)
  handle.run(text)
  handle.close()
}

test('GC takes down what the engine does not know, and nothing of the twin’s own pods', async () => {
  cni!.add('own')
  const added = await call('ADD')
  await call('ADD', { id: 'c2', box: 'box-2' })
  const valid = [{ containerID: 'c1', ifname: 'eth0' }]
  expect(await call('GC', { config: { 'cni.dev/valid-attachments': valid } })).toEqual(FINE)
  expect(await checked(added)).toEqual(FINE)
  expect(cni!.check('own')).toEqual([])
  expect(link.links(home).filter(({ name }) => name.startsWith('pod'))).toHaveLength(2)
  // And the twin's own collection nothing of the engine's, across restarts.
  cni = open()
  expect(cni.collect(new Map())).toEqual(['own'])
  expect(await checked(added)).toEqual(FINE)
})

test.each(['perl', 'curl'])('a node may have %s alone', async program => {
  const path = mkdtempSync(`${folder}/only-`)
  expect(await call('ADD', { path })).toEqual(refusal(5, 'neither perl nor curl'))
  symlinkSync(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(), `${path}/${program}`)
  expect(await call('ADD', { path, args: WEB })).toMatchObject({ code: 0, json: { cniVersion: '1.1.0' } })
  expect(secured).toHaveLength(1)
  expect(await call('ADD', { path, args: WEB })).toEqual(refusal(101, 'eth0 exists already'))
  expect(await call('DEL', { path, args: WEB })).toEqual(FINE)
  expect(await call('ADD', { path, socket: `${folder}/nobody.sock` })).toEqual(refusal(11, 'agent'))
})

test('without an agent, or before its network stands, the plugin says so', async () => {
  const nobody = { socket: `${folder}/nobody.sock` }
  expect(await call('STATUS', nobody)).toEqual(refusal(50, 'agent'))
  expect(await call('ADD', nobody)).toEqual(refusal(11, 'agent'))
  expect((await call('VERSION', nobody)).json).toEqual({
    cniVersion: '1.1.0',
    supportedVersions: ['0.3.1', '0.4.0', '1.0.0', '1.1.0'],
  })
  cni = undefined
  expect(await call('STATUS')).toEqual(refusal(50, 'stand'))
  expect(await call('ADD')).toEqual(refusal(11, 'stand'))
  cni = open()
  expect(await call('STATUS')).toEqual(FINE)
  link.apply(home, [{ op: 'down', name: 'ovn-k8s-mp0' }])
  expect(await call('STATUS')).toEqual(refusal(50, 'ovn-k8s-mp0'))
  link.apply(home, [{ op: 'up', name: 'ovn-k8s-mp0' }])
  expect(await call('ADD', { args: 'A=\n' })).toEqual(refusal(4, 'environment'))
})

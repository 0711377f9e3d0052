import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import type { Role } from '../../client/mod.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { systemClock } from '../../host/clock/real.ts'
import { kernelConntrack } from '../../host/conntrack/real.ts'
import { systemFs } from '../../host/fs/real.ts'
import { kernelLinks } from '../../host/link/real.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import { kernelNft } from '../../host/nft/real.ts'
import { kernelProcesses } from '../../host/process/real.ts'
import { kernelSockets } from '../../host/socket/real.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import { outcome } from '../runtime/conformance.ts'
import { startRuntime } from '../runtime/role.ts'
import { connectRuntime } from '../runtime/wire/client.ts'
import { startKubelet } from './role.ts'

const bench = testBench()
const netns = kernelNetns()
const link = kernelLinks(netns)
const folder = mkdtempSync(`${tmpdir()}/fairlead-kubelet-`)
const host = {
  netns,
  link,
  nft: kernelNft(netns),
  conntrack: kernelConntrack(netns),
  fs: systemFs,
  socket: kernelSockets(netns),
  process: kernelProcesses(netns),
  clock: systemClock,
  log: silent,
}
const socketPath = `${folder}/runtime.sock`
const runtimeStop = { current: new AbortController() }
const runtimes: Role[] = []
const client = connectRuntime(host.socket, socketPath)
const stateDir = `${folder}/runtime`

beforeAll(async () => {
  const node = netns.create('node-1')
  link.apply(node, [
    { op: 'up', name: 'lo' },
    { op: 'address', name: 'lo', address: ip('10.128.0.2'), bits: 32 },
  ])
  link.sysctl(node, 'net/ipv4/ip_forward', '1')
  runtimes.push(await startRuntime(host, { stateDir, socketPath }, runtimeStop.current.signal))
  bench.api.put(Node, { metadata: { name: 'node-1' }, spec: { podCIDRs: ['10.128.0.0/23'] } })
  const deps = { ...bench, ...host, client: bench.informers.client, netns: { ...netns, home: node }, runtime: client }
  await startKubelet(
    deps,
    {
      node: 'node-1',
      addresses: [ip('172.18.0.11')],
      labels: {},
      netns: 'node-1',
      mtu: 1400,
      clusterDns: [ip('172.30.0.10')],
      clusterDomain: 'cluster.local',
      resolvConf: '',
      hosts: '',
      stateDir: `${folder}/kubelet`,
      maxPods: 250,
      version: 'v1.33.13',
    },
    bench.signal,
  )
})
afterAll(async () => {
  bench.close()
  client.close()
  runtimeStop.current.abort()
  await Promise.all(runtimes.map(role => role.done))
  for (const name of netns.list()) netns.remove(netns.open(name))
  rmSync(folder, { recursive: true })
})

const run = (name: string, containers: Pod['spec']['containers'], spec: Partial<Pod['spec']> = {}): void =>
  void bench.api.put(Pod, {
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    spec: { nodeName: 'node-1', containers, ...spec },
    status: { phase: 'Pending' },
  })
const pod = (name: string) => bench.api.get(Pod, { namespace: 'shop', name })
const isReady = (name: string): boolean =>
  pod(name)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
const web = (path: string): Pod['spec']['containers'] => [
  {
    name: 'main',
    image: 'shop/web:1',
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path, port: 'http' } },
  },
]
async function onNode(...command: readonly string[]): Promise<string> {
  const at = netns.open('node-1')
  const child = await host.process.spawn({ command: command[0]!, args: command.slice(1), env: {}, netns: at })
  netns.close(at)
  return (await text(child.stdout)) + (await text(child.stderr!))
}

test('a stand-in becomes ready by a probe that really reaches it, and serves', async () => {
  run('web', web('/health'))
  run('broken', [
    {
      name: 'main',
      image: 'shop/web:1',
      ports: [{ containerPort: 8080 }],
      readinessProbe: { tcpSocket: { port: 8081 } },
    },
  ])
  await settled(bench)
  expect([isReady('web'), isReady('broken')]).toEqual([true, false])
  expect(await onNode('curl', '-sS', `http://${pod('web')!.status!.podIP}:8080/`)).toMatch(/pod: +web\nnamespace: shop/)
  const exec = { podUid: 'uid-web', container: 'main', command: ['cat', '/etc/resolv.conf'], stdin: false, tty: false }
  expect((await outcome(await client.exec(exec))).stdout).toContain(
    'search shop.svc.cluster.local svc.cluster.local cluster.local',
  )
})

test('a process that takes a moment to listen is ready soon after', async () => {
  const script = 'busybox sleep 0.2; exec busybox httpd -f -p 8080 -h /etc'
  run('slow', [
    {
      name: 'main',
      image: 'busybox',
      command: ['sh', '-c', script],
      readinessProbe: { httpGet: { path: '/hostname', port: 8080 }, periodSeconds: 1000 },
    },
  ])
  await eventually(() => isReady('slow'))
})

test('pods that come and go leave nothing', async () => {
  const before = netns.list()
  for (let index = 0; index < 20; index++) run(`brief-${index}`, web('/health'))
  await eventually(() => Array.from({ length: 20 }, (_, index) => isReady(`brief-${index}`)).every(Boolean))
  for (let index = 0; index < 20; index++)
    await bench.api.client.delete(Pod, { namespace: 'shop', name: `brief-${index}` }, { gracePeriodSeconds: 5 })
  await settled(bench)
  expect(pod('brief-0')).toBeUndefined()
  expect(netns.list()).toEqual(before)
  expect(systemFs.list(`${stateDir}/pods`).filter(uid => uid.includes('brief'))).toEqual([])
})

test('pods of a runtime that was killed start again under their addresses', async () => {
  run('survivor', web('/health'))
  run('worker', [{ name: 'main', image: 'busybox', command: ['sleep', '1000'] }])
  await settled(bench)
  const address = pod('survivor')!.status!.podIP
  runtimeStop.current.abort()
  runtimeStop.current = new AbortController()
  await eventually(() => systemFs.size(socketPath) === undefined)
  runtimes.push(await startRuntime(host, { stateDir, socketPath }, runtimeStop.current.signal))
  await eventually(() =>
    ['survivor', 'worker'].every(name => pod(name)!.status!.containerStatuses![0]!.restartCount === 1 && isReady(name)),
  )
  expect(pod('survivor')!.status!.podIP).toBe(address)
  expect(await onNode('curl', '-sS', `http://${address}:8080/health`)).toBe('ok\n')
})

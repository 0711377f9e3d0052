import type { ChildProcess } from 'node:child_process'
import { execFile, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestBench } from '../../../client/testing.ts'
import { eventually, settled, testBench } from '../../../client/testing.ts'
import { systemFs } from '../../../host/fs/real.ts'
import { ip } from '../../../lib/ip.ts'
import type { World } from '../../network/testing.ts'
import { createWorld, podNetworkOf, putNode, putService, putSlice } from '../../network/testing.ts'
import { createCni } from '../cni.ts'
import type { Cni } from '../mod.ts'
import { servePlugin } from './serve.ts'
import { SHIM } from './testing.ts'

const hasTool = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
const absent = ['containerd', 'ctr', 'runc', 'busybox'].filter(name => !hasTool(name))
const isRootless = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2] !== '4294967295'
const why = absent.length > 0 ? `${absent.join(', ')} missing` : isRootless ? 'runc needs real root' : ''

const folder = mkdtempSync(`${tmpdir()}/fairlead-containerd-`)
const VIP = ip('172.30.0.50')
let world: World
let bench: TestBench
let cni: Cni
let engine: ChildProcess | undefined
let far: Awaited<ReturnType<World['pod']>>

const run = (command: string, ...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}
/** Not by `ip netns exec`, which hides the control groups. */
const onNode = () => [`--net=${world.node(1).path}`, 'env', `FAIRLEAD_CNI_SOCKET=${folder}/cni.sock`]
const ctrArgs = () => [...onNode(), 'ctr', '-a', `${folder}/c.sock`]
/** Servers of the world live in this process: it may not stand still meanwhile. */
const ctr = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('nsenter', [...ctrArgs(), ...args])).stdout.trim()

/** What a container needs to run busybox, and nothing else. */
function makeRoot(): string {
  const root = join(folder, 'rootfs')
  for (const name of ['bin', 'proc', 'sys', 'dev', 'etc', 'tmp']) mkdirSync(join(root, name), { recursive: true })
  const busybox = run('sh', '-c', 'command -v busybox').trim()
  for (const [, path] of run('ldd', busybox).matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(join(root, dirname(path!)), { recursive: true })
    copyFileSync(path!, join(root, path!))
  }
  copyFileSync(busybox, join(root, 'bin/busybox'))
  chmodSync(join(root, 'bin/busybox'), 0o755)
  return root
}

/** Folders of this machine stay as they are: what is written there is seen here alone. */
function overlay(path: string): void {
  const [upper, work] = ['upper', 'work'].map(name => join(folder, name + path.replaceAll('/', '-')))
  for (const made of [upper!, work!]) mkdirSync(made, { recursive: true })
  run('mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${path},upperdir=${upper},workdir=${work}`, path)
}

beforeAll(async () => {
  if (why) return
  run('mount', '-t', 'tmpfs', 'tmpfs', folder)
  for (const path of ['/etc', '/opt']) overlay(path)
  mkdirSync('/etc/cni/net.d', { recursive: true })
  mkdirSync('/opt/cni/bin', { recursive: true })
  copyFileSync(join(dirname(SHIM), '10-fairlead.conflist'), '/etc/cni/net.d/10-fairlead.conflist')
  copyFileSync(SHIM, '/opt/cni/bin/fairlead')
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  for (const number of [1, 2]) await (await world.start(bench, number)).ready
  far = await world.pod(2, 3)
  putService(bench.api, 'web', VIP, { ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] } as never)
  putSlice(bench.api, 'web', [{ address: far.address, node: 'node-2' }])
  await settled(bench)
  const facts = { ranges: [podNetworkOf(1)], mtu: 1400 }
  cni = createCni({ ...world, fs: systemFs }, { node: world.node(1), ...facts, ledgerPath: `${folder}/cni.json` })
  await servePlugin(
    { ...bench, ...world, node: world.node(1), pod: async () => undefined, network: () => ({ cni, ...facts }) },
    `${folder}/cni.sock`,
    bench.signal,
  )
  writeFileSync(
    `${folder}/config.toml`,
    `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${folder}/c.sock"\n`,
  )
  const args = [...onNode(), 'containerd', '-c', `${folder}/config.toml`, '-l', 'error']
  engine = spawn('nsenter', args, { stdio: 'ignore' })
  await eventually(() => existsSync(`${folder}/c.sock`) && spawnSync('nsenter', [...ctrArgs(), 'version']).status === 0)
})
afterAll(async () => {
  if (why) return
  const ended = new Promise(resolve => engine?.on('exit', resolve))
  engine?.kill()
  await ended
  bench.close()
  world.close()
  for (const path of ['/opt', '/etc', folder]) spawnSync('umount', ['-l', path])
  rmSync(folder, { recursive: true, force: true })
})

test.skipIf(why !== '')(
  `a container of containerd has the network of a pod${why && ` (left out: ${why})`}`,
  async () => {
    const box = ['run', '--cni', '--rootfs', makeRoot(), 'box', '/bin/busybox', 'sleep', '1000']
    const started = spawn('nsenter', [...ctrArgs(), ...box], { stdio: ['ignore', 'ignore', 'pipe'] })
    const said: Promise<string> = text(started.stderr)
    await eventually(() => started.exitCode !== null || owners().length === 1)
    while (started.exitCode === null && !(await ctr('task', 'ls')).includes('RUNNING')) {}
    if (started.exitCode !== null) throw new Error(await said)
    const inside = (...command: string[]): Promise<string> =>
      ctr('task', 'exec', '--exec-id', 'x', 'box', '/bin/busybox', ...command)
    expect(await inside('ip', '-4', 'addr', 'show', 'eth0')).toContain('inet 10.128.0.3/32')
    // By its network it is a pod like any other.
    expect(await inside('nc', '-w', '3', far.address, '8080')).toBe('pod-2-3 10.128.0.3')
    expect(await inside('nc', '-w', '3', VIP, '80')).toBe('pod-2-3 10.128.0.3')
    expect(owners()).toEqual(['10.128.0.3'])
    expect(podLinks()).toHaveLength(1)
    // When its process ends, the engine calls DEL.
    await ctr('task', 'kill', '-s', 'SIGKILL', 'box')
    await eventually(() => started.exitCode !== null)
    expect(await said).toBe('')
    expect(owners()).toEqual([])
    expect(podLinks()).toEqual([])
  },
  30_000,
)

const owners = (): readonly string[] =>
  existsSync(`${folder}/cni.json`)
    ? Object.keys(JSON.parse(readFileSync(`${folder}/cni.json`, 'utf8')).ranges[0].owners)
    : []
const podLinks = () => world.link.links(world.node(1)).filter(({ name }) => name.startsWith('pod'))

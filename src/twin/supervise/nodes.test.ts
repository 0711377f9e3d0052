import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { fakeFs } from '../../host/fs/fake.ts'
import { fakeLinks } from '../../host/link/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import { fakeProcesses } from '../../host/process/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import { silent } from '../../lib/log.ts'
import type { ExecSpec, PodRuntime, SandboxStatus } from '../../node/runtime/mod.ts'
import { resolveConfig } from '../config.ts'
import { planWorld } from '../plan.ts'
import { adminSocket, rolesOf } from '../roles.ts'
import { readConfig, twinFolder } from '../state.ts'
import { buildWorld, makePlaces } from '../world/world.ts'
import { exec } from './exec.ts'
import { createNodes } from './nodes.ts'
import { createProcesses } from './processes.ts'
import { twinStatus } from './status.ts'

const folder = twinFolder('/data', 'x')
const PORTS = { api: 6443, http: 80, https: 443 }
const pod = (node: string, name: string): SandboxStatus =>
  ({
    spec: {
      podUid: `uid-${name}`,
      namespace: 'shop',
      name,
      node,
      netns: `pod-${name}`,
      hostname: name,
      resolvConf: 'nameserver 172.30.0.10\n',
      hosts: '127.0.0.1 localhost\n',
    },
    containers: name === 'db' ? [] : [{ name: 'main', phase: { state: 'running', startedAtMs: 0 } }],
  }) as unknown as SandboxStatus

async function twin(nodes = 2) {
  const [fs, clock, netns, sockets] = [fakeFs(), fakeClock(), fakeNetns(), fakeSockets()]
  const links = fakeLinks(netns)
  const plan = planWorld(await resolveConfig({ name: 'x', nodes }, []))
  const world = buildWorld({ netns, links }, plan, makePlaces(netns, plan))
  const processes = fakeProcesses({
    node: () => new Promise(() => {}),
    show: ({ spec, stdout }) => {
      const { netns: at, sandbox, env } = spec
      const files = sandbox?.mounts.map(mount => `${mount.target}: ${fs.read(mount.source)}`)
      stdout.write(JSON.stringify({ at: at?.name, host: sandbox?.hostname, files, term: env.TERM, args: spec.args }))
      return 0
    },
  })
  const services = createProcesses({ processes, clock, log: silent, output: () => {} })
  const sandboxes = [pod('node-1', 'api'), pod('node-2', 'web'), pod('node-2', 'db')]
  const removed: string[] = []
  const executed = { closed: 0 }
  const runtime = (): PodRuntime =>
    ({
      list: async (node?: string) => sandboxes.filter(({ spec }) => node === undefined || spec.node === node),
      removeSandbox: async (uid: string, grace: number) => void removed.push(`${uid} ${grace}`),
      exec: async ({ podUid, container, command }: ExecSpec) => {
        const stdout = Readable.from([JSON.stringify({ podUid, container, command })])
        return {
          stdin: null,
          stdout,
          stderr: null,
          resize: () => {},
          exit: Promise.resolve({ code: 0 }),
          close: () => {},
        }
      },
      close: () => void executed.closed++,
    }) as unknown as PodRuntime
  const start: Parameters<typeof createNodes>[0]['start'] = role =>
    services.start({
      name: role.name,
      command: ['node', ...role.args],
      env: {},
      inherit: [],
      netns: world.netns(role.host ?? 'node-1'),
    })
  for (const role of rolesOf(plan, folder)) start(role)
  await clock.advance(0)
  const done: string[] = []
  const balancers = {
    has: (name: string) => name.startsWith('lb-'),
    act: (action: string, name: string) => void done.push(`${action} ${name}`),
    describe: () => 'somewhere',
  }
  const ports = PORTS
  const nodesOf = createNodes({ fs, world, services, folder, ports, balancers, nowMs: clock.now, start, runtime }, plan)
  const status = () =>
    twinStatus(
      { fs, clock, sockets, pid: 2 },
      { ports, services, nodes: nodesOf, balancers, startedMs: clock.now() - 5000 },
    )
  const execDeps = { processes, world, env: { PATH: '/bin' }, runtime }
  return { fs, clock, netns, sockets, world, services, removed, executed, done, nodes: nodesOf, status, execDeps }
}

test('stop is a power cut; start brings the node back', async () => {
  const { nodes, removed, services, clock } = await twin()
  expect(await nodes.act('stop', 'node-2')).toBe('node-2')
  expect(removed).toEqual(['uid-web 0', 'uid-db 0'])
  expect(nodes.states().map(node => node.link)).toEqual(['up', 'down'])
  const agent = () => services.states().find(state => state.name === 'node-2')?.state
  expect(agent()).toBe('stopped')
  expect(await nodes.act('start', 'node-2')).toBe('node-2')
  await clock.advance(0)
  expect(agent()).toBe('running')
  expect(nodes.states().map(node => node.link)).toEqual(['up', 'up'])
})

test('node-1 carries the control plane: its link stays', async () => {
  const { nodes, removed, services } = await twin()
  expect(await nodes.act('stop', 'node-1')).toContain('it carries the control plane')
  expect(removed).toEqual(['uid-api 0'])
  expect(nodes.states()[0]?.link).toBe('up')
  expect(services.states().find(state => state.name === 'api')?.state).toBe('running')
})

test('cut takes the link alone', async () => {
  const { nodes, removed, services } = await twin()
  await nodes.act('cut', 'node-2')
  expect(nodes.states()[1]?.link).toBe('cut')
  expect(removed).toEqual([])
  expect(services.states().every(state => state.state === 'running')).toBe(true)
})

test('load balancers are stopped, started and cut as nodes are', async () => {
  const { nodes, done, services } = await twin()
  const actions = ['stop', 'start', 'cut'] as const
  for (const action of actions) expect(await nodes.act(action, 'lb-2')).toBe('lb-2')
  expect(done).toEqual(['stop lb-2', 'start lb-2', 'cut lb-2'])
  expect(services.states().every(state => state.state === 'running')).toBe(true)
})

test('a node that joins has a link, credentials and an agent, and is there at the next start', async () => {
  const { nodes, fs, services, clock, world } = await twin()
  expect(await nodes.act('add', undefined)).toBe('node-3')
  await clock.advance(0)
  expect(nodes.states().map(node => `${node.name} ${node.address} ${node.link}`)).toContain('node-3 172.18.0.13 up')
  expect(world.netns('node-3').name).toBe('node-3')
  expect(fs.read(`${folder.pki}/node-3.kubeconfig`)?.toString()).toContain('https://172.18.0.11:6443')
  expect(services.states().find(state => state.name === 'node-3')?.state).toBe('running')
  expect(readConfig(fs, folder)?.nodes).toBe(3)
})

test('refuses unknown nodes, and more than there is room for', async () => {
  const { nodes } = await twin(32)
  await expect(nodes.act('cut', 'node-33')).rejects.toMatchObject({ code: 'NoNode' })
  await expect(nodes.act('add', undefined)).rejects.toMatchObject({ code: 'TwinNodes' })
  expect(nodes.plan.nodes).toHaveLength(32)
  expect(await twin(31).then(({ nodes: room }) => room.act('add', undefined))).toBe('node-32')
})

test('status asks every role how far it is; routers are found by their sockets', async () => {
  const { status, sockets, fs, services, nodes } = await twin()
  const serve = async (name: string, body: string): Promise<void> => {
    fs.write(adminSocket(name), '')
    await sockets.listenUnix(
      createServer((_, answer) => answer.end(body)),
      adminSocket(name),
    )
  }
  await serve('api', '{"observed":7,"busy":[]}')
  await serve('node-1', '{"observed":6,"busy":["network"]}')
  await serve('router-default', '{"observed":7,"busy":[]}')
  fs.write(adminSocket('router-gone'), '')
  await nodes.act('stop', 'node-2')
  const { roles, uptimeMs, outside, ports } = await status()
  expect(roles.map(role => [role.name, role.state, role.progress?.observed])).toEqual([
    ['supervisor', 'running', undefined],
    ['api', 'running', 7],
    ['runtime', 'starting', undefined],
    ['node-1', 'running', 6],
    ['node-2', 'stopped', undefined],
    ['router-default', 'running', 7],
  ])
  expect(roles.find(role => role.name === 'api')?.pid).toBe(services.states()[0]!.pid)
  expect(uptimeMs).toBe(5000)
  expect(ports).toEqual(PORTS)
  expect(outside).toContainEqual({ name: 'vip', address: '172.18.0.100', is: '*.apps.fairlead.test' })
  expect(outside).toContainEqual({ name: 'lb-1', address: '172.18.0.98', is: 'somewhere' })
})

test('exec runs on a node as it is, and in a pod as kubectl exec does', async () => {
  const { execDeps, executed } = await twin()
  const run = async (target: string): Promise<unknown> =>
    JSON.parse(await text((await exec(execDeps, target, ['show', 'a', 'b'], false)).stdout))
  expect(await run('node-2')).toEqual({ at: 'node-2', term: 'xterm-256color', args: ['a', 'b'] })
  expect(await run('client')).toMatchObject({ at: 'client' })
  expect(await run('shop/web')).toEqual({ podUid: 'uid-web', container: 'main', command: ['show', 'a', 'b'] })
  expect(executed.closed).toBe(1)
  const refused = (target: string, command: string) => expect(exec(execDeps, target, [command], false)).rejects
  await refused('node-9', 'show').toMatchObject({ code: 'NoHost' })
  await refused('shop/none', 'show').toMatchObject({ code: 'NoPod' })
  await refused('shop/db', 'show').toMatchObject({ code: 'NoPod', message: 'no container of shop/db runs' })
  await refused('node-1', 'nothing').toMatchObject({ code: 'NoCommand' })
})

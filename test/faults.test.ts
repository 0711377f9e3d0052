/** What breaks while a twin runs, and how it goes on: each fault with the proof that things worked before and work after. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigMap } from '../src/api/core/config-map.ts'
import { slowness } from '../src/host/clock/testing.ts'
import { connectClient } from '../src/main/connect.ts'
import type { Result, Twin } from './harness.ts'
import { FAIRLEAD, hostPid, start, startTwin, until, worldPids } from './harness.ts'
import { edgeRoute, listOf, webServers } from './web.ts'

const HOST = 'web-faults.apps.fairlead.localhost'
/** On a quiet machine. */
const RECOVERY_MS = 2000
const DISK_MIB = 48
/** A disk of its own, which a test can fill. */
const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-faults-'))
let twin: Twin
beforeAll(async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', dataHome])
  twin = await startTwin({ name: 'faults', dataHome })
  expect((await apply(listOf(...webServers('faults'), edgeRoute('faults')))).code).toBe(0)
  expect((await twin.fairlead('wait')).code).toBe(0)
  expect((await twin.https(HOST)).status).toBe(200)
})
afterAll(async () => {
  await twin?.down()
  execFileSync('umount', [dataHome])
  rmSync(dataHome, { recursive: true })
})

const apply = (input: string): Promise<Result> => twin.tryKubectl(['apply', '-f', '-'], { input })
const kubectl = (...args: string[]): Promise<string> => twin.kubectl('-n', 'faults', ...args)
const serves = async (): Promise<boolean> => (await twin.https(HOST)).status === 200
const settled = async (): Promise<void> => {
  const { code, stderr } = await twin.fairlead('wait')
  expect(code, stderr).toBe(0)
}

/** Kills processes with SIGKILL and measures until the condition holds again. */
async function recovers(pids: readonly number[], what: string, condition: () => Promise<boolean>): Promise<void> {
  expect(pids.length).toBeGreaterThan(0)
  const slowBefore = slowness()
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await until('they are dead', async () => !pids.some(alive))
  const startMs = performance.now()
  await until(what, condition)
  const tookMs = performance.now() - startMs
  expect(tookMs, what).toBeLessThan(RECOVERY_MS * Math.max(slowBefore, slowness()))
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

interface PodRow {
  readonly name: string
  readonly node: string
  readonly address: string
  readonly restarts: number
}

async function pods(namespace = 'faults'): Promise<readonly PodRow[]> {
  const template =
    '{range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP} {.status.containerStatuses[0].restartCount}{"\\n"}{end}'
  const rows = (await twin.kubectl('-n', namespace, 'get', 'pods', '-o', `jsonpath=${template}`)).trim().split('\n')
  return rows.map(row => {
    const [name = '', node = '', address = '', restarts] = row.split(' ')
    return { name, node, address, restarts: Number(restarts) }
  })
}

describe('killed with -9 and back within two seconds', () => {
  test('the API: every write it acknowledged is there, also of those under way', async () => {
    const client = await connectClient(twin.env.KUBECONFIG!)
    const acknowledged: string[] = []
    let going = true
    const write = async (worker: number): Promise<void> => {
      for (let i = 0; going; i++) {
        const name = `kept-${worker}-${i}`
        await client.create(ConfigMap, { metadata: { namespace: 'faults', name }, data: { a: 'b' } })
        acknowledged.push(name)
      }
    }
    const writers = Array.from({ length: 8 }, (_, worker) => write(worker).catch(() => {}))
    await until('writes are acknowledged', async () => acknowledged.length > 50)
    const api = await hostPid(twin, 'api')
    const get = (): Promise<string> => kubectl('get', 'configmap', acknowledged[0]!, '-o', 'name')
    await recovers([api], 'the API answers again', async () => (await get()) !== '')
    going = false
    await Promise.all(writers)
    client.close()
    const there = new Set((await kubectl('get', 'configmap', '-o', 'name')).split('\n'))
    expect(acknowledged.filter(name => !there.has(`configmap/${name}`))).toEqual([])
    await kubectl('scale', 'deploy/web', '--replicas=4')
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=90s')
    await kubectl('scale', 'deploy/web', '--replicas=3')
    await settled()
  })

  test('a node agent: connections through its node live on, and it acts again', async () => {
    const pod = (await pods()).find(each => each.node === 'node-2')!
    const held = start(
      FAIRLEAD,
      ['exec', '--name', twin.name, 'node-1', '--', 'busybox', 'nc', pod.address, '8080'],
      twin.env,
    )
    let received = ''
    held.stdout.on('data', chunk => {
      received += String(chunk)
    })
    const answered = (path: string): Promise<true> => {
      received = ''
      held.stdin.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
      return until(`an answer to ${path} on the same connection`, async () => received.includes('200 OK'))
    }
    await answered('/before')
    const agent = await hostPid(twin, 'node-2')
    await recovers([agent], 'another agent', async () => (await hostPid(twin, 'node-2')) !== agent)
    await answered('/after')
    held.kill()
    await settled()
    expect((await pods()).find(each => each.name === pod.name)).toEqual(pod)
    await kubectl('delete', 'pod', pod.name)
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=90s')
    await settled()
  })

  test('the pod runtime: its pods start again, and the restart of each is counted', async () => {
    const before = await pods()
    await recovers([await hostPid(twin, 'runtime')], 'the Route answers', serves)
    await until('every restart is counted', async () =>
      (await pods()).every(({ name, restarts }) => restarts === before.find(each => each.name === name)!.restarts + 1),
    )
    await settled()
    expect((await pods()).map(each => each.address)).toEqual(before.map(each => each.address))
  })

  test('HAProxy: every Route is back', async () => {
    await recovers(worldPids(twin, /^haproxy|\/haproxy/), 'the Route answers', serves)
    await settled()
  })

  test('the router: its container starts again', async () => {
    const [before] = await pods('openshift-ingress')
    await recovers(worldPids(twin, /boot\.cjs\0router\0/), 'the Route answers', serves)
    await until(
      'the restart is counted',
      async () => (await pods('openshift-ingress'))[0]?.restarts === before!.restarts + 1,
    )
    await settled()
  })
})

describe('a full disk', () => {
  const ballast = join(dataHome, 'ballast')
  const create = (name: string, bytes = 1): Promise<Result> =>
    twin.tryKubectl(['-n', 'faults', 'create', 'configmap', name, `--from-literal=a=${'x'.repeat(bytes)}`])

  test('writes are refused with the reason, traffic goes on, and with room again so do writes', async () => {
    expect((await create('before')).code).toBe(0)
    expect(() => writeFileSync(ballast, Buffer.alloc(DISK_MIB << 20))).toThrow('ENOSPC')
    for (const [name, bytes] of Object.entries({ small: 1, large: 100_000 })) {
      const refused = await create(name, bytes)
      expect(refused.code).not.toBe(0)
      expect(refused.stderr).toMatch(/disk that holds .* is full.*free some space/)
    }
    expect(await kubectl('get', 'configmap', 'before', '-o', 'jsonpath={.data.a}')).toBe('x')
    expect(await serves()).toBe(true)
    expect((await twin.fairlead('status')).stdout).toMatch(/^api +running/m)
    rmSync(ballast)
    expect((await create('after')).code).toBe(0)
    await kubectl('scale', 'deploy/web', '--replicas=4')
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=90s')
    await settled()
    expect((await kubectl('get', 'configmap', '-o', 'name')).match(/before|small|large|after/g)).toEqual([
      'after',
      'before',
    ])
  })
})

describe('manifests that are wrong', () => {
  const object = (kind: string, rest: object, apiVersion = 'v1'): string =>
    JSON.stringify({ apiVersion, kind, metadata: { name: 'wrong', namespace: 'faults' }, ...rest })
  const service = (port: object): string => object('Service', { spec: { selector: { app: 'web' }, ports: [port] } })

  test.each([
    ['YAML that is none', 'apiVersion: v1\nkind: [Service\n', /yaml.*line 2|did not find expected/],
    ['JSON cut short', service({ port: 80 }).slice(0, -3), /STDIN.*unexpected EOF/],
    ['a port that is text', service({ port: 'http' }), /ports.*port|cannot unmarshal|invalid/i],
    ['a port out of range', service({ port: 70_000 }), /spec\.ports\[0\]\.port: Invalid value: 70000.*1 and 65535/],
    ['a field that does not exist', service({ port: 80, prot: 'TCP' }), /unknown field "spec\.ports\[0\]\.prot"/],
    ['a kind that does not exist', object('Servise', {}), /no matches for kind "Servise" in version "v1"/],
    ['a namespace that does not exist', service({ port: 80 }).replace('"faults"', '"nowhere"'), /"nowhere" not found/],
    ['a name that cannot be', service({ port: 80 }).replace('"wrong"', '"Wrong_"'), /metadata\.name: Invalid value/],
    [
      'a Route without a target',
      object('Route', { spec: { host: 'x.example.com' } }, 'route.openshift.io/v1'),
      /spec\.to/,
    ],
  ])('%s: a clear error, and nothing is stored', async (_, manifest, error) => {
    const refused = await apply(manifest)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toMatch(error)
    expect(refused.stderr).not.toMatch(/ {4}at |\[object/)
    expect(await kubectl('get', 'services,routes', '-o', 'name')).not.toContain('wrong')
    expect((await apply(service({ port: 80 }))).code).toBe(0)
    await kubectl('delete', 'service', 'wrong')
  })
})

test('the supervisor killed with -9: everything dies with it, and `up` brings every acknowledged object back', async () => {
  const objects = (): Promise<string> =>
    kubectl(
      'get',
      'deployments,services,routes,configmaps',
      '-o',
      'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\\n"}{end}',
    )
  const before = await objects()
  const pids = worldPids(twin)
  expect(pids.length).toBeGreaterThan(8)
  process.kill(await hostPid(twin, 'supervisor'), 'SIGKILL')
  await until('nothing of the world runs', async () => !pids.some(alive))
  expect((await twin.fairlead('up')).code).toBe(0)
  expect(await objects()).toBe(before)
  await until('the Route answers', serves)
})

/** What breaks, and how the twin goes on: each fault with the proof that things worked before and after. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { FAIRLEAD, hostPid, run, start, startTwin, traces, until, worldPids } from './harness.ts'

const HOST = 'web-faults.apps.fairlead.localhost'
const RECOVERY_MS = 2000
const MANIFEST = `
apiVersion: v1
kind: Namespace
metadata: { name: faults }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: faults }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [ { name: web, image: example.com/web, ports: [ { containerPort: 8080 } ] } ] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: faults }
spec: { selector: { app: web }, ports: [ { port: 80, targetPort: 8080 } ] }
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: web, namespace: faults }
spec: { to: { kind: Service, name: web }, tls: { termination: edge } }
`

describe('a role killed with -9', () => {
  let twin: Twin
  beforeAll(async () => {
    twin = await startTwin({ name: 'faults' })
    expect((await twin.tryKubectl(['apply', '-f', '-'], { input: MANIFEST })).code).toBe(0)
    expect((await twin.fairlead('wait')).code).toBe(0)
    expect((await twin.https(HOST)).status).toBe(200)
  })
  afterAll(async () => {
    await twin?.down()
  })

  const within = async (what: string, attempt: () => Promise<boolean>): Promise<void> => {
    const startMs = performance.now()
    await until(what, async () => (await attempt().catch(() => false)) || undefined, 10_000)
    expect(performance.now() - startMs, what).toBeLessThan(RECOVERY_MS)
  }

  test('the API: back with every acknowledged object', async () => {
    const made = await twin.kubectl('-n', 'faults', 'create', 'configmap', 'kept', '--from-literal=a=b')
    expect(made).toContain('created')
    process.kill(await hostPid(twin, 'api'), 'SIGKILL')
    await within(
      'the API answers again',
      async () => (await twin.tryKubectl(['-n', 'faults', 'get', 'configmap', 'kept'])).code === 0,
    )
    await twin.kubectl('-n', 'faults', 'scale', 'deploy/web', '--replicas=4')
    await twin.kubectl('-n', 'faults', 'rollout', 'status', 'deploy/web', '--timeout=20s')
    await twin.kubectl('-n', 'faults', 'scale', 'deploy/web', '--replicas=3')
  })

  test('a node agent: connections through its node live on, and it acts again', async () => {
    const pod = (
      await twin.kubectl(
        '-n',
        'faults',
        'get',
        'pods',
        '-l',
        'app=web',
        '-o',
        'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP} {.status.containerStatuses[0].restartCount}{"\\n"}{end}',
      )
    )
      .trim()
      .split('\n')
      .map(line => line.split(' '))
      .find(fields => fields[1] === 'node-2')!
    const held = start(
      FAIRLEAD,
      ['exec', '--name', twin.name, 'node-1', '--', 'busybox', 'nc', pod[2]!, '8080'],
      twin.env,
    )
    let received = ''
    held.stdout.on('data', chunk => {
      received += String(chunk)
    })
    const ask = (path: string): void => void held.stdin.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    ask('/before')
    await until('an answer before', async () => received.includes('200 OK'))
    const agent = await hostPid(twin, 'node-2')
    process.kill(agent, 'SIGKILL')
    received = ''
    ask('/during')
    await until('an answer on the same connection', async () => received.includes('200 OK'))
    held.kill()
    await within('another agent', async () => (await hostPid(twin, 'node-2')) !== agent)
    await twin.fairlead('wait')
    const restarts = await twin.kubectl(
      '-n',
      'faults',
      'get',
      'pod',
      pod[0]!,
      '-o',
      'jsonpath={.status.containerStatuses[0].restartCount}',
    )
    expect(restarts).toBe(pod[3])
  })

  test('the pod runtime: its pods start again and the Route answers', async () => {
    process.kill(await hostPid(twin, 'runtime'), 'SIGKILL')
    await within('the Route answers', async () => (await twin.https(HOST)).status === 200)
    await until('a restart is counted', async () =>
      /[1-9]/.test(
        await twin.kubectl(
          '-n',
          'faults',
          'get',
          'pods',
          '-l',
          'app=web',
          '-o',
          'jsonpath={.items[*].status.containerStatuses[0].restartCount}',
        ),
      ),
    )
    expect((await twin.fairlead('wait')).code).toBe(0)
  })

  test('HAProxy: back with every Route', async () => {
    await until('the Route answers before', async () => (await twin.https(HOST)).status === 200)
    const victims = worldPids(twin, /^haproxy|\/haproxy/)
    expect(victims.length).toBeGreaterThan(0)
    for (const pid of victims) process.kill(pid, 'SIGKILL')
    await within('the Route answers', async () => (await twin.https(HOST)).status === 200)
  })

  test('the supervisor: everything dies with it, and `up` brings every acknowledged object back', async () => {
    const uid = await twin.kubectl('-n', 'faults', 'get', 'deploy', 'web', '-o', 'jsonpath={.metadata.uid}')
    const pids = worldPids(twin)
    process.kill(await hostPid(twin, 'supervisor'), 'SIGKILL')
    await until('nothing of the world runs', async () => pids.every(pid => !alive(pid)), 5000)
    expect((await twin.fairlead('up')).code).toBe(0)
    expect(await twin.kubectl('-n', 'faults', 'get', 'deploy', 'web', '-o', 'jsonpath={.metadata.uid}')).toBe(uid)
    await until('the Route answers', async () => (await twin.https(HOST)).status === 200)
  })
})

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('clear errors', () => {
  const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-errors-'))
  const env = { ...process.env, XDG_DATA_HOME: dataHome }
  const fairlead = (...args: string[]) => run(FAIRLEAD, args, { env })
  afterAll(() => rmSync(dataHome, { recursive: true, force: true }))

  test('a port asked for by name and taken is refused with its number; nothing is half started', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const before = await traces()
    const refused = await fairlead('up', '--name', 'taken', '--publish', `https=${port}`)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain(String(port))
    expect(refused.stderr).not.toMatch(/ {4}at /)
    expect(await traces()).toEqual(before)
    server.close()
    const allowed = await fairlead('up', '--name', 'taken', '--publish', `https=${port}`, '--ephemeral')
    expect(allowed.code, allowed.stderr).toBe(0)
    const again = await fairlead('up', '--name', 'taken')
    expect(again.stdout).toContain('already running')
    await fairlead('down', '--name', 'taken')
  })

  test('overlapping networks are refused with both named', async () => {
    const file = join(dataHome, 'net.yaml')
    writeFileSync(
      file,
      'networking:\n  clusterNetwork: [{cidr: 10.0.0.0/8, hostPrefix: 23}]\n  serviceNetwork: [10.96.0.0/16]\n',
    )
    const refused = await fairlead('up', '--config', file)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('clusterNetwork 10.0.0.0/8 overlaps serviceNetwork 10.96.0.0/16')
  })

  test('verbs for a twin that does not run say how to start it', async () => {
    for (const verb of ['status', 'wait', 'kubeconfig']) {
      const refused = await fairlead(verb, '--name', 'nobody')
      expect(refused.code).not.toBe(0)
      expect(refused.stderr).toMatch(/nobody.*not running|not running.*nobody/)
      expect(refused.stderr).toContain('fairlead up')
    }
    expect((await fairlead('down', '--name', 'nobody')).code).toBe(0)
  })

  test('a damaged store is refused with its path and a way out', async () => {
    const twin = await startTwin({ name: 'damaged', dataHome })
    await twin.fairlead('down')
    const folder = join(dataHome, 'fairlead', 'damaged')
    const store = (await run('find', [folder, '-name', 'state.mdb'])).stdout.trim()
    writeFileSync(store, 'this is not a database'.repeat(1000))
    const refused = await fairlead('up', '--name', 'damaged')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain(store.replace('/state.mdb', ''))
    expect(refused.stderr).toMatch(/--forget|snapshot/)
    expect((await fairlead('down', '--name', 'damaged', '--forget')).code).toBe(0)
    const fresh = await startTwin({ name: 'damaged', dataHome })
    await fresh.fairlead('down')
  })
})

test('after down the machine is what it was', async () => {
  const before = await traces()
  const twin = await startTwin({ name: 'clean', args: ['--ephemeral'] })
  expect(await traces()).not.toEqual(before)
  await twin.down()
  await until('nothing is left', async () => JSON.stringify(await traces()) === JSON.stringify(before), 5000)
})

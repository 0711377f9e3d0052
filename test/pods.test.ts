/** Pods as a person has them in the twin: host ports, what is refused, who makes room for whom, and looking into them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { hostPid, KUBECTL, run, startTwin, until } from './harness.ts'

let twin: Twin
beforeAll(async () => {
  twin = await startTwin({ name: 'pods' })
})
afterAll(async () => {
  await twin?.down()
})

const apply = (...objects: readonly object[]) =>
  run(KUBECTL, ['apply', '-f', '-'], {
    env: twin.env,
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  })
const pod = (name: string, spec: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...more },
  spec,
})
const get = async (kind: string, name: string, path: string): Promise<string> =>
  (await twin.kubectl('get', kind, name, '-o', `jsonpath=${path}`)).trim()

test('a host port is reached from outside, and after the node’s agent was killed', async () => {
  const ports = [{ containerPort: 8080, hostPort: 18080 }]
  const netexec = { name: 'c', image: 'registry.k8s.io/e2e-test-images/agnhost:2.53', args: ['netexec'], ports }
  await apply(pod('hosted', { containers: [netexec] }))
  await twin.kubectl('wait', '--for=condition=Ready', 'pod/hosted', '--timeout=90s')
  const node = await get('pod', 'hosted', '{.status.hostIP}')
  const ask = async (seconds = '30') =>
    (await twin.fairlead('exec', 'client', '--', 'curl', '-s', '-m', seconds, `http://${node}:18080/hostname`)).stdout
  expect(await ask()).toBe('hosted')
  process.kill(await hostPid(twin, await get('pod', 'hosted', '{.spec.nodeName}')), 'SIGKILL')
  expect(await ask()).toBe('hosted')
  await twin.fairlead('wait')
  expect(await ask()).toBe('hosted')
  await twin.kubectl('delete', 'pod', 'hosted', '--grace-period=0', '--force')
  await until('nobody answers', async () => (await ask('2')) === '')
})

describe('what may not run', () => {
  test('does not hold up wait, and the Deployment says why', async () => {
    await twin.kubectl('create', 'namespace', 'tight')
    const template = {
      metadata: { labels: { app: 'bad' } },
      spec: { hostNetwork: true, containers: [{ name: 'c', image: 'nginx' }] },
    }
    const spec = { replicas: 2, selector: { matchLabels: { app: 'bad' } }, template }
    await apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'bad', namespace: 'tight' }, spec })
    expect((await twin.fairlead('wait', '--timeout', '90s')).code).toBe(0)
    const conditions = await twin.kubectl(
      'get',
      'deployment',
      'bad',
      '-n',
      'tight',
      '-o',
      'jsonpath={.status.conditions}',
    )
    expect(JSON.parse(conditions)).toContainEqual(
      expect.objectContaining({
        type: 'ReplicaFailure',
        reason: 'FailedCreate',
        message: expect.stringContaining('unable to validate against any security context constraint'),
      }),
    )
  })

  test('is refused by the label of its namespace, and what makes such pods is warned of', async () => {
    const labels = ['pod-security.kubernetes.io/enforce=restricted', 'pod-security.kubernetes.io/warn=restricted']
    const labelled = await run(KUBECTL, ['label', 'namespace', 'default', ...labels], { env: twin.env })
    expect(labelled.code).toBe(0)
    const bare = { securityContext: { privileged: true }, name: 'c', image: 'nginx' }
    const refused = await apply(pod('bare', { containers: [bare] }))
    expect(refused.stderr).toContain('violates PodSecurity "restricted:latest": privileged (container "c" must not set')
    const made = await run(KUBECTL, ['create', 'deployment', 'warned', '--image=nginx'], { env: twin.env })
    expect(made).toMatchObject({ code: 0, stdout: 'deployment.apps/warned created\n' })
    expect(made.stderr).toContain('Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation')
    await twin.kubectl('delete', 'deployment', 'warned')
    await twin.kubectl('label', 'namespace', 'default', ...labels.map(label => `${label.split('=')[0]}-`))
  })
})

test('an important pod takes the place of a lesser one', async () => {
  const classes = [10, 1000].map(value => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: `p${value}` },
    value,
  }))
  const holding = (name: string, priorityClassName: string) =>
    pod(name, {
      priorityClassName,
      nodeSelector: { 'kubernetes.io/hostname': 'node-2' },
      terminationGracePeriodSeconds: 1,
      containers: [
        { name: 'c', image: 'busybox', command: ['sleep', '1000'], ports: [{ containerPort: 99, hostPort: 4242 }] },
      ],
    })
  await apply(...classes, holding('lesser', 'p10'))
  await twin.kubectl('wait', '--for=condition=Ready', 'pod/lesser', '--timeout=90s')
  await apply(holding('important', 'p1000'))
  await twin.kubectl('wait', '--for=condition=Ready', 'pod/important', '--timeout=90s')
  expect((await twin.tryKubectl(['get', 'pod', 'lesser'])).stderr).toContain('not found')
  const events = await twin.kubectl(
    'get',
    'events',
    '--field-selector',
    'reason=Preempted',
    '-o',
    'jsonpath={..message}',
  )
  expect(events).toMatch(/^Preempted by pod \S+ on node node-2$/)
})

test('a debugging container sees the processes of its target', async () => {
  await apply(
    pod('watched', { containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'sleep 4242; true'] }] }),
  )
  await twin.kubectl('wait', '--for=condition=Ready', 'pod/watched', '--timeout=90s')
  const command = ['--', 'sh', '-c', 'ps -o args']
  await twin.kubectl('debug', 'watched', '--image=busybox', '--target=c', '--profile=general', '-c', 'look', ...command)
  const log = async () => (await twin.tryKubectl(['logs', 'watched', '-c', 'look'])).stdout
  await until('it has looked', async () => (await log()).includes('ps -o args'))
  expect(await log()).toMatch(/^sleep 4242$/m)
})

test('a node is looked at by chroot, as its own documentation says', async () => {
  const command = ['--', 'chroot', '/host', 'sh', '-c', 'hostname; ip -4 -o addr show eth0']
  await twin.kubectl('debug', 'node/node-2', '--image=busybox', '--profile=sysadmin', ...command)
  const name = (await twin.kubectl('get', 'pods', '-o', 'name')).split('\n').find(one => one.includes('node-debugger'))
  const log = async () => (await twin.tryKubectl(['logs', name ?? ''])).stdout
  await until('it has looked', async () => (await log()).includes('eth0'))
  expect(await log()).toMatch(/^node-2\n.*172\.18\.0\.12/)
})

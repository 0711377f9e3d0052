/** Load balancers and DNS as a person has them in the twin. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { hostPid, startTwin, until } from './harness.ts'

let twin: Twin

beforeAll(async () => {
  twin = await startTwin({ name: 'services' })
  await twin.kubectl('create', 'deployment', 'web', '--image=nginx', '--port=80', '--replicas=3')
  await twin.kubectl('expose', 'deployment', 'web', '--port=80', '--type=LoadBalancer')
  await twin.fairlead('wait')
})
afterAll(async () => {
  await twin?.down()
})

const get = async (kind: string, name: string, path: string): Promise<string> =>
  (await twin.kubectl('get', kind, name, '-o', `jsonpath=${path}`)).trim()
const fromOutside = async (address: string): Promise<boolean> =>
  (await twin.fairlead('exec', 'client', '--', 'curl', '-s', '-m', '1', '-o', '/dev/null', `http://${address}/`))
    .code === 0
const dig = async (...args: string[]): Promise<string> =>
  (await twin.kubectl('exec', 'deploy/web', '--', 'dig', '+short', '+tries=1', '+time=2', ...args)).trim()

describe('a Service of type LoadBalancer', () => {
  test('has an address that a host outside reaches, and an IPAddress for its ClusterIP', async () => {
    const address = await get('service', 'web', '{.status.loadBalancer.ingress[0].ip}')
    expect(address).toBe('172.18.0.210')
    await until('the address answers', () => fromOutside(address))
    const clusterIP = await get('service', 'web', '{.spec.clusterIP}')
    expect(await get('ipaddress', clusterIP, '{.spec.parentRef.name}')).toBe('web')
    expect(await get('servicecidr', 'kubernetes', '{.status.conditions[0].status}')).toBe('True')
  })

  test('answers again when the agent that announces it is killed', async () => {
    const events = await twin.kubectl('get', 'events', '--field-selector', 'reason=nodeAssigned', '-o', 'name')
    expect(events.trim()).not.toBe('')
    for (const node of ['node-1', 'node-2', 'node-3']) {
      process.kill(await hostPid(twin, node), 'SIGKILL')
      await until('the address answers', () => fromOutside('172.18.0.210'))
    }
  })
})

describe('what leads nowhere is said', () => {
  const eventsOf = async (name: string): Promise<string> =>
    twin.kubectl(
      'get',
      'events',
      '--field-selector',
      `involvedObject.name=${name}`,
      '-o',
      'jsonpath={.items[*].reason}',
    )

  test('a port nobody listens on, a named port that no pod has, and a node port in the range of connections', async () => {
    // The container listens on 80.
    await twin.kubectl('expose', 'deployment', 'web', '--name=deaf', '--port=80', '--target-port=81')
    await twin.kubectl('expose', 'deployment', 'web', '--name=nameless', '--port=80', '--target-port=http')
    await twin.kubectl('expose', 'deployment', 'web', '--name=taken', '--port=80', '--type=NodePort')
    await twin.fairlead('exec', 'node-1', '--', 'sysctl', '-qw', 'net.ipv4.ip_local_port_range=30000 60999')
    await until('the named port is told of', async () => (await eventsOf('nameless')).includes('TargetPortNotFound'))
    await until('the node port is told of', async () => (await eventsOf('taken')).includes('NodePortNotReserved'))
    await until('the silence is told of', async () => (await eventsOf('deaf')).includes('NobodyListens'), 40_000)
    // What is as it should be has no such event.
    expect(await eventsOf('taken')).not.toContain('NobodyListens')
    expect(await eventsOf('deaf')).not.toContain('NodePortNotReserved')
  })

  test('a selector that matches nothing, and a headless name without ready endpoints', async () => {
    await twin.kubectl('create', 'service', 'clusterip', 'nothing', '--tcp=80')
    const containers = [{ name: 'c', image: 'nginx', readinessProbe: { exec: { command: ['false'] } } }]
    const labels = { app: 'slow' }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'slow', labels }, spec: { containers } }
    await twin.tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) })
    await twin.kubectl('expose', 'pod', 'slow', '--cluster-ip=None', '--port=80')
    await until(
      'both are told of',
      async () => {
        const [nothing, slow] = await Promise.all([eventsOf('nothing'), eventsOf('slow')])
        return nothing.includes('NoPodsSelected') && slow.includes('NoReadyEndpoints')
      },
      60_000,
    )
  })
})

describe("OKD's DNS operator", () => {
  test('is driven by dnses.operator.openshift.io/default, and shows the Corefile', async () => {
    expect(await dig('www.corp.example')).toBe('')
    const server = { name: 'corp', zones: ['corp.example'], forwardPlugin: { upstreams: ['172.18.0.53'] } }
    await twin.kubectl(
      'patch',
      'dns.operator',
      'default',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { logLevel: 'Trace', servers: [server] } }),
    )
    await twin.fairlead('wait')
    const corefile = await twin.kubectl(
      '-n',
      'openshift-dns',
      'get',
      'cm',
      'dns-default',
      '-o',
      'jsonpath={.data.Corefile}',
    )
    expect(corefile).toContain('corp.example:5353 {')
    await dig('www.corp.example')
    await until('the query is logged', async () =>
      (
        await twin.kubectl('-n', 'openshift-dns', 'logs', '-l', 'dns.operator.openshift.io/daemonset-dns=default')
      ).includes('A IN www.corp.example.'),
    )
    expect(await get('clusteroperator', 'dns', '{.status.conditions[?(@.type=="Available")].status}')).toBe('True')
  })

  test('pods ask the server of their own node', async () => {
    const node = (await twin.kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].spec.nodeName}')).trim()
    const pod = (await twin.kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].metadata.name}')).trim()
    const local = (
      await twin.kubectl(
        '-n',
        'openshift-dns',
        'get',
        'pods',
        '--field-selector',
        `spec.nodeName=${node}`,
        '-o',
        'jsonpath={.items[0].metadata.name}',
      )
    ).trim()
    for (let i = 0; i < 5; i++)
      expect(await twin.kubectl('exec', pod, '--', 'dig', '+short', 'CH', 'TXT', 'hostname.bind')).toBe(`"${local}"\n`)
  })
})

/** Load balancers and DNS as a person has them in the twin. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { hostPid, startTwin, until } from './harness.ts'

let twin: Twin

beforeAll(async () => {
  twin = await startTwin({ name: 'services', args: ['--dual-stack'] })
  await twin.kubectl('create', 'deployment', 'web', '--image=nginx', '--port=80', '--replicas=3')
  await twin.kubectl('expose', 'deployment', 'web', '--port=80', '--type=LoadBalancer')
  await twin.fairlead('wait')
})
afterAll(async () => {
  await twin?.down()
})

const get = async (kind: string, name: string, path: string): Promise<string> =>
  (await twin.kubectl('get', kind, name, '-o', `jsonpath=${path}`)).trim()
const fromOutside = async (authority: string): Promise<boolean> =>
  (await twin.fairlead('exec', 'client', '--', 'curl', '-gs', '-m', '1', '-o', '/dev/null', `http://${authority}/`))
    .code === 0
const dig = async (...args: string[]): Promise<string> =>
  (await twin.kubectl('exec', 'deploy/web', '--', 'dig', '+short', '+tries=3', '+time=10', ...args)).trim()

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

describe('in both families', () => {
  const create = async (name: string, spec: object): Promise<string> => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }], ...spec },
    }
    const made = await twin.tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(service) })
    await twin.fairlead('wait')
    return made.stdout + made.stderr
  }
  const digAll = async (name: string, type: string): Promise<readonly string[]> =>
    (await dig(`${name}.default.svc.cluster.local`, type)).split('\n').filter(Boolean).toSorted()
  const fromPod = async (authority: string): Promise<string> =>
    (await twin.tryKubectl(['exec', 'deploy/web', '--', 'curl', '-gs', '-m', '2', `http://${authority}/`])).stdout

  test('nodes and pods have an address of each, and pods reach what is outside', async () => {
    expect(await get('node', 'node-2', '{.status.addresses[?(@.type=="InternalIP")].address}')).toBe(
      '172.18.0.12 fd18::12',
    )
    const [ips] = (
      await twin.kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].status.podIPs[*].ip}')
    ).split('\n')
    expect(ips).toMatch(/^10\.12[89]\.\d+\.\d+ fd01:/)
    // The server there says who asks: pods leave with the address of their node.
    expect(await fromPod('[2001:db8::10]')).toMatch(/^fd18::1[123]\n$/)
  })

  test('a load balancer that requires both has both everywhere: addresses, slices, names, node ports', async () => {
    await create('both', { type: 'LoadBalancer', ipFamilyPolicy: 'RequireDualStack' })
    const [four = '', six = ''] = (await get('service', 'both', '{.spec.clusterIPs[*]}')).split(' ')
    expect([four, six]).toEqual([expect.stringMatching(/^172\.30\./), expect.stringMatching(/^fd02::/)])
    await until('both addresses have an object', async () =>
      (await get('ipaddress', six, '{.spec.parentRef.name}').catch(() => '')).includes('both'),
    )
    expect([await digAll('both', 'A'), await digAll('both', 'AAAA')]).toEqual([[four], [six]])
    expect(await dig('-x', six)).toBe('both.default.svc.cluster.local.')
    for (const authority of [four, `[${six}]`]) expect(await fromPod(authority)).toContain('nginx')
    await until('it has an address of each family', async () =>
      (await get('service', 'both', '{.status.loadBalancer.ingress[*].ip}')).includes('fd18::'),
    )
    const [outside4, outside6] = (await get('service', 'both', '{.status.loadBalancer.ingress[*].ip}')).split(' ')
    const port = await get('service', 'both', '{.spec.ports[0].nodePort}')
    for (const authority of [outside4, `[${outside6}]`, `172.18.0.12:${port}`, `[fd18::13]:${port}`])
      await until(`${authority} answers outside`, () => fromOutside(authority!))
  })

  test('one that gives its second family up, or takes it, is followed by names and packets', async () => {
    const [, six = ''] = (await get('service', 'both', '{.spec.clusterIPs[*]}')).split(' ')
    await create('both', { type: 'LoadBalancer', ipFamilyPolicy: 'SingleStack' })
    expect(await get('service', 'both', '{.spec.clusterIPs[*]} {.spec.ipFamilies[*]}')).toMatch(/^172\.30\S+ IPv4$/)
    expect(await digAll('both', 'AAAA')).toEqual([])
    expect(await fromPod(`[${six}]`)).toBe('')
    expect(await create('six', { ipFamilies: ['IPv6', 'IPv4'] })).toContain("must be 'RequireDualStack' or 'PreferDual")
    await create('six', { ipFamilies: ['IPv6'] })
    expect(await digAll('six', 'A')).toEqual([])
    expect(await fromPod('six')).toContain('nginx')
    await create('six', { ipFamilies: ['IPv6'], ipFamilyPolicy: 'PreferDualStack' })
    expect([await digAll('six', 'A'), await digAll('six', 'AAAA')]).toEqual([
      [expect.stringMatching(/^172\.30\./)],
      [expect.stringMatching(/^fd02::/)],
    ])
  })

  test('a headless name has the pods in each family that it asks for', async () => {
    await create('heads', { clusterIP: 'None', ipFamilyPolicy: 'PreferDualStack' })
    expect((await digAll('heads', 'A')).length).toBe(3)
    const [first = '', ...others] = await digAll('heads', 'AAAA')
    expect(others).toHaveLength(2)
    expect(await dig('-x', first)).toMatch(/^fd01-\S+\.heads\.default\.svc\.cluster\.local\.$/m)
    await create('heads', { clusterIP: 'None', ipFamilyPolicy: 'SingleStack' })
    expect((await digAll('heads', 'A')).length).toBe(3)
    expect(await digAll('heads', 'AAAA')).toEqual([])
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
    await until('the silence is told of', async () => (await eventsOf('deaf')).includes('NobodyListens'))
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
    await until('both are told of', async () => {
      const [nothing, slow] = await Promise.all([eventsOf('nothing'), eventsOf('slow')])
      return nothing.includes('NoPodsSelected') && slow.includes('NoReadyEndpoints')
    })
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

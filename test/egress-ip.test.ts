/** EgressIPs and EgressServices as their users see them: who a server outside meets, what `get` says, and what happens when nodes go. */
import type { ChildProcess } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { FAIRLEAD, hostPid, start, startTwin, until } from './harness.ts'

const OUTSIDE = '203.0.113.10'
const EIP = '172.18.0.50'
const PORT = 8099
const SERVER = `require('http').createServer((q,s)=>s.end(q.socket.remoteAddress.replace('::ffff:',''))).listen(${PORT})`
const pod = (name: string, node: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: prod, labels: { app: web } }
spec:
  nodeName: ${node}
${more}
  containers: [ { name: web, image: example.com/web, ports: [ { containerPort: 8080 } ] } ]
---`
const MANIFEST = `
apiVersion: v1
kind: Namespace
metadata: { name: prod, labels: { env: prod } }
---
${['node-1', 'node-2', 'node-3'].map((node, i) => pod(`web-${i + 1}`, node)).join('')}
${pod('host', 'node-1', '  hostNetwork: true').replace('containerPort: 8080', 'containerPort: 18080').replace('app: web', 'app: host')}
apiVersion: v1
kind: Service
metadata: { name: web, namespace: prod }
spec: { selector: { app: web }, ports: [ { port: 80, targetPort: 8080 } ] }
---
apiVersion: k8s.ovn.org/v1
kind: EgressIP
metadata: { name: prod }
spec: { egressIPs: [ ${EIP} ], namespaceSelector: { matchLabels: { env: prod } } }
`
const ADDRESS_OF = { 'node-1': '172.18.0.11', 'node-2': '172.18.0.12', 'node-3': '172.18.0.13' } as const

let twin: Twin
const running: ChildProcess[] = []
/** The nodes that answered for the address or told of it, one after the other; who goes on stands once. */
let heard: string[] = []
/** Those that answered the last question, and questions that more than one answered. */
let answered: string[] = []
let doubles: string[] = []
let leaked: string[] = []

beforeAll(async () => {
  twin = await startTwin({ name: 'egress-ip' })
  inside('internet', process.execPath, '-e', SERVER)
  lines(inside('internet', 'tcpdump', '-lnU', '-i', 'eth0', 'src', 'net', '10.128.0.0/14'), line => leaked.push(line))
  const macs = new Map<string, string>()
  for (const node of Object.keys(ADDRESS_OF)) {
    const mac = await until(`${node} has a link`, async () => {
      const { stdout, stderr } = await twin.fairlead('exec', node, '--', 'ip', 'link', 'show', 'eth0')
      if (!stdout) throw new Error(stderr)
      return /link\/ether ([0-9a-f:]+)/.exec(stdout)?.[1]
    })
    macs.set(mac, node)
  }
  let sinceQuestion: string[] = []
  lines(inside('client', 'tcpdump', '-lneU', '-i', 'eth0', 'arp'), line => {
    if (!line.includes(EIP)) return
    if (line.includes(`who-has ${EIP}`) && !line.includes(`tell ${EIP}`)) [answered, sinceQuestion] = [[], []]
    sinceQuestion.push(line)
    const node = macs.get(new RegExp(`Reply ${EIP} is-at ([0-9a-f:]+)`).exec(line)?.[1] ?? '')
    if (!node) return
    if (node !== heard.at(-1)) heard.push(node)
    // Who has just begun tells everybody, and answers nobody by that.
    if (line.includes('> ff:ff:ff:ff:ff:ff')) return
    if (answered.some(other => other !== node)) doubles.push(sinceQuestion.join('\n'))
    answered.push(node)
  })
  const ask = `while :; do ip neigh flush to ${EIP} dev eth0; echo > /dev/udp/${EIP}/9; sleep 0.03; done`
  inside('client', 'bash', '-c', ask)
  await twin.kubectl('label', 'node', 'node-2', 'node-3', 'k8s.ovn.org/egress-assignable=')
  expect((await twin.tryKubectl(['apply', '-f', '-'], { input: MANIFEST })).code).toBe(0)
  await twin.kubectl('-n', 'prod', 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=90s')
})
afterAll(async () => {
  for (const child of running) child.kill()
  await twin?.down()
})
beforeEach(async () => {
  await everybodyLeaves()
  await ownerAnswers()
  heard = heard.slice(-1)
  leaked = []
  doubles = []
})
/** What a test that failed has left behind is not for the next one to meet. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  for (const node of Object.keys(ADDRESS_OF)) await twin.fairlead('node', 'start', node)
  await twin.tryKubectl(['label', '--overwrite', 'node', 'node-2', 'node-3', 'k8s.ovn.org/egress-assignable='])
  await twin.tryKubectl(['delete', 'egressip', 'bad', 'e51', 'e52', '--ignore-not-found'])
  await twin.tryKubectl(['-n', 'prod', 'delete', 'egressfirewall,egressservice', '--all'])
  await twin.tryKubectl(['apply', '-f', '-'], { input: MANIFEST })
})

const isEip = (from: string): boolean => from === EIP
function inside(target: string, ...command: string[]): ReturnType<typeof start> {
  const child = start(FAIRLEAD, ['exec', '--name', 'egress-ip', target, '--', ...command], twin.env)
  running.push(child)
  return child
}
function lines(child: ReturnType<typeof start>, handle: (line: string) => void): void {
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    for (const part of parts) handle(part)
  })
}
/** Whom the server outside sees; curl's exit code where there is no answer. */
async function seenFrom(name: string, namespace = 'prod'): Promise<string> {
  const curl = ['curl', '-s', '-m', '2', `http://${OUTSIDE}:${PORT}`]
  const { code, stdout, stderr } = await twin.tryKubectl(['-n', namespace, 'exec', name, '--', ...curl])
  return code === 0 ? stdout.trim() : (/exit code (\d+)/.exec(stderr)?.[1] ?? `${code}`)
}
const everybodyLeaves = () =>
  until('everybody leaves with the address', async () => (await seenBy('web-1', 'web-2', 'web-3')).every(isEip))
const sees = (name: string, address: string, namespace?: string) =>
  until(`${name} leaves with ${address}`, async () => (await seenFrom(name, namespace)) === address)
const seenBy = (...names: string[]): Promise<string[]> => Promise.all(names.map(name => seenFrom(name)))
const owner = async (): Promise<string> =>
  (await twin.kubectl('get', 'egressip', 'prod', '-o', 'jsonpath={.status.items[0].node}')).trim()
const ownerAnswers = () => until('the node that has the address answers', async () => heard.at(-1) === (await owner()))
async function fairlead(verb: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await twin.fairlead(verb, ...args)
  expect(code, stdout + stderr).toBe(0)
}
const settled = (): Promise<void> => fairlead('wait')
const reasons = async (): Promise<string> =>
  twin.kubectl(
    'get',
    'events',
    '--field-selector',
    'involvedObject.kind=EgressIP',
    '-o',
    'custom-columns=R:.reason,M:.message',
  )

test('`get` says what it says on OKD; pods and only pods leave with the address, by way of the node that has it', async () => {
  const rows = (await twin.kubectl('get', 'egressip')).trimEnd().split('\n')
  const node = /node-[23]/.exec(rows[1]!)?.[0]
  expect(rows[0]!.trimEnd()).toMatch(/^NAME +EGRESSIPS +ASSIGNED NODE +ASSIGNED EGRESSIPS$/)
  expect(rows[1]!.trimEnd()).toMatch(new RegExp(`^prod +${EIP} +${node} +${EIP}$`))
  expect(await twin.kubectl('get', 'eip', '-o', 'name')).toBe('egressip.k8s.ovn.org/prod\n')
  await sees('host', ADDRESS_OF['node-1'])
  await twin.kubectl(
    'run',
    'free',
    '--image=example.com/web',
    '--port=8080',
    '--overrides',
    '{"spec":{"nodeName":"node-1"}}',
  )
  await twin.kubectl('wait', '--for=condition=Ready', 'pod/free', '--timeout=90s')
  await sees('free', ADDRESS_OF['node-1'], 'default')
  await until('an event says where it is', async () => (await reasons()).includes(`${EIP} is on ${node}`))
})

test('Services, other pods and nodes see the pod itself; an EgressFirewall decides before', async () => {
  const curl = ['curl', '-s', '-m', '2', '-o', '/dev/null', 'http://web.prod']
  const reachesService = () =>
    until('the Service answers', async () => {
      const { code } = await twin.tryKubectl(['-n', 'prod', 'exec', 'web-1', '--', ...curl])
      return code === 0
    })
  await reachesService()
  const input = `
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: { name: default, namespace: prod }
spec: { egress: [ { type: Deny, to: { cidrSelector: ${OUTSIDE}/32 } } ] }
`
  await twin.tryKubectl(['apply', '-f', '-'], { input })
  await settled()
  expect(await seenBy('web-1', 'web-2')).toEqual(['28', '28'])
  await reachesService()
  await twin.kubectl('-n', 'prod', 'delete', 'egressfirewall', 'default')
})

test('only administrators of the cluster write EgressIPs; what selects badly is refused, what cannot be read is told of', async () => {
  const patch = ['patch', 'egressip', 'prod', '--type=merge', '-p', '{"metadata":{"labels":{"a":"b"}}}']
  await twin.kubectl('-n', 'prod', 'create', 'rolebinding', 'boss', '--clusterrole=admin', '--user=boss')
  const denied = await twin.tryKubectl([...patch, '--as=boss'])
  expect(denied.stderr).toMatch(/Forbidden|forbidden/)
  expect((await twin.tryKubectl(patch)).code).toBe(0)
  const object = (spec: string): string =>
    `apiVersion: k8s.ovn.org/v1\nkind: EgressIP\nmetadata: { name: bad }\nspec: ${spec}\n`
  const apply = (spec: string) => twin.tryKubectl(['apply', '-f', '-'], { input: object(spec) })
  expect((await apply('{egressIPs: [172.18.0.60]}')).stderr).toContain('spec.namespaceSelector')
  expect((await apply('{namespaceSelector: {}}')).stderr).toContain('spec.egressIPs')
  expect(
    (await apply(`{egressIPs: [nowhere, 172.18.0.11, ${EIP}], namespaceSelector: {matchLabels: {env: prod}}}`)).code,
  ).toBe(0)
  for (const reason of ['InvalidEgressIP', 'EgressIPConflict', 'UnsupportedRequest', 'UndefinedRequest'])
    await until(`an event says ${reason}`, async () => (await reasons()).includes(reason))
  await twin.kubectl('delete', 'egressip', 'bad')
})

test('a node that is switched off: the address moves, once, and nothing leaves with a pod’s address', async () => {
  const first = await owner()
  await fairlead('node', 'stop', first)
  await until('it moved', async () => ![first, ''].includes(await owner()))
  await sees('web-1', EIP)
  await ownerAnswers()
  await fairlead('node', 'start', first)
  await twin.kubectl('wait', '--for=condition=Ready', `node/${first}`, '--timeout=90s')
  await until(
    'it is heard again',
    async () => !(await twin.kubectl('get', 'nodes', '-o', 'yaml')).includes('egress-unheard'),
  )
  await twin.kubectl('-n', 'prod', 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=90s')
  await ownerAnswers()
  expect(doubles).toEqual([])
  expect(leaked).toEqual([])
})

const kill = async (role: string): Promise<void> => {
  process.kill(await until(`${role} runs`, () => hostPid(twin, role)), 'SIGKILL')
}

test('an agent and the control plane are killed in the middle of a move', async () => {
  await kill(await owner())
  await everybodyLeaves()
  const now = await owner()
  // The label goes: the address must move, and the API dies while it does.
  await twin.kubectl('label', 'node', now, 'k8s.ovn.org/egress-assignable-')
  await kill('api')
  await until('it moved', async () => ![now, ''].includes(await owner()))
  await everybodyLeaves()
  await ownerAnswers()
  await twin.kubectl('label', 'node', now, 'k8s.ovn.org/egress-assignable=')
  expect(doubles).toEqual([])
  expect(leaked).toEqual([])
})

test('several addresses are spread, a connection has one of them, and a node that joins gets its part', async () => {
  await twin.kubectl('label', 'node', 'node-3', 'k8s.ovn.org/egress-assignable-')
  const more = ['51', '52'].map(
    last => `apiVersion: k8s.ovn.org/v1
kind: EgressIP
metadata: { name: e${last} }
spec: { egressIPs: [172.18.0.${last}], namespaceSelector: { matchLabels: { none: such } } }
`,
  )
  expect((await twin.tryKubectl(['apply', '-f', '-'], { input: more.join('---\n') })).code).toBe(0)
  const nodes = async (): Promise<readonly string[]> =>
    (await twin.kubectl('get', 'egressip', '-o', 'jsonpath={.items[*].status.items[*].node}')).trim().split(/\s+/)
  await until('all are on one node', async () => (await nodes()).join() === 'node-2,node-2,node-2')
  await twin.kubectl('label', 'node', 'node-3', 'k8s.ovn.org/egress-assignable=')
  await until('one has moved', async () => (await nodes()).filter(node => node === 'node-3').length === 1)
  await twin.kubectl('delete', 'egressip', 'e51', 'e52')
  await twin.kubectl(
    'patch',
    'egressip',
    'prod',
    '--type=merge',
    '-p',
    `{"spec":{"egressIPs":["${EIP}","172.18.0.51"]}}`,
  )
  await until('both are seen', async () => {
    const seen = await seenBy('web-1', 'web-1', 'web-1', 'web-1', 'web-1', 'web-1')
    return seen.includes(EIP) && seen.includes('172.18.0.51')
  })
  await twin.kubectl('patch', 'egressip', 'prod', '--type=merge', '-p', `{"spec":{"egressIPs":["${EIP}"]}}`)
})

test('an EgressService: its pods leave with the address of their Service, before any EgressIP, by the node that announces it', async () => {
  const input = `
apiVersion: v1
kind: Service
metadata: { name: balanced, namespace: prod }
spec: { type: LoadBalancer, selector: { app: web }, ports: [ { port: 80, targetPort: 8080 } ] }
---
apiVersion: k8s.ovn.org/v1
kind: EgressService
metadata: { name: balanced, namespace: prod }
spec: { sourceIPBy: LoadBalancerIP, nodeSelector: { matchLabels: { kubernetes.io/hostname: node-3 } } }
`
  expect((await twin.tryKubectl(['apply', '-f', '-'], { input })).code).toBe(0)
  const jsonpath = (kind: string, path: string) =>
    twin.kubectl('-n', 'prod', 'get', kind, 'balanced', '-o', `jsonpath=${path}`)
  await until('it has a host', async () => (await jsonpath('egressservice', '{.status.host}')) === 'node-3')
  const address = await jsonpath('svc', '{.status.loadBalancer.ingress[0].ip}')
  await until('pods leave with it', async () =>
    (await seenBy('web-1', 'web-2', 'web-3')).every(from => from === address),
  )
  const label = 'egress-service.k8s.ovn.org/prod-balanced'
  await until(
    'the node bears its label',
    async () => (await twin.kubectl('get', 'nodes', '-l', label, '-o', 'name')) === 'node/node-3\n',
  )
  expect(await twin.kubectl('-n', 'prod', 'get', 'egressservice')).toMatch(/^NAME +ASSIGNED HOST\nbalanced +node-3\n$/)
  const inward = ['--', 'curl', '-s', '-m', '3', '-o', '/dev/null', `http://${address}`]
  await until(
    'it answers as a load balancer',
    async () => (await twin.fairlead('exec', 'client', ...inward)).code === 0,
  )
  const patch = '{"spec":{"nodeSelector":{"matchLabels":{"kubernetes.io/hostname":"node-2"}}}}'
  await twin.kubectl('-n', 'prod', 'patch', 'egressservice', 'balanced', '--type=merge', '-p', patch)
  await until('it moved', async () => (await jsonpath('egressservice', '{.status.host}')) === 'node-2')
  await until('pods leave with it', async () =>
    (await seenBy('web-1', 'web-2', 'web-3')).every(from => from === address),
  )
  await twin.kubectl('-n', 'prod', 'delete', 'egressservice', 'balanced')
  await everybodyLeaves()
  await until(
    'no node bears the label',
    async () => (await twin.kubectl('get', 'nodes', '-l', label, '-o', 'name')) === '',
  )
  expect(leaked).toEqual([])
})

/** Nodes join, are switched off, cut off and come back: what Kubernetes says of them, and what packets do. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { startTwin, until } from './harness.ts'
import { edgeRoute, listOf, webServers } from './web.ts'

const HOST = 'web-nodes.apps.fairlead.localhost'
let twin: Twin
beforeAll(async () => {
  twin = await startTwin({ name: 'nodes' })
  expect(
    (await twin.tryKubectl(['apply', '-f', '-'], { input: listOf(...webServers('nodes'), edgeRoute('nodes')) })).code,
  ).toBe(0)
  await routerOnFirst()
  await settled()
})
afterAll(async () => {
  await twin?.down()
})

/** There is one router, and the node that has it must not be one of those that are lost. */
async function routerOnFirst(): Promise<void> {
  const placement = { nodeSelector: { matchLabels: { 'kubernetes.io/hostname': 'node-1' } } }
  const patch = JSON.stringify({ spec: { nodePlacement: placement } })
  const operator = 'openshift-ingress-operator'
  await twin.kubectl('-n', operator, 'patch', 'ingresscontroller', 'default', '--type=merge', '-p', patch)
  const fields = ['.spec.nodeName', '.status.conditions[?(@.type=="Ready")].status', '.metadata.deletionTimestamp']
  const template = `{range .items[*]}${fields.map(field => `{${field}}`).join(' ')};{end}`
  await until('the router is on node-1', async () => {
    const pods = await twin.kubectl('-n', 'openshift-ingress', 'get', 'pods', '-o', `jsonpath=${template}`)
    return pods.trim() === 'node-1 True ;'
  })
}

interface PodRow {
  readonly node: string
  readonly address: string
  readonly ready: string
  readonly restarts: number
}

const must = async (verb: string, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await twin.fairlead(verb, ...args)
  expect(code, stderr).toBe(0)
  return stdout
}
const settled = (): Promise<string> => must('wait')

/** By node: the first pod there. */
async function pods(): Promise<ReadonlyMap<string, PodRow>> {
  const fields = [
    '.spec.nodeName',
    '.status.podIP',
    '.status.conditions[?(@.type=="Ready")].status',
    '.status.containerStatuses[0].restartCount',
  ]
  const template = `{range .items[*]}${fields.map(field => `{${field}}`).join(' ')}{"\\n"}{end}`
  const rows = (await twin.kubectl('-n', 'nodes', 'get', 'pods', '-o', `jsonpath=${template}`)).trim().split('\n')
  return new Map(
    rows.reverse().map(row => {
      const [node = '', address = '', ready = '', restarts] = row.split(' ')
      return [node, { node, address, ready, restarts: Number(restarts) }]
    }),
  )
}

/** The status of a request to a pod from node-1: 000 when nobody answers within so many seconds. */
const ask = async ({ address }: PodRow, seconds = '30'): Promise<string> =>
  (
    await twin.fairlead(
      ...(['exec', 'node-1', '--', 'curl', '-s', '-m', seconds, '-o', '/dev/null'] as const),
      ...['-w', '%{http_code}', `http://${address}:8080/`],
    )
  ).stdout

const isReady = async (node: string): Promise<boolean> =>
  (await twin.kubectl(...['get', 'node', node, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'])) ===
  'True'

/** Waits until a number of requests to the Route are all answered, by these nodes and no others. */
async function servedBy(...nodes: string[]): Promise<void> {
  await until(`the Route is served by ${nodes}`, async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => twin.https(HOST)))
    const seen = answers.map(({ status, body }) => (status === 200 ? /node-\d/.exec(body)![0] : `status ${status}`))
    expect([...new Set(seen)].sort()).toEqual(nodes)
    return true
  })
}

test('add: one more node is Ready, runs pods and is reached', async () => {
  expect(await must('node', 'add')).toBe('node-4 added\n')
  expect(await isReady('node-4')).toBe(true)
  await twin.kubectl('-n', 'nodes', 'scale', 'deploy/web', '--replicas=8')
  await twin.kubectl('-n', 'nodes', 'rollout', 'status', 'deploy/web', '--timeout=90s')
  await settled()
  const added = (await pods()).get('node-4')!
  expect(added.address).toMatch(/^10\.12[89]\./)
  expect(await ask(added)).toBe('200')
  await servedBy('node-1', 'node-2', 'node-3', 'node-4')
})

test('stop and cut: the node is NotReady, its pods unreachable, and Routes go to the others', async () => {
  const before = await pods()
  for (const node of ['node-2', 'node-3']) expect(await ask(before.get(node)!)).toBe('200')
  expect(await must('node', 'stop', 'node-2')).toBe('node-2 stopped\n')
  expect(await must('node', 'cut', 'node-3')).toBe('node-3 cut off\n')
  for (const node of ['node-2', 'node-3']) expect(await ask(before.get(node)!, '2')).toBe('000')
  expect(await ask(before.get('node-4')!)).toBe('200')
  const { roles, nodes } = JSON.parse(await must('status', '--json')) as {
    roles: { name: string; state: string }[]
    nodes: { name: string; link: string }[]
  }
  expect(roles.find(role => role.name === 'node-2')?.state).toBe('stopped')
  expect(roles.find(role => role.name === 'node-3')?.state).toBe('running')
  expect(nodes.map(node => node.link)).toEqual(['up', 'down', 'cut', 'up'])

  for (const node of ['node-2', 'node-3']) await until(`${node} is NotReady`, async () => !(await isReady(node)))
  await until('pods there are not ready', async () =>
    ['node-2', 'node-3'].every(async node => (await pods()).get(node)?.ready === 'False'),
  )
  await settled()
  await servedBy('node-1', 'node-4')
  expect(await isReady('node-4')).toBe(true)
})

test('start: both are back; pods of the one that was only cut off have lived on', async () => {
  const before = await pods()
  for (const node of ['node-2', 'node-3']) {
    expect(await must('node', 'start', node)).toBe(`${node} started\n`)
    expect(await isReady(node)).toBe(true)
  }
  await servedBy('node-1', 'node-2', 'node-3', 'node-4')
  await settled()
  const after = await pods()
  expect(after.get('node-3')).toEqual({ ...before.get('node-3'), ready: 'True' })
  expect(after.get('node-2')).toMatchObject({ ready: 'True', restarts: before.get('node-2')!.restarts + 1 })
  for (const node of ['node-2', 'node-3']) expect(await ask(after.get(node)!)).toBe('200')
})

test('a node that joined is there again after down and up', async () => {
  await must('down')
  await must('up')
  expect(await isReady('node-4')).toBe(true)
  await settled()
  await servedBy('node-1', 'node-2', 'node-3', 'node-4')
})

test('a node that does not exist is refused, with those that do', async () => {
  const refused = await twin.fairlead('node', 'cut', 'node-9')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/no node "node-9"\n {2}-> there are node-1, node-2, node-3, node-4/)
})

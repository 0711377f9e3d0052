/** The demo shows what was observed, and nothing else: with a hop taken away it fails. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Result, Twin } from './harness.ts'
import { startTwin, until } from './harness.ts'

let twin: Twin
const demo = (): Promise<Result> => twin.fairlead('demo')
const inNode = (node: string, ...command: string[]): Promise<Result> => twin.fairlead('exec', node, '--', ...command)

beforeAll(async () => {
  twin = await startTwin({ name: 'demo', args: ['--ephemeral'] })
})
afterAll(async () => {
  await twin?.down()
})

test('every hop of three requests is seen', async () => {
  const { code, stdout, stderr } = await demo()
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).not.toContain('MISSING')
  for (const hop of [
    /seen +front door .*status 200/,
    /seen +HAProxy .*Route production\/api/,
    /seen +VXLAN, node-\d .*into vxlan0/,
    /seen +VXLAN, node-\d .*out of vxlan0/,
    /seen +nftables, node-\d .*Service 172\.30\.\d+\.\d+:80 became 10\./,
    /seen +pod api\S+ +log: .*GET/,
  ])
    expect(stdout).toMatch(hop)
  expect(stdout).toContain('Every hop was seen.')
})

test('it leaves no tap behind', async () => {
  for (const node of ['node-1', 'node-2', 'node-3']) {
    const tables = (await inNode(node, 'nft', 'list', 'tables')).stdout
    expect(tables).toContain('table inet fairlead')
    expect(tables).not.toContain('fairlead-tap')
  }
})

test('without the tunnel it fails, and passes again with it', async () => {
  const nodes = ['node-1', 'node-2', 'node-3']
  const hole =
    'add table inet hole; add chain inet hole in { type filter hook input priority -400; }; add rule inet hole in udp dport 4789 drop'
  for (const node of nodes) expect((await inNode(node, 'nft', hole)).code).toBe(0)
  const broken = await demo()
  expect(broken.code, broken.stdout).not.toBe(0)
  for (const node of nodes) await inNode(node, 'nft', 'delete table inet hole')
  await until('it passes again', async () => (await demo()).code === 0)
})

test('without nftables it fails', async () => {
  const table = (await inNode('node-1', 'nft', 'list', 'table', 'inet', 'fairlead')).stdout
  expect(table).toContain('services4')
  for (const node of ['node-1', 'node-2', 'node-3'])
    await inNode(node, 'nft', 'flush', 'chain', 'inet', 'fairlead', 'arrive')
  const broken = await demo()
  expect(broken.code, broken.stdout).not.toBe(0)
  expect(broken.stdout).toMatch(/MISSING +(nftables|pod log|wget)/)
})

test('without a router it fails', async () => {
  await twin.kubectl(
    '-n',
    'openshift-ingress-operator',
    'patch',
    'ingresscontroller',
    'default',
    '--type=merge',
    '-p',
    '{"spec":{"replicas":0}}',
  )
  await until(
    'no router',
    async () => (await twin.kubectl('-n', 'openshift-ingress', 'get', 'pods', '-o', 'name')).trim() === '',
  )
  const broken = await demo()
  expect(broken.code, broken.stdout).not.toBe(0)
})

/** What policy says of itself: denied packets, equal priorities, rules that something else took away. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { ClusterNetworkPolicy } from '../../../api/cluster-policy/cluster-network-policy.ts'
import { Event } from '../../../api/core/event.ts'
import { Namespace } from '../../../api/core/namespace.ts'
import { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import { createEventRecorder } from '../../../client/events.ts'
import type { TestBench } from '../../../client/testing.ts'
import { eventually, settled, testBench } from '../../../client/testing.ts'
import { POLICY_TABLES } from '../../../datapath/policy/skeleton.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import { kernelNetns } from '../../../host/netns/real.ts'
import { kernelPacketLog } from '../../../host/nflog/real.ts'
import type { Ip } from '../../../lib/ip.ts'
import { silent } from '../../../lib/log.ts'
import type { World } from '../testing.ts'
import { createWorld, putNode } from '../testing.ts'
import type { PolicyRole } from './role.ts'
import { dropAll, policyOn, putNamespace, putPod, putPolicy } from './testing.ts'

let world: World
let bench: TestBench
let pods: Record<'a' | 'b' | 'c', { readonly netns: Netns; readonly address: Ip }>
const lines: Readonly<Record<string, unknown>>[] = []
const log = { ...silent, info: (...said: readonly unknown[]) => void lines.push(said[0] as (typeof lines)[number]) }
/** Agents ask who changed their rules only while it is so; how often they did. */
let isAuditing = false
let audits = 0
let roles: PolicyRole[] = []

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  for (const number of [1, 2]) {
    await (await world.start(bench, number)).ready
    const after = (ms: number, handler: () => void): (() => void) => {
      if (ms !== 5000) return bench.clock.after(ms, handler)
      const look = (): void => {
        if (!isAuditing) cancel = bench.clock.after(50, look)
        else {
          audits++
          handler()
        }
      }
      let cancel = bench.clock.after(50, look)
      return () => cancel()
    }
    const clock = { ...bench.clock, after }
    const events = createEventRecorder(
      { client: bench.api.client, clock, log: silent },
      { component: 'network-policy' },
    )
    const more = { packetLog: kernelPacketLog(kernelNetns()), events, clock, log: log as never }
    const role = await policyOn(world, bench, number, bench.signal, more)
    roles = [...roles, role]
    await role.ready
  }
  pods = { a: await world.pod(1, 3), b: await world.pod(2, 3), c: await world.pod(1, 4) }
  putNamespace(bench.api, 'shop', { team: 'shop' })
  for (const [name, { address }] of Object.entries(pods))
    putPod(bench.api, { name, node: name === 'b' ? 'node-2' : 'node-1', address })
})
afterEach(async () => {
  dropAll(bench.api, NetworkPolicy)
  dropAll(bench.api, AdminNetworkPolicy)
  dropAll(bench.api, ClusterNetworkPolicy)
  dropAll(bench.api, Event)
  lines.length = 0
  await settled(bench)
})
afterAll(() => {
  bench.close()
  world.close()
})

const ask = (from: 'a' | 'b' | 'c', to: 'a' | 'b' | 'c', port = 8080): Promise<string> =>
  world.ask(pods[from].netns, pods[to].address, port)
const events = (reason: string): readonly Event[] => bench.api.all(Event).filter(event => event.reason === reason)
const only = (app: string) => ({ podSelector: { matchLabels: { app } } })
const podsOf = (app: string) => ({ pods: { namespaceSelector: {}, ...only(app) } })
const cnp = (name: string, spec: object) =>
  bench.api.put(ClusterNetworkPolicy, { metadata: { name, generation: 1 }, spec } as never)

test('a denied packet becomes an event of the pod, with the other side, the policy and the rule; an allowed one does not', async () => {
  putPolicy(bench.api, 'only-a', { ...only('b'), policyTypes: ['Ingress'], ingress: [{ from: [only('a')] }] })
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(events('NetworkPolicyDenied')).toEqual([])
  expect(await ask('c', 'b')).toBe('timeout')
  await eventually(() => events('NetworkPolicyDenied').length > 0)
  const [event] = events('NetworkPolicyDenied')
  expect(event!.involvedObject).toMatchObject({ kind: 'Pod', namespace: 'shop', name: 'b' })
  expect(event!.message).toBe(
    `TCP 8080 from pod shop/c (${pods.c.address}): deny: isolated by networkpolicy shop/only-a, and no rule of theirs matches`,
  )
  cnp('no-out', {
    tier: 'Admin',
    priority: 7,
    subject: podsOf('a'),
    egress: [
      { action: 'Pass', to: [podsOf('c')] },
      { action: 'Deny', to: [podsOf('b')] },
    ],
  })
  await settled(bench)
  expect(await ask('a', 'b')).toBe('timeout')
  expect(await ask('a', 'c')).toContain('pod-1-4')
  const out = `TCP 8080 to pod shop/b (${pods.b.address}): deny: admin tier, clusternetworkpolicy no-out, spec.egress[1]`
  await eventually(() => events('NetworkPolicyDenied').some(({ message }) => message === out))
})

test("a namespace's annotation has allowed and denied packets written to the log, and nothing without it", async () => {
  putPolicy(bench.api, 'only-a', { ...only('b'), policyTypes: ['Ingress'], ingress: [{ from: [only('a')] }] })
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(lines.filter(line => line.verdict)).toEqual([])
  const annotations = { 'k8s.ovn.org/acl-logging': '{"deny":"alert","allow":"notice"}' }
  bench.api.put(Namespace, { metadata: { name: 'shop', labels: { team: 'shop' }, annotations } } as never)
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(await ask('c', 'b')).toBe('timeout')
  await eventually(() => lines.some(line => line.verdict === 'drop') && lines.some(line => line.verdict === 'allow'))
  expect(lines.find(line => line.verdict === 'drop')).toMatchObject({
    severity: 'alert',
    direction: 'to-lport',
    port: 8080,
  })
  expect(lines.find(line => line.verdict === 'allow')).toMatchObject({
    name: 'networkpolicy shop/only-a ingress[0]',
    severity: 'notice',
    source: pods.a.address,
  })
  expect(events('PolicyUnreadable')).toEqual([])
  const misspelt = { 'k8s.ovn.org/acl-logging': '{"deny":"loud"}' }
  bench.api.put(Namespace, { metadata: { name: 'shop', labels: { team: 'shop' }, annotations: misspelt } } as never)
  await settled(bench)
  await eventually(() => events('PolicyUnreadable').length > 0)
  expect(events('PolicyUnreadable')[0]).toMatchObject({
    involvedObject: { kind: 'Namespace', name: 'shop' },
    message:
      'nothing is logged: annotation k8s.ovn.org/acl-logging is no JSON object with allow and deny, each one of alert, warning, notice, info, debug',
  })
  lines.length = 0
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(lines.filter(line => line.verdict)).toEqual([])
  putNamespace(bench.api, 'shop', { team: 'shop' })
  await settled(bench)
  lines.length = 0
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(lines.filter(line => line.verdict)).toEqual([])
})

test('both tiers of ClusterNetworkPolicies, in order, with AdminNetworkPolicies between them', async () => {
  const ingress = (action: string, from: string, more = {}) => [{ action, from: [podsOf(from)], ...more }]
  cnp('base', { tier: 'Baseline', priority: 10, subject: podsOf('b'), ingress: ingress('Deny', 'a') })
  await settled(bench)
  expect(await ask('a', 'b')).toBe('timeout')
  expect(await ask('c', 'b')).toContain('pod-2-3')
  cnp('base-first', { tier: 'Baseline', priority: 9, subject: podsOf('b'), ingress: ingress('Pass', 'a') })
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  bench.api.put(AdminNetworkPolicy, {
    metadata: { name: 'middle', generation: 1 },
    spec: { priority: 50, subject: podsOf('b'), ingress: ingress('Deny', 'a') },
  } as never)
  await settled(bench)
  expect(await ask('a', 'b')).toBe('timeout')
  const port = { protocols: [{ tcp: { destinationPort: { range: { start: 8000, end: 8080 } } } }] }
  cnp('early', { tier: 'Admin', priority: 49, subject: podsOf('b'), ingress: ingress('Accept', 'a', port) })
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  putPolicy(bench.api, 'deny', { ...only('b'), policyTypes: ['Ingress'] })
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(await ask('c', 'b')).toBe('timeout')
})

test('what is enforced is reported with the time it took, and equal priorities are told of', async () => {
  const spec = (priority: number) => ({ tier: 'Admin', priority, subject: podsOf('b') })
  cnp('one', spec(5))
  cnp('three', { ...spec(5), tier: 'Baseline' })
  await settled(bench)
  expect(events('CNPWithDuplicatePriority')).toEqual([])
  cnp('two', spec(5))
  await eventually(() => events('CNPWithDuplicatePriority').length === 2)
  expect(
    events('CNPWithDuplicatePriority').map(({ involvedObject, message }) => [involvedObject.name, message]),
  ).toEqual([
    ['one', 'priority 5 is also that of clusternetworkpolicy two: their names decide which is asked first'],
    ['two', 'priority 5 is also that of clusternetworkpolicy one: their names decide which is asked first'],
  ])
  const { node, entries } = roles[0]!.report()
  expect(node).toBe('node-1')
  const entry = entries.find(({ name }) => name === 'two')
  expect(entry).toMatchObject({ kind: 'ClusterNetworkPolicy', generation: 1, enforced: 1 })
  expect(entry!.tookMs).toBeGreaterThan(0)
  expect(roles[0]!.metrics()).toMatch(/fairlead_policy_enforce_seconds_count [1-9]/)
})

test('rules that something else deletes or changes are loaded anew, and it is said', async () => {
  putPolicy(bench.api, 'deny', { ...only('b'), policyTypes: ['Ingress'] })
  await settled(bench)
  expect(await ask('a', 'b')).toBe('timeout')
  const nft = world.nft.open(world.node(2))
  const table = (): string => nft.tables().find(name => POLICY_TABLES.some(one => name === `inet ${one.name}`)) ?? ''
  const restored = (): number => events('PolicyRestored').reduce((sum, { count }) => sum + (count ?? 1), 0)
  // Not what others do elsewhere, nor what the agent does itself.
  nft.run('add table inet somebody')
  putPolicy(bench.api, 'other', { podSelector: { matchLabels: { app: 'x' } } })
  await settled(bench)
  isAuditing = true
  await eventually(() => audits > 4)
  expect(restored()).toBe(0)
  const denied = async (): Promise<void> => {
    while ((await ask('a', 'b')) !== 'timeout');
  }
  let times = 0
  for (const change of ['delete table TABLE', 'flush map TABLE to4', 'insert rule TABLE ingress accept']) {
    isAuditing = false
    nft.run(change.replace('TABLE', table()))
    // It had let packets through.
    expect(await ask('a', 'b'), change).toContain('pod-2-3')
    // The agent changes its rules once more before it looks: that hides nothing.
    putPolicy(bench.api, 'other', { podSelector: { matchLabels: { app: change.split(' ')[0]! } } })
    isAuditing = true
    await eventually(() => restored() > times)
    times = restored()
    await denied()
  }
  nft.run('delete table inet somebody')
  nft.close()
})

import { expect, test } from 'vitest'
import { ClusterNetworkPolicy } from '../../../api/cluster-policy/cluster-network-policy.ts'
import { Node } from '../../../api/core/node.ts'
import { EgressNetworkPolicy } from '../../../api/network/egress-network-policy.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import { settled, testBench } from '../../../client/testing.ts'
import { createPolicyStatus, LEGACY_CONFLICT } from './status.ts'

test('names that no DNS server tells of are told of; otherwise the rules are applied', async () => {
  const bench = testBench()
  bench.api.put(Node, { metadata: { name: 'node-1' } } as never)
  const put = (to: object) =>
    bench.api.put(EgressFirewall, {
      metadata: { namespace: 'a', name: 'default' },
      spec: { egress: [{ type: 'Deny', to }] },
    } as never)
  put({ dnsName: 'example.com' })
  let areNamesKnown = false
  const status = createPolicyStatus({ ...bench, client: bench.api.client }, 'node-1', () => areNamesKnown)
  await bench.informers.sync(bench.signal)
  const told = async () => {
    await settled(bench)
    status.tell()
    await settled(bench)
    status.tell()
    await settled(bench)
    return bench.informers.of(EgressFirewall).get({ namespace: 'a', name: 'default' })?.status
  }
  const text = 'EgressFirewall Rules applied, but 1 with dnsName, which match nothing: no DNS server is there'
  expect(await told()).toEqual({ messages: [`node-1: ${text}`], status: text })
  areNamesKnown = true
  expect((await told())?.status).toBe('EgressFirewall Rules applied')
  areNamesKnown = false
  put({ cidrSelector: '0.0.0.0/0' })
  expect((await told())?.status).toBe('EgressFirewall Rules applied')
  const failed = 'EgressFirewall Rules not correctly applied'
  put({ cidrSelector: '10.0.0.0/33' })
  expect(await told()).toEqual({
    messages: [
      `node-1: ${failed}: spec.egress[0].to.cidrSelector: "10.0.0.0/33" is no CIDR, so the rule denies everything`,
    ],
    status: failed,
  })
  put({ cidrSelector: '10.0.0.0/32' })
  expect((await told())?.status).toBe('EgressFirewall Rules applied')
  bench.close()
})

test('what a node said that is no more is taken back, in its name, by one that is', async () => {
  const bench = testBench()
  for (const name of ['node-1', 'node-2']) bench.api.put(Node, { metadata: { name } } as never)
  const saying = (node: string) => `${node}: EgressFirewall Rules applied`
  bench.api.put(EgressFirewall, {
    metadata: { namespace: 'a', name: 'default' },
    spec: { egress: [] },
    status: { messages: ['node-1', 'node-2', 'node-3'].map(saying), status: 'EgressFirewall Rules applied' },
  } as never)
  bench.api.put(ClusterNetworkPolicy, {
    metadata: { name: 'p', generation: 1 },
    spec: { tier: 'Admin', priority: 1, subject: { namespaces: {} } },
    status: {
      conditions: ['node-1', 'node-2', 'node-4'].map(node => ({
        type: `Ready-In-Zone-${node}`,
        observedGeneration: 1,
      })),
    },
  } as never)
  const written: string[] = []
  const patch = async (
    _: unknown,
    { name }: { name: string },
    what: { fieldManager: string; body: { status: object } },
  ) => {
    written.push(`${name} ${what.fieldManager} ${JSON.stringify(what.body.status)}`)
    return { metadata: { resourceVersion: '1' } }
  }
  const client = { ...bench.api.client, patch } as never
  const made = ['node-1', 'node-2'].map(node => createPolicyStatus({ ...bench, client }, node))
  await bench.informers.sync(bench.signal)
  await settled(bench)
  for (const status of made) status.tell()
  await settled(bench)
  expect(written.toSorted()).toEqual(['default policy-node-3 {"messages":[]}', 'p policy-node-4 {"conditions":[]}'])
  bench.close()
})

test('EgressNetworkPolicies that do not decide alone are told of, by one node', async () => {
  const bench = testBench()
  for (const name of ['node-1', 'node-2']) bench.api.put(Node, { metadata: { name } } as never)
  const said: string[] = []
  const events = {
    record: (object: { readonly metadata: { readonly name: string } }, _: string, reason: string, message: string) =>
      void said.push(`${object.metadata.name} ${reason} ${message}`),
  }
  const put = (namespace: string, name: string) =>
    bench.api.put(EgressNetworkPolicy, { metadata: { namespace, name }, spec: { egress: [] } } as never)
  put('alone', 'only')
  put('a', 'one')
  const made = ['node-1', 'node-2'].map(node =>
    createPolicyStatus({ ...bench, events: events as never, client: bench.api.client }, node),
  )
  await bench.informers.sync(bench.signal)
  const tell = async () => {
    await settled(bench)
    for (const status of made) status.tell()
  }
  await tell()
  expect(said).toEqual([])
  const broken = { type: 'Allow', to: { cidrSelector: 'nonsense' } }
  bench.api.put(EgressNetworkPolicy, {
    metadata: { namespace: 'b', name: 'broken' },
    spec: { egress: [broken] },
  } as never)
  await tell()
  await tell()
  expect(said.splice(0)).toEqual([
    'broken PolicyUnreadable spec.egress[0].to.cidrSelector: "nonsense" is no CIDR, so the rule allows nothing',
  ])
  put('a', 'two')
  await tell()
  await tell()
  const many = 'The namespace has 2 EgressNetworkPolicies: nothing may leave it'
  expect(said.toSorted()).toEqual([`one ${LEGACY_CONFLICT} ${many}`, `two ${LEGACY_CONFLICT} ${many}`])
  bench.api.put(EgressFirewall, { metadata: { namespace: 'alone', name: 'default' }, spec: { egress: [] } } as never)
  await tell()
  expect(said.at(-1)).toBe(`only ${LEGACY_CONFLICT} The namespace has an EgressFirewall: this counts for nothing`)
  bench.close()
})

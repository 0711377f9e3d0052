import { expect, test } from 'vitest'
import { Node } from '../../../api/core/node.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import { settled, testBench } from '../../../client/testing.ts'
import { createPolicyStatus } from './status.ts'

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
  bench.close()
})

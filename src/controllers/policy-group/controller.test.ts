import { expect, onTestFinished, test } from 'vitest'
import { Namespace } from '../../api/core/namespace.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { eventually, settled } from '../../client/testing.ts'
import { controllerBench } from '../shared/testing.ts'
import { startPolicyGroup } from './controller.ts'

const HOST = { 'policy-group.network.openshift.io/host-network': '' }
const INGRESS = { 'network.openshift.io/policy-group': 'ingress', 'policy-group.network.openshift.io/ingress': '' }

test('nodes are of the policy group ingress while the default routers are on the host network', async () => {
  const bench = controllerBench()
  onTestFinished(() => bench.close())
  const name = 'openshift-host-network'
  bench.api.put(Namespace, { metadata: { name, labels: HOST } } as never)
  const publish = (type: string, router = 'default') =>
    bench.api.put(IngressController, {
      metadata: { namespace: 'openshift-ingress-operator', name: router },
      status: { endpointPublishingStrategy: { type } },
    } as never)
  const labels = () => bench.api.get(Namespace, { name })?.metadata.labels
  const have = (wanted: object) =>
    eventually(
      () => JSON.stringify(Object.entries(labels()!).sort()) === JSON.stringify(Object.entries(wanted).sort()),
      labels,
    )
  await startPolicyGroup(bench.deps, bench.signal)
  publish('HostNetwork', 'other')
  await settled(bench)
  expect(labels()).toEqual(HOST)
  publish('HostNetwork')
  await have({ ...HOST, ...INGRESS })
  publish('LoadBalancerService')
  await have(HOST)
  publish('HostNetwork')
  await have({ ...HOST, ...INGRESS })
  // What somebody takes away comes back.
  bench.api.put(Namespace, { metadata: { name, labels: HOST } } as never)
  await have({ ...HOST, ...INGRESS })
})

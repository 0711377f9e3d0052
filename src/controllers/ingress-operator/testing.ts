/** What tests of the operator share. */
import { Deployment } from '../../api/apps/deployment.ts'
import { Infrastructure } from '../../api/config/infrastructure.ts'
import { Ingress as IngressConfig } from '../../api/config/ingress.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { createEventRecorder } from '../../client/events.ts'
import { settled, type TestBench, testBench } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { startIngressOperator } from './controller.ts'

export const NAMESPACE = 'openshift-ingress-operator'
export const DEFAULT = { namespace: NAMESPACE, name: 'default' }
export const ROUTER = { namespace: 'openshift-ingress', name: 'router-default' }
export const options = {
  image: 'fairlead/router',
  version: '1.2.3',
  accessLog: true,
  aliases: { 'apps.fairlead.test': 'apps.fairlead.localhost' },
  certify: (domain: string) => ({ certificate: `for ${domain}`, key: 'secret' }),
}

let bench: TestBench | undefined
/** After each test. */
export const closeBench = (): void => bench?.close()

/** The operator with a default IngressController, on a fake API. */
export async function start(
  spec: IngressController['spec'] = {},
  topology = 'HighlyAvailable',
  clock = fakeClock(),
  haproxy = '2.6.12',
) {
  bench = testBench({}, undefined, clock)
  const { api, informers } = bench
  api.put(IngressConfig, { metadata: { name: 'cluster' }, spec: { domain: 'apps.fairlead.test' } } as never)
  api.put(Infrastructure, {
    metadata: { name: 'cluster' },
    status: { platform: 'None', infrastructureTopology: topology, controlPlaneTopology: topology },
  } as never)
  api.put(IngressController, { metadata: { ...DEFAULT, generation: 3 }, spec })
  const deps = {
    ...bench,
    client: informers.client,
    events: (component: string) => createEventRecorder({ ...bench!, client: api.client }, { component }),
  }
  await startIngressOperator(deps, { ...options, haproxyVersion: Promise.resolve(haproxy) }, bench.signal)
  await settled(bench)
  return bench
}

export const conditions = ({ api }: TestBench, name = 'default') =>
  Object.fromEntries(
    (api.get(IngressController, { namespace: NAMESPACE, name })?.status?.conditions ?? []).map(({ type, status }) => [
      type,
      status,
    ]),
  )

/** What the Deployment controller would say. */
export async function report(bench: TestBench, available: number, condition = available > 0): Promise<void> {
  const deployment = bench.api.get(Deployment, ROUTER)!
  const isAvailable = condition ? 'True' : 'False'
  bench.api.put(Deployment, {
    ...deployment,
    metadata: { ...deployment.metadata, namespace: 'openshift-ingress' },
    status: {
      replicas: deployment.spec.replicas!,
      updatedReplicas: deployment.spec.replicas!,
      availableReplicas: available,
      ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
      conditions: [{ type: 'Available', status: isAvailable }],
    },
  })
  await settled(bench)
}

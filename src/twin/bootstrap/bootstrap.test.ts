import { expect, test } from 'vitest'
import { Infrastructure } from '../../api/config/infrastructure.ts'
import { testApi } from '../../apiserver/testing.ts'
import { systemClock } from '../../host/clock/real.ts'
import { cidr } from '../../lib/cidr.ts'
import { resolveConfig } from '../config.ts'
import { planWorld } from '../plan.ts'
import { createMissing } from './create.ts'
import { bootstrapObjects } from './mod.ts'

const secrets = { adminToken: 'sha256~token', ingress: { certificate: 'CERT', key: 'KEY', authority: 'CA' } }
const objects = async (profile: 'okd' | 'kubernetes') =>
  bootstrapObjects(planWorld(await resolveConfig({ name: 'x', profile }, [])), secrets)
const names = (all: Awaited<ReturnType<typeof objects>>) =>
  all.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name].filter(Boolean).join('/'))

test('okd: DNS on 5353 behind .10:53, a default IngressController and its certificate', async () => {
  const all = await objects('okd')
  expect(names(all)).toEqual(
    expect.arrayContaining([
      'Service/openshift-dns/dns-default',
      'DaemonSet/openshift-dns/dns-default',
      'IngressController/openshift-ingress-operator/default',
      'Secret/openshift-ingress/router-certs-default',
      'IngressClass/openshift-default',
      'Ingress/cluster',
      'Network/cluster',
    ]),
  )
  const text = JSON.stringify(all)
  expect(text).toContain('"clusterIP":"172.30.0.10"')
  expect(text).toContain('"ovnKubernetesConfig":{"mtu":1400}')
  expect(text).toContain('"trafficDistribution":"PreferSameNode"')
  expect(text).toContain('"containerPort":5353')
})

test('kubernetes: kube-dns in kube-system on 53, nothing of OpenShift', async () => {
  const all = await objects('kubernetes')
  expect(names(all)).toEqual(expect.arrayContaining(['Service/kube-system/kube-dns', 'Deployment/kube-system/coredns']))
  expect(JSON.stringify(all)).toContain('"clusterIP":"10.96.0.10"')
  expect(JSON.stringify(all)).not.toContain('openshift')
})

test('a namespace comes before what lives in it', async () => {
  const all = names(await objects('okd'))
  for (const [index, name] of all.entries()) {
    const namespace = name.split('/').length === 3 ? name.split('/')[1] : undefined
    if (namespace) expect(all.slice(0, index)).toContain(`Namespace/${namespace}`)
  }
})

test('created in a real API; a second time changes nothing', async () => {
  const api = await testApi(systemClock, { routeDomain: 'apps.x', serviceNetworks: [cidr('172.30.0.0/16')] })
  const all = await objects('okd')
  await createMissing(api.client, all)
  const infrastructure = await api.client.get(Infrastructure, { name: 'cluster' })
  expect(infrastructure.status?.infrastructureTopology).toBe('SingleReplica')
  const { revision } = api.store
  await createMissing(api.client, all)
  expect(api.store.revision).toBe(revision)
  await api.close()
})

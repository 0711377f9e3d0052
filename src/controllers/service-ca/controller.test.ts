import { X509Certificate } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Event } from '../../api/core/event.ts'
import { Secret } from '../../api/core/secret.ts'
import { Service } from '../../api/core/service.ts'
import { createEventRecorder } from '../../client/events.ts'
import { eventually, settled, type TestBench, testBench } from '../../client/testing.ts'
import { issue, makeAuthority } from '../../twin/pki.ts'
import { startServiceCa } from './controller.ts'

let bench: TestBench
afterEach(() => bench?.close())

const nowMs = Date.parse('2026-06-01T00:00:00Z')
const ca = makeAuthority('service-ca', nowMs)

async function start(): Promise<void> {
  bench = testBench()
  const { api, informers } = bench
  const events = (component: string) => createEventRecorder({ ...bench, client: api.client }, { component })
  const options = {
    authority: ca.certificate,
    issue: (names: readonly string[]) => issue(ca, { commonName: names[0]!, names }, nowMs),
  }
  await startServiceCa({ ...bench, client: informers.client, events }, options, bench.signal)
}

const putService = (secret?: string, spec: Service['spec'] = {}): Service =>
  bench.api.put(Service, {
    metadata: {
      namespace: 'shop',
      name: 'web',
      annotations: secret ? { 'service.beta.openshift.io/serving-cert-secret-name': secret } : {},
    },
    spec,
  })
const secret = () => bench.api.get(Secret, { namespace: 'shop', name: 'web-tls' })
const leaf = () => new X509Certificate(Buffer.from(secret()!.data!['tls.crt']!, 'base64'))

test('a Service that asks gets a certificate for its names, and again when it is deleted', async () => {
  await start()
  putService()
  await settled(bench)
  expect(secret()).toBeUndefined()
  putService('web-tls')
  await settled(bench)
  expect(secret()?.type).toBe('kubernetes.io/tls')
  expect(leaf().subjectAltName).toBe('DNS:web.shop.svc, DNS:web.shop.svc.cluster.local')
  expect(leaf().verify(new X509Certificate(ca.certificate).publicKey)).toBe(true)
  expect(secret()?.metadata.annotations).toMatchObject({
    'service.beta.openshift.io/originating-service-name': 'web',
    'service.beta.openshift.io/expiry': new Date(leaf().validTo).toISOString().replace('.000', ''),
  })
  expect(bench.api.get(Service, { namespace: 'shop', name: 'web' })?.metadata.annotations).toMatchObject({
    'service.alpha.openshift.io/serving-cert-signed-by': 'service-ca',
    'service.beta.openshift.io/serving-cert-signed-by': 'service-ca',
  })
  const { serialNumber } = leaf()
  bench.api.drop(Secret, { namespace: 'shop', name: 'web-tls' })
  await settled(bench)
  expect(leaf().serialNumber).not.toBe(serialNumber)
})

test('the pods of a headless Service have names in its certificate', async () => {
  await start()
  putService('web-tls', { clusterIP: 'None' })
  await settled(bench)
  expect(leaf().checkHost('web-0.web.shop.svc.cluster.local')).toBeDefined()
  expect(leaf().checkHost('web-0.web.shop.svc')).toBeDefined()
  expect(leaf().checkHost('web-0.other.shop.svc')).toBeUndefined()
})

test('a Secret of somebody else stays as it is, and that is told', async () => {
  await start()
  bench.api.put(Secret, { metadata: { namespace: 'shop', name: 'web-tls' }, data: { mine: 'eA==' } })
  putService('web-tls')
  await settled(bench)
  expect(secret()?.data).toEqual({ mine: 'eA==' })
  await eventually(() => bench.api.all(Event).some(({ reason }) => reason === 'ServingCertNotIssued'))
})

test('a ConfigMap that asks gets the authority and nothing else, and again when it is changed; others are not even read', async () => {
  await start()
  const annotations = { 'service.beta.openshift.io/inject-cabundle': 'true' }
  const put = (name: string, noted: Record<string, string>, data: Record<string, string>) =>
    bench.api.put(ConfigMap, { metadata: { namespace: 'shop', name, annotations: noted }, data })
  const data = (name: string) => bench.api.get(ConfigMap, { namespace: 'shop', name })?.data
  const isRead = (name: string) => bench.api.requests.includes(`GET /api/v1/namespaces/shop/configmaps/${name}`)
  put('bundle', annotations, { other: 'x' })
  put('plain', {}, { other: 'x' })
  await settled(bench)
  expect(data('bundle')).toEqual({ 'service-ca.crt': ca.certificate })
  expect(data('plain')).toEqual({ other: 'x' })
  expect([isRead('bundle'), isRead('plain')]).toEqual([true, false])
  put('bundle', annotations, { 'service-ca.crt': 'forged' })
  await settled(bench)
  expect(data('bundle')).toEqual({ 'service-ca.crt': ca.certificate })
})

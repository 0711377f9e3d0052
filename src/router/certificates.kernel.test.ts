import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Event } from '../api/core/event.ts'
import { Secret } from '../api/core/secret.ts'
import { Route } from '../api/route/route.ts'
import { eventually } from '../client/testing.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { type Pair, rsa, weaklySigned } from './testing-certificates.ts'
import { type LiveRouter, putTlsSecret, splitPem, startLiveRouter } from './testing-live.ts'

let router: LiveRouter
beforeAll(async () => {
  router = await startLiveRouter({ wildcards: true })
})
afterAll(() => router?.stop())

/** The common name of what is shown to a client that takes any key. */
const shown = (servername: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: 443, servername, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })

it('an own certificate with an RSA key goes before the names of a default one with an elliptic key', async () => {
  const host = 'own.apps.fairlead.test'
  expect(await shown(host)).toBe('some.test')
  router.putRoute('own', { host, tls: { termination: 'edge', ...rsa('rsa.test') } })
  await router.settle()
  expect(await shown(host)).toBe('rsa.test')
  expect(await shown('another.apps.fairlead.test')).toBe('some.test')
  // Behind the sorter, and beside another default one that came without a reload.
  router.putRoute('passed', { tls: { termination: 'passthrough' } })
  await router.settle()
  const loads = router.loads()
  putTlsSecret(router.bench, 'openshift-ingress', 'router-certs-default', otherCertificate)
  await router.settle()
  expect([await shown(host), await shown('another.apps.fairlead.test')]).toEqual(['rsa.test', 'other.test'])
  expect(router.loads()).toBe(loads)
})

it('a Secret that goes takes its Route with it; no key is told to anybody', async () => {
  const { api } = router.bench
  const host = 'external.example.com'
  router.putRoute('external', { tls: { termination: 'edge', externalCertificate: { name: 'cert' } } })
  const verdict = () => api.get(Route, { namespace: 'shop', name: 'external' })?.status?.ingress?.[0]?.conditions?.[0]
  const isTold = async (status: string): Promise<void> => {
    while (verdict()?.status !== status) await new Promise(resolve => setImmediate(resolve))
  }
  putTlsSecret(router.bench, 'shop', 'cert', otherCertificate)
  await router.settle()
  await isTold('True')
  expect(await shown(host)).toBe('other.test')
  const [, text] = splitPem(otherCertificate).key.split('\n')
  const told = [await router.metrics(), JSON.stringify([...api.all(Route), ...api.all(Event)])]
  expect(told.map(each => each.length > 100 && !each.includes(text!))).toEqual([true, true])
  api.drop(Secret, { namespace: 'shop', name: 'cert' })
  await router.settle()
  await isTold('False')
  expect(verdict()?.reason).toBe('ExternalCertificateGetFailed')
})

it('the certificate of a host goes before that of a wildcard, whatever their keys and whichever comes first', async () => {
  const elliptic = splitPem(someCertificate)
  const [first, second, third] = ['first', 'second', 'third'].map(name => rsa(`${name}.test`)) as [Pair, Pair, Pair]
  const secure = (name: string, pair: Pair, wildcardPolicy: 'None' | 'Subdomain' = 'None') =>
    router.putRoute(name, {
      host: `${name}.keys.test`,
      wildcardPolicy,
      tls: { termination: 'edge', certificate: pair.certificate, key: pair.key },
    })
  const seen = async () => {
    await router.settle()
    const names = ['first', 'second', 'any']
    return Promise.all(names.map(name => shown(`${name}.keys.test`).then(text => text.replace('.test', ''))))
  }
  putTlsSecret(router.bench, 'openshift-ingress', 'router-certs-default', otherCertificate)
  secure('first', first)
  expect(await seen()).toEqual(['first', 'other', 'other'])
  const loads = router.loads()
  secure('wild', elliptic, 'Subdomain')
  expect(await seen()).toEqual(['first', 'some', 'some'])
  secure('second', second)
  expect(await seen()).toEqual(['first', 'second', 'some'])
  router.bench.api.drop(Route, { namespace: 'shop', name: 'first' })
  expect(await seen()).toEqual(['some', 'second', 'some'])
  secure('second', elliptic)
  expect(await seen()).toEqual(['some', 'some', 'some'])
  secure('second', second)
  expect(await seen()).toEqual(['some', 'second', 'some'])
  secure('wild', third, 'Subdomain')
  secure('first', elliptic)
  expect(await seen()).toEqual(['some', 'second', 'third'])
  expect(router.loads()).toBe(loads)
  // A new process has the same.
  router.putRoute('unusual', { httpHeaders: { actions: { response: [{ name: 'x', action: { type: 'Delete' } }] } } })
  expect(await seen()).toEqual(['some', 'second', 'third'])
  expect(router.loads()).toBe(loads + 1)
})

it('a certificate that HAProxy refuses takes its Route with it, and nothing else', async () => {
  const verdict = (name: string) =>
    router.bench.api.get(Route, { namespace: 'shop', name })?.status?.ingress?.[0]?.conditions?.[0]
  router.putRoute('good', { tls: { termination: 'edge', ...rsa('good.test') } })
  router.putRoute('weak', { tls: { termination: 'edge', ...weaklySigned('weak.test') } })
  await router.settle()
  await eventually(() => verdict('weak')?.reason === 'ExtendedValidationFailed')
  expect(verdict('weak')?.message).toContain('HAProxy does not accept spec.tls.certificate')
  expect(verdict('good')?.status).toBe('True')
  expect(await shown('good.example.com')).toBe('good.test')
})

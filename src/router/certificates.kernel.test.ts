import { execFileSync } from 'node:child_process'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { otherCertificate } from '../host/haproxy/testdata/certificates.ts'
import { type LiveRouter, putTlsSecret, splitPem, startLiveRouter } from './testing-live.ts'

let router: LiveRouter
beforeAll(async () => {
  router = await startLiveRouter()
})
afterAll(() => router?.stop())

const rsa = (name: string): { certificate: string; key: string } => {
  const options = ['-newkey', 'rsa:2048', '-nodes', '-keyout', '-', '-subj', `/CN=${name}`, '-days', '2']
  return splitPem(
    execFileSync('openssl', ['req', '-x509', ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .replace(/(-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----\n)([\s\S]*)/, '$2$1'),
  )
}

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

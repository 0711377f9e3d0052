import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { makePki } from './pki.ts'

const NOW = Date.UTC(2026, 10, 20)

test('servers and clients are issued by their own authority, with names, users and groups', async () => {
  const pki = await makePki({
    cluster: {
      api: { commonName: 'kube-apiserver', names: ['localhost', '127.0.0.1', 'kubernetes.default.svc'] },
      admin: { commonName: 'system:admin', organizations: ['system:masters', 'second'] },
    },
    ingress: { router: { commonName: '*.apps.fairlead.test', names: ['*.apps.fairlead.test'] } },
    nowMs: NOW,
  })
  const ca = new X509Certificate(pki.authorities.ca.certificate)
  const ingressCa = new X509Certificate(pki.authorities['ingress-ca'].certificate)
  const api = new X509Certificate(pki.leaves.api!.certificate)
  const admin = new X509Certificate(pki.leaves.admin!.certificate)
  const router = new X509Certificate(pki.leaves.router!.certificate)

  expect(ca.ca).toBe(true)
  expect(api.verify(ca.publicKey)).toBe(true)
  expect(api.verify(ingressCa.publicKey)).toBe(false)
  expect(api.checkHost('localhost')).toBe('localhost')
  expect(api.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(api.checkHost('elsewhere')).toBeUndefined()
  expect(admin.subject.split('\n')).toEqual(['CN=system:admin', 'O=system:masters', 'O=second'])
  expect(router.verify(ingressCa.publicKey)).toBe(true)
  expect(router.checkHost('shop.apps.fairlead.test')).toBe('*.apps.fairlead.test')
  expect(Date.parse(api.validFrom)).toBeLessThan(NOW)
})

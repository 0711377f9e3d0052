import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { connect, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { issue, makePki } from './pki.ts'

const NOW = Date.UTC(2026, 10, 20)

test('servers and clients are issued by their own authority, with names, users and groups', () => {
  const pki = makePki({
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

test('OpenSSL finds nothing to complain about', () => {
  const folder = mkdtempSync(`${tmpdir()}/fairlead-pki-`)
  const pki = makePki({
    cluster: {
      server: { commonName: 'kube-apiserver', names: ['kubernetes', '10.0.0.1', 'fd00::1'] },
      client: { commonName: 'system:node:node-1', organizations: ['system:nodes'] },
    },
    ingress: {},
    nowMs: Date.now(),
  })
  const verify = (name: string, ...args: string[]): string => {
    writeFileSync(`${folder}/ca.crt`, pki.authorities.ca.certificate)
    writeFileSync(`${folder}/${name}.crt`, pki.leaves[name]!.certificate)
    const strict = ['verify', '-x509_strict', '-check_ss_sig', '-CAfile', `${folder}/ca.crt`]
    return execFileSync('openssl', [...strict, ...args, `${folder}/${name}.crt`], { encoding: 'utf8' })
  }
  expect(verify('server', '-purpose', 'sslserver', '-verify_ip', 'fd00::1')).toContain('OK')
  expect(verify('client', '-purpose', 'sslclient')).toContain('OK')
  expect(() => verify('client', '-purpose', 'sslserver')).toThrow()
  rmSync(folder, { recursive: true })
})

test('a server and a client believe each other, also one issued later; a stranger is not believed', async () => {
  const make = () =>
    makePki({ cluster: { api: { commonName: 'api', names: ['127.0.0.1'] } }, ingress: {}, nowMs: Date.now() })
  const [pki, strange] = [make(), make()]
  const { ca } = pki.authorities
  const { certificate: cert, key } = pki.leaves.api!
  const server = createServer({ cert, key, ca: ca.certificate, requestCert: true, rejectUnauthorized: false })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const port = (server.address() as AddressInfo).port
  const meet = (authority: typeof ca, trusted: string): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const { certificate, key } = issue(
        authority,
        { commonName: 'system:node:node-4', organizations: ['system:nodes'] },
        Date.now(),
      )
      server.once('secureConnection', (socket: TLSSocket) => resolve(socket.authorized))
      connect({ host: '127.0.0.1', port, ca: trusted, cert: certificate, key }).once('error', reject)
    })
  expect(await meet(ca, ca.certificate)).toBe(true)
  expect(await meet(strange.authorities.ca, ca.certificate)).toBe(false)
  await expect(meet(ca, strange.authorities.ca.certificate)).rejects.toThrow()
  server.close()
  server.closeAllConnections()
})

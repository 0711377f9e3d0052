import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { fakeFs } from '../host/fs/fake.ts'
import { resolveConfig } from './config.ts'
import { prepareCredentials, readCredentials } from './credentials.ts'
import { planWorld } from './plan.ts'
import { twinFolder } from './state.ts'

const NOW = Date.UTC(2026, 10, 20)
const folder = twinFolder('/data', 'x')
const plan = async (nodes = 2) => planWorld(await resolveConfig({ name: 'x', nodes }, []))

test('certificates are made once, also when nodes join or the port changes', async () => {
  const fs = fakeFs()
  prepareCredentials(fs, folder, await plan(), 6443, NOW)
  const before = readCredentials(fs, folder)
  const old = fs.read(`${folder.pki}/node-2.kubeconfig`)
  prepareCredentials(fs, folder, await plan(3), 7443, NOW)
  expect(readCredentials(fs, folder)).toEqual(before)
  expect(fs.read(`${folder.pki}/node-2.kubeconfig`)).toEqual(old)
  expect(fs.read(folder.kubeconfig)?.toString()).toContain('https://127.0.0.1:7443')
  expect(fs.read(`${folder.pki}/node-3.kubeconfig`)?.toString()).toContain('https://172.18.0.11:6443')
})

test('names, users and groups are those of OKD', async () => {
  const fs = fakeFs()
  prepareCredentials(fs, folder, await plan(), 6443, NOW)
  const { api, ingress, ca } = readCredentials(fs, folder)
  const server = new X509Certificate(api.certificate)
  for (const name of ['localhost', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'])
    expect(server.checkHost(name)).toBe(name)
  for (const address of ['127.0.0.1', '172.18.0.11', '172.30.0.1']) expect(server.checkIP(address)).toBe(address)
  const wildcard = new X509Certificate(ingress.certificate)
  for (const host of ['a.apps.fairlead.test', 'a.apps.fairlead.localhost'])
    expect(wildcard.checkHost(host)).toBeDefined()
  expect(wildcard.verify(new X509Certificate(ca).publicKey)).toBe(false)
  expect(wildcard.verify(new X509Certificate(ingress.authority).publicKey)).toBe(true)
  const subject = (name: string): string[] =>
    new X509Certificate(fs.read(`${folder.pki}/${name}.crt`)!).subject.split('\n')
  expect(subject('admin')).toEqual(['CN=system:admin', 'O=system:masters'])
  expect(subject('node-2')).toEqual(['CN=system:node:node-2', 'O=system:nodes'])
  const [router, ...groups] = subject('router')
  expect(router).toBe('CN=system:serviceaccount:openshift-ingress:router')
  expect(groups).toContain('O=fairlead:routers')
})

test('a client whose groups are others now has another certificate; the rest stay', async () => {
  const fs = fakeFs()
  prepareCredentials(fs, folder, await plan(), 6443, NOW)
  const file = (name: string, end: string): string => `${folder.pki}/${name}.${end}`
  const [router, node] = ['router', 'node-1'].map(name => fs.read(file(name, 'crt'))?.toString())
  for (const end of ['crt', 'key']) fs.write(file('router', end), fs.read(file('dns', end))!.toString(), 0o600)
  prepareCredentials(fs, folder, await plan(), 6443, NOW)
  const made = fs.read(file('router', 'crt'))!.toString()
  expect(new X509Certificate(made).subject).toBe(new X509Certificate(router!).subject)
  expect(fs.read(file('node-1', 'crt'))?.toString()).toBe(node)
})

test('keys are for the owner alone', async () => {
  const fs = fakeFs()
  prepareCredentials(fs, folder, await plan(), 6443, NOW)
  expect(fs.mode(folder.pki)).toBe(0o700)
  for (const file of [
    ...fs
      .list(folder.pki)
      .filter(name => /key$|kubeconfig$/.test(name))
      .map(name => `${folder.pki}/${name}`),
    folder.kubeconfig,
  ])
    expect(fs.mode(file)).toBe(0o600)
})

test('a certificate that is missing is said', () => {
  expect(() => readCredentials(fakeFs(), folder)).toThrow('/data/fairlead/x/pki/ca.crt is missing')
})

test.each(['ca.crt', 'ca.key', 'ingress.crt', 'router.key', 'service-account.key', 'admin.token'])(
  'a damaged %s is said, with a way out that works',
  async name => {
    const fs = fakeFs()
    prepareCredentials(fs, folder, await plan(), 6443, NOW)
    fs.write(`${folder.pki}/${name}`, 'damaged')
    const again = async (): Promise<void> => prepareCredentials(fs, folder, await plan(), 6443, NOW)
    await expect(again()).rejects.toMatchObject({
      code: 'StateDamaged',
      message: expect.stringMatching(new RegExp(`/pki/${name.split('.')[0]}\\..* is damaged`)),
    })
    fs.remove(folder.pki)
    await again()
  },
)

test('a key of another certificate is damage too', async () => {
  const fs = fakeFs()
  prepareCredentials(fs, folder, await plan(), 6443, NOW)
  fs.write(`${folder.pki}/ca.key`, fs.read(`${folder.pki}/router.key`)!)
  expect(() => readCredentials(fs, folder)).toThrow('is damaged')
})

import { expect, it } from 'vitest'
import { UserError } from '../lib/errors.ts'
import { type Connection, readInCluster, readKubeconfig } from './kubeconfig.ts'

const FILES: Record<string, string> = {
  '/home/a/config': `
apiVersion: v1
kind: Config
current-context: shop
clusters:
- name: c
  cluster: { server: "https://127.0.0.1:6443/", certificate-authority: ca.crt, tls-server-name: api.test }
- name: open
  cluster: { server: "https://127.0.0.1:7443", insecure-skip-tls-verify: true }
users:
- name: cert
  user: { client-certificate-data: ${Buffer.from('CERT').toString('base64')}, client-key: /keys/a.key }
- name: token
  user: { tokenFile: token }
- name: login
  user: { exec: { command: oc } }
contexts:
- name: shop
  context: { cluster: c, user: cert, namespace: shop }
- name: by-token
  context: { cluster: open, user: token }
- name: by-login
  context: { cluster: c, user: login }
- name: broken
  context: { cluster: none, user: cert }
`,
  '/home/a/ca.crt': 'CA',
  '/home/a/token': ' one \n',
  '/keys/a.key': 'KEY',
  '/home/a/list': '[]',
  '/home/a/garbage': '{{{',
}
const read = async (path: string): Promise<string> => {
  const text = FILES[path]
  if (text === undefined) throw new Error(`ENOENT: ${path}`)
  return text
}
const load = (context?: string, path = '/home/a/config'): Promise<Connection> =>
  readKubeconfig({ path, read, ...(context ? { context } : {}) })

it('reads certificates from data, absolute and relative files', async () => {
  const server = 'https://127.0.0.1:6443'
  expect(await load()).toEqual({
    server,
    ca: 'CA',
    cert: 'CERT',
    key: 'KEY',
    serverName: 'api.test',
    namespace: 'shop',
  })
})

it('reads a token file again each time', async () => {
  const { token, insecure } = await load('by-token')
  expect([await token?.(), insecure]).toEqual(['one', true])
  FILES['/home/a/token'] = 'two'
  expect(await token?.()).toBe('two')
})

it.each([
  ['by-login', '/home/a/config', /login plugin/],
  ['broken', '/home/a/config', /no cluster named none/],
  ['nowhere', '/home/a/config', /no context named nowhere/],
  [undefined, '/home/a/list', /names no context|not a kubeconfig/],
  [undefined, '/home/a/garbage', /neither YAML nor JSON/],
  [undefined, '/home/a/missing', /cannot be read/],
])('says what is wrong with %s of %s', async (context, path, message) => {
  const error = await load(context, path).catch(caught => caught)
  expect(error).toBeInstanceOf(UserError)
  expect(error.message).toMatch(message)
  expect(error.message).toContain(path)
})

it('finds the API from inside a pod', async () => {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount'
  const files: Record<string, string> = {
    [`${folder}/ca.crt`]: 'CA',
    [`${folder}/namespace`]: 'shop\n',
    [`${folder}/token`]: 'T\n',
  }
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
  const connection = await readInCluster(env, async path => files[path]!)
  expect(connection).toMatchObject({ server: 'https://[fd00::1]:6443', ca: 'CA', namespace: 'shop' })
  expect(await connection.token?.()).toBe('T')
  await expect(readInCluster({}, read)).rejects.toThrow(/KUBERNETES_SERVICE_HOST/)
})

/** Pods that ask the API as their account, with what they find in their files. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { KUBECTL, run, startTwin, until } from './harness.ts'

let twin: Twin
beforeAll(async () => {
  twin = await startTwin({ name: 'accounts' })
})
afterAll(async () => {
  await twin?.down()
})

const CLIENT = '--image=registry.k8s.io/e2e-test-images/agnhost:2.53 -- inclusterclient --poll-interval=1'
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
const ask = (pod: string, path: string) =>
  twin.kubectl(
    ...['exec', pod, '--', 'sh', '-c'],
    `cd ${FOLDER} && curl -s -o /dev/null -w '%{http_code}' --cacert ca.crt -H "Authorization: Bearer $(cat token)" https://kubernetes.default.svc${path}`,
  )
const start = async (name: string, account: string, spec: object = {}): Promise<void> => {
  const container = { name: 'c', image: 'curlimages/curl', command: ['sleep', '3600'] }
  const pod = { serviceAccountName: account, containers: [container], ...spec }
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: pod })
  const made = await run(KUBECTL, ['apply', '-f', '-'], { env: twin.env, input })
  expect(made.stderr).toBe('')
  await twin.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=90s')
}

test('an account may what its roles say, and its pods find all they need to ask', async () => {
  await twin.kubectl('create', 'serviceaccount', 'robot')
  await start('asker', 'robot')
  expect(await twin.kubectl('exec', 'asker', '--', 'cat', `${FOLDER}/namespace`)).toBe('default')
  expect(await twin.kubectl('exec', 'asker', '--', 'printenv', 'KUBERNETES_SERVICE_HOST')).toBe('172.30.0.1\n')
  expect(await ask('asker', '/version')).toBe('200')
  expect(await ask('asker', '/api/v1/namespaces/default/pods')).toBe('403')
  await twin.kubectl('create', 'rolebinding', 'robot', '--clusterrole=view', '--serviceaccount=default:robot')
  await until('the role counts', async () => (await ask('asker', '/api/v1/namespaces/default/pods')) === '200')
  expect(await ask('asker', '/api/v1/namespaces/default/secrets')).toBe('403')
  const serviceCa = await twin.kubectl('exec', 'asker', '--', 'head', '-1', `${FOLDER}/service-ca.crt`)
  expect(serviceCa).toContain('BEGIN CERTIFICATE')
})

test('no token where it is not wanted', async () => {
  await start('plain', 'default', { automountServiceAccountToken: false })
  const listed = await twin.tryKubectl(['exec', 'plain', '--', 'ls', FOLDER])
  expect([listed.code === 0, (await twin.tryKubectl(['exec', 'asker', '--', 'ls', FOLDER])).code]).toEqual([false, 0])
})

test('the first pod of a new namespace, and a client as those of client-go', async () => {
  const made = await run(
    'sh',
    ['-c', `${KUBECTL} create namespace fresh && ${KUBECTL} run -n fresh client ${CLIENT}`],
    {
      env: twin.env,
    },
  )
  expect(made.stdout).toBe('namespace/fresh created\npod/client created\n')
  await until('it has asked twice', async () => {
    const said = await twin.tryKubectl(['logs', '-n', 'fresh', 'client'])
    return said.stdout.split('authz_header=').length > 2
  })
  const logs = await twin.kubectl('logs', '-n', 'fresh', 'client')
  expect(logs).not.toContain('status=failed')
  expect(logs).not.toContain('authz_header=<empty>')
})
test('a pod’s token ends with the pod', async () => {
  await start('short', 'robot')
  const token = await twin.kubectl('exec', 'short', '--', 'cat', `${FOLDER}/token`)
  const review = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
  const args = ['create', '-f', '-', '-o', 'jsonpath={.status.user.username}']
  const who = async () => (await run(KUBECTL, args, { env: twin.env, input: review })).stdout
  expect(await who()).toBe('system:serviceaccount:default:robot')
  await twin.kubectl('delete', 'pod', 'short', '--grace-period=0', '--force')
  await until('the token is refused', async () => (await who()) === '')
})

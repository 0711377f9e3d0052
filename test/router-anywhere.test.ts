/** A router with the rights of deploy/router and no others, on a Kubernetes that knows no Routes: here a twin of profile kubernetes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FAIRLEAD, ROOT, start, startTwin, type Twin, until } from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'router-anywhere-'))
const kubeconfig = join(folder, 'kubeconfig')
const manifest = (file: string): string => join(ROOT, 'deploy/router', file)
let twin: Twin
let router: ReturnType<typeof start> | undefined
let said = ''

beforeAll(async () => {
  twin = await startTwin({ name: 'anywhere', args: ['--nodes', '1', '--profile', 'kubernetes'] })
  await twin.kubectl('apply', '-f', manifest('router.yaml'))
  // Its image is not here: the same program is started by hand, with the account's token alone.
  await twin.kubectl('-n', 'openshift-ingress', 'scale', 'deployment/router-default', '--replicas=0')
  const token = await twin.kubectl('-n', 'openshift-ingress', 'create', 'token', 'router')
  const view = JSON.parse(await twin.kubectl('config', 'view', '--raw', '--minify', '-o', 'json'))
  const authority = view.clusters[0].cluster['certificate-authority-data']
  const address = await twin.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[0].address}')
  const cluster = { server: `https://${address}:6443`, 'certificate-authority-data': authority }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster }],
    users: [{ name: 'router', user: { token } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'router' } }],
    'current-context': 'here',
  }
  writeFileSync(kubeconfig, JSON.stringify(config))
})
afterAll(async () => {
  router?.kill('SIGTERM')
  await twin?.down()
  rmSync(folder, { recursive: true, force: true })
})

function startRouter(): void {
  const command = [FAIRLEAD, 'router', '--kubeconfig', kubeconfig, '--install-routes-crd', '--not-found=true']
  said = ''
  router = start(FAIRLEAD, ['exec', '--name', 'anywhere', 'node-1', '--', ...command], twin.env)
  const hear = (chunk: Buffer): void => {
    said += chunk.toString()
  }
  router.stdout?.on('data', hear)
  router.stderr?.on('data', hear)
}
const code = async (host: string, path: string): Promise<string> => {
  const words = [
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-H',
    `Host: ${host}`,
    `http://127.0.0.1${path}`,
  ]
  return (await twin.fairlead('exec', 'node-1', '--', ...words)).stdout.trim()
}

test('without the right to define Routes it says so; with it, Routes and Ingresses are served and told', async () => {
  startRouter()
  await until(
    'refused',
    async () => said.includes('Routes cannot be made known to the API') && said.includes('install-crd.yaml'),
  )
  await twin.kubectl('apply', '-f', manifest('install-crd.yaml'))
  startRouter()
  await until('serving', async () => said.includes('HAProxy serves'))
  await twin.kubectl('create', 'deployment', 'web', '--image=nginx', '--port=80')
  await twin.kubectl('expose', 'deployment', 'web', '--port=80')
  const input = `
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: route }
spec: { host: route.test, to: { kind: Service, name: web } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ingress }
spec:
  ingressClassName: fairlead
  rules: [{ host: ingress.test, http: { paths: [{ path: /, pathType: Exact, backend: { service: { name: web, port: { number: 80 } } } }] } }]
`
  const applied = await twin.tryKubectl(['apply', '-f', '-'], { input })
  expect(applied.stderr).toBe('')
  await until('the Route', async () => (await code('route.test', '/')) === '200')
  await until('the Ingress', async () => (await code('ingress.test', '/')) === '200')
  expect([await code('ingress.test', '/x'), await code('nobody.test', '/')]).toEqual(['404', '404'])
  await until('the status of both', async () => {
    const routes = await twin.kubectl('get', 'routes', '--no-headers')
    const ingresses = await twin.kubectl(
      'get',
      'ingresses',
      '-o',
      'jsonpath={.items[*].status.loadBalancer.ingress[*].hostname}',
    )
    return routes.includes('True') && ingresses.includes('router-default.')
  })
})

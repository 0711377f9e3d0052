/** Egress routers: hosts outside see the router's address, and nothing else is reached by it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { startTwin, until } from './harness.ts'

/** A host of the internet of the twin, which says who asks. */
const INTERNET = '203.0.113.10'
const REFUSED = 'refused'

let twin: Twin
const kubectl = (...args: string[]) => twin.kubectl('-n', 'shop', ...args)
beforeAll(async () => {
  twin = await startTwin({ name: 'egress-router' })
  await twin.kubectl('create', 'namespace', 'shop')
  await kubectl('run', 'client', '--image=curlimages/curl', '--command', '--', 'sleep', '100000')
  await kubectl('wait', '--for=condition=Ready', 'pod/client', '--timeout=90s')
})
afterAll(async () => {
  await twin?.down()
})

const apply = async (...objects: object[]): Promise<void> => {
  const items = objects.map(object => ({ apiVersion: 'v1', kind: 'Pod', ...object }))
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  const { code, stderr } = await twin.tryKubectl(['-n', 'shop', 'apply', '-f', '-'], { input: list })
  expect(code, stderr).toBe(0)
}

/** Whom the host outside has seen. */
async function ask(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await twin.tryKubectl([
    '-n',
    'shop',
    'exec',
    'client',
    '--',
    'curl',
    '-sS',
    '-m',
    '30',
    ...args,
  ])
  if (/curl: \(7\)/.test(stderr)) return REFUSED
  return code === 0 ? stdout.trim() : stderr
}

const addressOf = (pod: string) => kubectl('get', 'pod', pod, '-o', 'jsonpath={.status.podIP}')

interface LegacyPod {
  readonly source: string
  readonly mode: string
  readonly destination?: string
  readonly main: object
}

const legacy = (name: string, { source, mode, destination, main }: LegacyPod) => ({
  metadata: { name, annotations: { 'pod.network.openshift.io/assign-macvlan': 'true' } },
  spec: {
    initContainers: [
      {
        name: 'egress-router',
        image: 'openshift/origin-egress-router',
        securityContext: { privileged: true },
        env: [
          { name: 'EGRESS_SOURCE', value: source },
          { name: 'EGRESS_GATEWAY', value: '172.18.0.1' },
          { name: 'EGRESS_ROUTER_MODE', value: mode },
          ...(destination ? [{ name: 'EGRESS_DESTINATION', value: destination }] : []),
        ],
      },
    ],
    containers: [{ name: 'main', ...main }],
  },
})

test('without a router the host outside sees the node', async () => {
  expect(await ask(`http://${INTERNET}/`)).toMatch(/^172\.18\.0\.1[1-3]$/)
})

test('an EgressRouter leads its ports outside, from its own address; changed settings hold, wrong ones are told', async () => {
  const router = (spec: object) => ({
    apiVersion: 'network.operator.openshift.io/v1',
    kind: 'EgressRouter',
    metadata: { name: 'out' },
    spec: {
      mode: 'Redirect',
      networkInterface: { macvlan: { mode: 'Bridge' } },
      addresses: [{ ip: '172.18.0.60/24', gateway: '172.18.0.1' }],
      redirect: { redirectRules: [{ destinationIP: INTERNET, port: 8080, protocol: 'TCP', targetPort: 80 }] },
      ...spec,
    },
  })
  const ports = [80, 8080].map(port => ({ name: `p${port}`, port }))
  await apply(router({}), {
    kind: 'Service',
    metadata: { name: 'out' },
    spec: { selector: { app: 'egress-router-cni' }, ports },
  })
  await kubectl('wait', '--for=condition=Available', 'egressrouter/out', '--timeout=90s')
  await until('the router is what it should be', async () => (await ask('http://out:8080/')) === '172.18.0.60')
  expect(await ask('http://out:80/')).toBe(REFUSED)
  await apply(router({ addresses: [{ ip: '172.18.0.70/24' }], redirect: { fallbackIP: INTERNET } }))
  await until('the router is what it should be', async () => (await ask('http://out:80/')) === '172.18.0.70')
  await apply(router({ addresses: [{ ip: '172.18.0.70' }] }))
  await kubectl('wait', '--for=condition=Degraded', 'egressrouter/out', '--timeout=90s')
  expect(await kubectl('get', 'egressrouter', 'out', '-o', 'jsonpath={.status.conditions[*].message}')).toContain(
    'addresses[0].ip',
  )
  await until(
    'the router is what it should be',
    async () => (await kubectl('get', 'pods', '-l', 'app=egress-router-cni', '-o', 'name')) === '',
  )
})

test('the three modes of the older images', async () => {
  const proxy = (image: string, name: string, value: string) => ({
    image: `openshift/origin-egress-${image}`,
    env: [{ name, value }],
  })
  const lines = `80 tcp ${INTERNET}\n8080 tcp ${INTERNET} 80`
  await apply(
    legacy('redirect', {
      source: '172.18.0.61',
      mode: 'init',
      destination: lines,
      main: { image: 'openshift/origin-pod' },
    }),
    legacy('http', {
      source: '172.18.0.62',
      mode: 'http-proxy',
      main: proxy('http-proxy', 'EGRESS_HTTP_PROXY_DESTINATION', `!203.0.113.11\n${INTERNET}\n*.example.com`),
    }),
    legacy('dns', {
      source: '172.18.0.63',
      mode: 'dns-proxy',
      main: proxy('dns-proxy', 'EGRESS_DNS_PROXY_DESTINATION', `8080 ${INTERNET} 80\n8081 example.org 80`),
    }),
  )
  await kubectl('wait', '--for=condition=Ready', 'pod/redirect', 'pod/http', 'pod/dns', '--timeout=90s')
  const [redirect, http, dns] = await Promise.all(['redirect', 'http', 'dns'].map(addressOf))
  for (const port of [80, 8080]) expect(await ask(`http://${redirect}:${port}/`)).toBe('172.18.0.61')
  expect(await ask(`http://${redirect}:9090/`)).toBe(REFUSED)
  expect(await ask(`http://${dns}:8080/`)).toBe('172.18.0.63')
  expect(await ask(`http://${dns}:8081/`)).toBe('172.18.0.63')
  expect(await ask(`http://${dns}:80/`)).toBe(REFUSED)
  const through = ['-x', `http://${http}:8080`]
  expect(await ask(...through, `http://${INTERNET}/`)).toBe('172.18.0.62')
  expect(await ask('-p', ...through, `http://${INTERNET}/`)).toBe('172.18.0.62')
  for (const denied of ['203.0.113.11', '198.51.100.1'])
    expect(await ask(...through, `http://${denied}/`)).toContain('403')
})

test('wrong settings are told: by the container, and of a pod that may not', async () => {
  const wrong = legacy('wrong', {
    source: '172.18.0.64',
    mode: 'init',
    destination: '80 http 1.2.3.4',
    main: { image: 'openshift/origin-pod' },
  })
  const humble = {
    metadata: { name: 'humble', annotations: { 'pod.network.openshift.io/assign-macvlan': 'true' } },
    spec: { containers: [{ name: 'main', image: 'busybox', command: ['sleep', '1000'] }] },
  }
  await apply({ ...wrong, spec: { ...wrong.spec, restartPolicy: 'Never' } }, humble)
  await until(
    'the router is what it should be',
    async () => (await kubectl('get', 'pod', 'wrong', '-o', 'jsonpath={.status.phase}')) === 'Failed',
  )
  expect(await kubectl('logs', 'wrong', '-c', 'egress-router')).toContain('EGRESS_DESTINATION: "80 http 1.2.3.4"')
  await until('the router is what it should be', async () =>
    /no container that is privileged/.test(await kubectl('get', 'events')),
  )
})

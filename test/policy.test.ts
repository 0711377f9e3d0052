/** Who may talk to whom: what NetworkPolicies say is what packets meet. Every denial stands beside what is still allowed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { hostPid, startTwin, until } from './harness.ts'

/** curl's exit code for silence: policy drops, it does not refuse. */
const CURL_TIMEOUT = 28
/** Seconds, for what is allowed. */
const PATIENT = '60'
const SHOP = ['00-namespace', '10-api', '20-frontend', '30-postgres', '60-networkpolicies']

const kubectlOf =
  (twin: Twin, namespace: string) =>
  (...args: string[]) =>
    twin.tryKubectl(['-n', namespace, ...args])

/** What curl in a pod makes of a request within so many seconds, as its exit code. */
const curlOf =
  (twin: Twin, namespace: string) =>
  async (pod: string, url: string, seconds = '2'): Promise<number> => {
    const command = ['exec', pod, '--', 'curl', '-s', '-m', seconds, '-o', '/dev/null', url]
    const { code, stderr } = await kubectlOf(twin, namespace)(...command)
    return Number(/exit code (\d+)/.exec(stderr)?.[1] ?? code)
  }

async function settled(twin: Twin): Promise<void> {
  const { code, stderr } = await twin.fairlead('wait')
  expect(code, stderr).toBe(0)
}

async function applyShop(twin: Twin, files: readonly string[]): Promise<void> {
  await twin.kubectl('apply', ...files.flatMap(file => ['-f', `examples/shop/${file}.yaml`]))
  await settled(twin)
  await twin.kubectl('-n', 'production', 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=90s')
}

/** http://<cluster IP>:<port>: without a name, for pods that may not ask for one. */
const addressOf = async (twin: Twin, service: string, port: number): Promise<string> =>
  `http://${(await twin.kubectl('-n', 'production', 'get', 'svc', service, '-o', 'jsonpath={.spec.clusterIP}')).trim()}:${port}`

describe('as on OKD', () => {
  let twin: Twin
  let curl: (pod: string, url: string, seconds?: string) => Promise<number>
  beforeAll(async () => {
    twin = await startTwin({ name: 'policy' })
    await applyShop(twin, [...SHOP, '40-route'])
    curl = curlOf(twin, 'production')
  })
  afterAll(async () => {
    await twin?.down()
  })

  test('the frontend reaches the API, and nobody else does', async () => {
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
    expect(await curl('deploy/frontend', 'http://api-canary', PATIENT)).toBe(0)
    await twin.kubectl('create', 'namespace', 'elsewhere')
    await twin.kubectl('-n', 'elsewhere', 'run', 'stranger', '--image=example.com/web', '--port=8080')
    await twin.kubectl('-n', 'elsewhere', 'wait', '--for=condition=Ready', 'pod/stranger', '--timeout=90s')
    const stranger = curlOf(twin, 'elsewhere')
    expect(await stranger('stranger', 'http://api.production')).toBe(CURL_TIMEOUT)
    expect(await stranger('stranger', 'http://localhost:8080', PATIENT)).toBe(0)
  })

  test('the API reaches the database alone, the frontend does not', async () => {
    const [postgres, frontend] = [await addressOf(twin, 'postgres', 5432), await addressOf(twin, 'frontend', 80)]
    // The database answers in its own protocol, which is an answer.
    expect(await curl('deploy/api', postgres, PATIENT)).not.toBe(CURL_TIMEOUT)
    expect(await curl('deploy/api', frontend)).toBe(CURL_TIMEOUT)
    expect(await curl('deploy/frontend', postgres)).toBe(CURL_TIMEOUT)
    expect(await curl('deploy/frontend', 'http://localhost:8080', PATIENT)).toBe(0)
  })

  test('routers are let in by their policy group: their requests come from the node', async () => {
    expect((await twin.https('api-production.apps.fairlead.localhost')).status).toBe(200)
    await twin.kubectl('-n', 'production', 'delete', 'netpol', 'allow-from-openshift-ingress')
    await settled(twin)
    // Router and pod on one node: what the node itself sends is never denied. So the Route is cut for the other pods alone.
    const own = await twin.kubectl('-n', 'openshift-ingress', 'get', 'pods', '-o', 'jsonpath={.items[0].spec.nodeName}')
    await twin.kubectl('-n', 'production', 'exec', 'deploy/frontend', '--', 'true')
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => twin.https('api-production.apps.fairlead.localhost').catch(() => undefined)),
    )
    for (const answer of answers) if (answer?.status === 200) expect(answer.body).toContain(own.trim())
    await twin.kubectl('apply', '-f', 'examples/shop/60-networkpolicies.yaml')
    await settled(twin)
    await until('the Route serves again', async () => {
      const answer = await twin.https('api-production.apps.fairlead.localhost')
      return answer.status === 200
    })
  })

  test("the example's rule for DNS in kube-system on port 53 cuts the API's DNS, as it does there", async () => {
    expect(await curl('deploy/api', 'http://postgres:5432')).toBe(CURL_TIMEOUT)
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
    const dns = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'openshift-dns' } } }
    const ports = ['UDP', 'TCP'].map(protocol => ({ protocol, port: 5353 }))
    const patch = JSON.stringify([{ op: 'add', path: '/spec/egress/-', value: { to: [dns], ports } }])
    await twin.kubectl('-n', 'production', 'patch', 'netpol', 'api-allow-frontend', '--type=json', '-p', patch)
    await settled(twin)
    expect(await curl('deploy/api', 'http://postgres:5432', PATIENT)).not.toBe(CURL_TIMEOUT)
    expect(await curl('deploy/api', 'http://frontend')).toBe(CURL_TIMEOUT)
  })

  test('`trace` names the policy that decides, as packets find it', async () => {
    const name = async (app: string) =>
      (
        await twin.kubectl(
          '-n',
          'production',
          'get',
          'pod',
          '-l',
          `app=${app}`,
          '-o',
          'jsonpath={.items[0].metadata.name}',
        )
      ).trim()
    const [frontend, api] = [await name('frontend'), await name('api')]
    const yes = await twin.fairlead('trace', `production/${frontend}`, `production/${api}`, '--port', '8080')
    expect(yes.code, yes.stderr).toBe(0)
    expect(yes.stdout).toMatch(
      /enters +allow: network tier, networkpolicy production\/api-allow-frontend, spec.ingress\[0\]/,
    )
    const no = await twin.fairlead('trace', `production/${api}`, `production/${frontend}`, '--port', '8080')
    expect(no.code).toBe(1)
    expect(no.stdout).toMatch(/leaves +deny: isolated by networkpolicy production\/api-allow-frontend/)
    expect(no.stdout).toMatch(/enters +deny: isolated by networkpolicy/)
  })

  test('a change is in force when `wait` returns, and labels count as they are now', async () => {
    const kubectl = kubectlOf(twin, 'production')
    await twin.kubectl('-n', 'production', 'run', 'visitor', '--image=example.com/web', '--port=8080')
    await twin.kubectl('-n', 'production', 'wait', '--for=condition=Ready', 'pod/visitor', '--timeout=90s')
    expect(await curl('visitor', 'http://api')).toBe(CURL_TIMEOUT)
    await kubectl('label', 'pod', 'visitor', 'app=frontend')
    await settled(twin)
    expect(await curl('visitor', 'http://api', PATIENT)).toBe(0)
    await kubectl('label', 'pod', 'visitor', 'app-', '--overwrite')
    await settled(twin)
    expect(await curl('visitor', 'http://api')).toBe(CURL_TIMEOUT)
    await kubectl('delete', 'netpol', '--all')
    await settled(twin)
    expect(await curl('visitor', 'http://api', PATIENT)).toBe(0)
    await twin.kubectl('apply', '-f', 'examples/shop/60-networkpolicies.yaml')
    await settled(twin)
    expect(await curl('visitor', 'http://api')).toBe(CURL_TIMEOUT)
  })

  test('policy stays in force while a node has no agent, and after it came back', async () => {
    expect(await curl('visitor', 'http://api')).toBe(CURL_TIMEOUT)
    for (const node of ['node-1', 'node-2', 'node-3']) process.kill(await hostPid(twin, node), 'SIGKILL')
    expect(await curl('visitor', 'http://api')).toBe(CURL_TIMEOUT)
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
    await settled(twin)
    expect(await curl('visitor', 'http://api')).toBe(CURL_TIMEOUT)
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
  })

  test('administrators decide first, and each node says in the status that they do', async () => {
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
    const input = `
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: no-frontends }
spec:
  priority: 10
  subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: api } } } }
  ingress:
    - { name: not-them, action: Deny, from: [ { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: frontend } } } } ] }
`
    expect((await twin.tryKubectl(['apply', '-f', '-'], { input })).stderr).toBe('')
    await settled(twin)
    expect(await curl('deploy/frontend', 'http://api')).toBe(CURL_TIMEOUT)
    const path = '-o=jsonpath={.status.conditions[*].type}'
    const types = await until('a condition of each node', async () => {
      const said = (await twin.kubectl('get', 'anp', 'no-frontends', path)).split(' ')
      return said.length === 3 && said
    })
    expect(types.toSorted()).toEqual([1, 2, 3].map(node => `Ready-In-Zone-node-${node}`))
    await twin.kubectl('delete', 'anp', 'no-frontends')
    await settled(twin)
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
  })

  test('an egress firewall keeps pods from where they may not go, and the printed column says that it holds', async () => {
    const outside = (await twin.fairlead('status')).stdout.match(/client +(\S+)/)?.[1]
    expect(outside).toBeDefined()
    const url = `http://${outside}:9`
    expect(await curl('deploy/frontend', url, PATIENT)).not.toBe(CURL_TIMEOUT)
    const input = `
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: { name: default, namespace: production }
spec:
  egress:
    - { type: Deny, to: { cidrSelector: ${outside}/32 } }
`
    expect((await twin.tryKubectl(['apply', '-f', '-'], { input })).stderr).toBe('')
    await settled(twin)
    expect(await curl('deploy/frontend', url)).toBe(CURL_TIMEOUT)
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
    await until('the status says so', async () =>
      /^default +EgressFirewall Rules applied/m.test(await twin.kubectl('-n', 'production', 'get', 'egressfirewall')),
    )
    await twin.kubectl('-n', 'production', 'delete', 'egressfirewall', 'default')
    await settled(twin)
    expect(await curl('deploy/frontend', url, PATIENT)).not.toBe(CURL_TIMEOUT)
  })

  test('a new pod is isolated before its first process runs, and its probes arrive', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'early', namespace: 'production' },
      spec: {
        // The first thing that ever runs in the pod asks for what its policy denies.
        initContainers: [
          { name: 'first', image: 'busybox', command: ['sh', '-c', 'curl -s -m 1 http://api; echo "ended with $?"'] },
        ],
        containers: [
          {
            name: 'web',
            image: 'example.com/web',
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    }
    const { code, stderr } = await twin.tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) })
    expect(code, stderr).toBe(0)
    await twin.kubectl('-n', 'production', 'wait', '--for=condition=Ready', 'pod/early', '--timeout=90s')
    const said = await twin.kubectl('-n', 'production', 'logs', 'early', '-c', 'first')
    expect(said).toContain(`ended with ${CURL_TIMEOUT}`)
  })
})

test("in the kubernetes profile the example's rule for DNS lets DNS through", async () => {
  const twin = await startTwin({ name: 'policy-k', args: ['--profile', 'kubernetes', '--nodes', '2'] })
  try {
    await applyShop(twin, SHOP)
    const curl = curlOf(twin, 'production')
    expect(await curl('deploy/api', 'http://postgres:5432', PATIENT)).not.toBe(CURL_TIMEOUT)
    expect(await curl('deploy/api', 'http://frontend')).toBe(CURL_TIMEOUT)
    expect(await curl('deploy/frontend', 'http://api', PATIENT)).toBe(0)
    expect(await curl('deploy/frontend', 'http://postgres:5432')).toBe(CURL_TIMEOUT)
  } finally {
    await twin.down()
  }
})

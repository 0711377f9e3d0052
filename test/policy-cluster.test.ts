/** Policy for administrators and how it is looked into: tiers, status, who may write, `trace`, `policy status`, the usual lines. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { startTwin, until } from './harness.ts'

const CURL_TIMEOUT = 28
/** Seconds, for what is allowed. */
const PATIENT = '60'
const SHOP = ['00-namespace', '10-api', '20-frontend', '30-postgres', '40-route', '60-networkpolicies']
const CLUSTER_KINDS = [
  'adminnetworkpolicies.policy.networking.k8s.io',
  'baselineadminnetworkpolicies.policy.networking.k8s.io',
  'clusternetworkpolicies.policy.networking.k8s.io',
  'egressfirewalls.k8s.ovn.org',
  'egressnetworkpolicies.network.openshift.io',
]

let twin: Twin
const kubectl = (...args: string[]) => twin.tryKubectl(args)
const podOf = async (app: string): Promise<string> =>
  (
    await twin.kubectl('-n', 'production', 'get', 'pod', '-l', `app=${app}`, '-o', 'jsonpath={.items[0].metadata.name}')
  ).trim()
const settled = async (): Promise<void> => {
  const { code, stderr } = await twin.fairlead('wait')
  expect(code, stderr).toBe(0)
}
const apply = async (object: object, ...args: string[]) => {
  const result = await twin.tryKubectl(['apply', '-f', '-', ...args], { input: JSON.stringify(object) })
  if (result.code === 0) await settled()
  return result
}
const curl = async (url: string, seconds = '2'): Promise<number> => {
  const { code, stderr } = await kubectl(
    '-n',
    'production',
    'exec',
    'deploy/frontend',
    '--',
    'curl',
    '-s',
    '-m',
    seconds,
    '-o',
    '/dev/null',
    url,
  )
  return Number(/exit code (\d+)/.exec(stderr)?.[1] ?? code)
}
const pods = (app: string) => ({ pods: { namespaceSelector: {}, podSelector: { matchLabels: { app } } } })
const cnp = (name: string, spec: object) => ({
  apiVersion: 'policy.networking.k8s.io/v1alpha2',
  kind: 'ClusterNetworkPolicy',
  metadata: { name },
  spec: { tier: 'Admin', priority: 10, subject: pods('api'), ...spec },
})
const denyFrontend = { ingress: [{ name: 'not-them', action: 'Deny', from: [pods('frontend')] }] }

beforeAll(async () => {
  twin = await startTwin({ name: 'policy-c' })
  await twin.kubectl('apply', ...SHOP.flatMap(file => ['-f', `examples/shop/${file}.yaml`]))
  await settled()
  await twin.kubectl('-n', 'production', 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=90s')
})
afterAll(async () => {
  await twin?.down()
})

test('only administrators of the cluster may write what holds for all of it; NetworkPolicies are everybody’s', async () => {
  for (const role of ['admin', 'edit', 'view'])
    await twin.kubectl('-n', 'production', 'create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}`)
  await twin.kubectl('create', 'clusterrolebinding', 'root', '--clusterrole=cluster-admin', '--user=root')
  const may = async (user: string, kind: string, verb = 'create') =>
    (await kubectl('auth', 'can-i', verb, kind, '-n', 'production', `--as=${user}`)).stdout.trim()
  for (const kind of CLUSTER_KINDS) {
    for (const user of ['admin', 'edit', 'view']) expect(await may(user, kind), `${user} ${kind}`).toBe('no')
    expect(await may('root', kind), kind).toBe('yes')
    expect(await may('admin', kind, 'delete'), kind).toBe('no')
  }
  const kind = 'networkpolicies.networking.k8s.io'
  expect(await Promise.all(['admin', 'edit', 'view'].map(user => may(user, kind)))).toEqual(['yes', 'yes', 'no'])
  const refused = await twin.tryKubectl(['create', '-f', '-', '--as=admin'], { input: JSON.stringify(cnp('mine', {})) })
  expect(refused.stderr).toContain('User "admin" cannot create resource "clusternetworkpolicies"')
  expect((await apply(cnp('mine', {}), '--as=root')).code).toBe(0)
  await twin.kubectl('delete', 'cnp', 'mine')
})

test('a ClusterNetworkPolicy decides, each node says so, and equal priorities are told of', async () => {
  expect(await curl('http://api', PATIENT)).toBe(0)
  expect((await apply(cnp('first', denyFrontend))).stderr).toBe('')
  expect(await curl('http://api')).toBe(CURL_TIMEOUT)
  expect(await twin.kubectl('get', 'cnp')).toMatch(/^NAME +TIER +PRIORITY +AGE\nfirst +Admin +10 /)
  const types = (name: string) => twin.kubectl('get', 'cnp', name, '-o=jsonpath={.status.conditions[*].type}')
  await until(
    'every node says it',
    async () =>
      (await types('first')).split(' ').toSorted().join() ===
      'Ready-In-Zone-node-1,Ready-In-Zone-node-2,Ready-In-Zone-node-3',
  )
  await apply(cnp('second', {}))
  await until(
    'both say that they are not unique',
    async () => (await types('first')).includes('UniquePriority') && (await types('second')).includes('UniquePriority'),
  )
  const events = await twin.kubectl('get', 'events', '--field-selector=reason=CNPWithDuplicatePriority')
  expect(events).toContain('priority 10 is also that of clusternetworkpolicy')
  await apply(cnp('second', { priority: 11 }))
  await until('they are unique again', async () => !(await types('first')).includes('UniquePriority'))
  const wrong = await apply(cnp('first', { priority: 2000 }))
  expect(wrong.stderr).toContain('spec.priority: Invalid value: 2000')
})

test('`trace` follows Services, names and Routes, names what decides, and compares with packets', async () => {
  const trace = async (to: string, ...more: string[]) => {
    const { code, stdout, stderr } = await twin.fairlead('trace', `production/${await podOf('frontend')}`, to, ...more)
    return { code, said: stdout + stderr }
  }
  await apply(cnp('first', denyFrontend))
  const denied = await trace('service/production/api', '--port', '80', '--probe')
  expect(denied.code).toBe(1)
  expect(denied.said).toContain('enters   deny: admin tier, clusternetworkpolicy first, spec.ingress[0]')
  expect(denied.said).toContain('probe    silence')
  await twin.kubectl('delete', 'cnp', '--all')
  await settled()
  const allowed = await trace('api.production.svc.cluster.local', '--port', '80', '--probe')
  expect(allowed.code, allowed.said).toBe(0)
  expect(allowed.said).toContain(
    'enters   allow: network tier, networkpolicy production/api-allow-frontend, spec.ingress[0]',
  )
  expect(allowed.said).toContain('probe    answered')
  const address = await twin.kubectl('-n', 'production', 'get', 'service', 'api', '-o=jsonpath={.spec.clusterIP}')
  const byAddress = await trace(address, '--port', '80', '--probe')
  expect(byAddress.code, byAddress.said).toBe(0)
  expect(byAddress.said).toContain('behind Service production/api:80')
  expect((await trace(address, '--port', '81')).said).toContain('has no port 81')
  const route = await trace('route/production/api')
  expect(route.code, route.said).toBe(0)
  expect(route.said).toContain('networkpolicy production/allow-from-openshift-ingress')
  const host = await twin.kubectl('-n', 'production', 'get', 'route', 'api', '-o=jsonpath={.spec.host}')
  expect((await trace(host)).said).toContain('the router of Route production/api')
  expect((await trace('service/production/api', '--port', '7')).said).toContain('its ports: ')
  expect((await trace('172.18.0.11', '--probe')).said).toContain('probe    refused')
  // Something that policy knows nothing of is in the way: the packet meets what the model does not say.
  const nodes = ['node-1', 'node-2', 'node-3']
  for (const node of nodes) {
    const rules =
      'nft add table inet block; nft add chain inet block f "{ type filter hook forward priority 0; }"; nft add rule inet block f tcp dport 8080 drop'
    expect((await twin.fairlead('exec', node, '--', 'sh', '-c', rules)).code).toBe(0)
  }
  const differs = await trace(`production/${await podOf('api')}`, '--probe')
  expect(differs.said).toContain('probe    silence, which is not what the model says (allow)')
  expect(differs.code).toBe(3)
  for (const node of nodes) await twin.fairlead('exec', node, '--', 'nft', 'delete', 'table', 'inet', 'block')
})

test('`trace --probe` asks by UDP too; of SCTP it says why not', async () => {
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.47'
  for (const [name, ...args] of [
    ['echo', '--', 'netexec', '--udp-port=8081'],
    ['asker', '--', 'pause'],
  ] as const)
    await twin.kubectl('run', name, `--image=${image}`, ...args)
  await twin.kubectl('wait', '--for=condition=Ready', 'pod', 'echo', 'asker', '--timeout=90s')
  const trace = async (to: string, ...more: string[]) => {
    // Without a namespace it is `default`.
    const { code, stdout, stderr } = await twin.fairlead('trace', 'asker', to, '--protocol', 'udp', ...more)
    return { code, said: stdout + stderr }
  }
  const answered = await trace('default/echo', '--port', '8081', '--probe')
  expect(answered.said).toContain('probe    answered')
  expect(answered.code).toBe(0)
  expect((await trace('default/echo', '--port', '8082', '--probe')).said).toContain('probe    refused')
  expect((await trace('service/openshift-dns/dns-default', '--port', '53', '--probe')).said).toContain(
    'probe    answered',
  )
  await apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'closed', namespace: 'default' },
    spec: { podSelector: { matchLabels: { run: 'echo' } }, policyTypes: ['Ingress'] },
  })
  const denied = await trace('default/echo', '--port', '8081', '--probe')
  expect(denied.said).toContain('probe    silence\n')
  expect(denied.code).toBe(1)
  const sctp = await trace('default/echo', '--protocol', 'sctp', '--probe')
  expect(sctp.said).toContain("SCTP cannot be probed: nothing in a pod's image speaks it")
  expect(sctp.code).not.toBe(0)
  const icmp = await trace('default/echo', '--protocol', 'icmp', '--probe')
  expect(icmp.said).toMatch(/, ICMP: deny\n/)
  expect(icmp.said).toContain('probe    silence\n')
  await twin.kubectl('run', 'ended', '--image=busybox', '--restart=Never', '--', 'true')
  await twin.kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod', 'ended', '--timeout=90s')
  expect((await trace('default/ended')).said).toContain('the pod default/ended has run to its end (Succeeded)')
  const group = await trace('239.1.1.1', '--port', '5007')
  expect(group.said).toContain(
    'leaves   deny: namespace default has no annotation k8s.ovn.org/multicast-enabled: "true"',
  )
  expect(group.code).toBe(1)
  await twin.kubectl('annotate', 'namespace', 'default', 'k8s.ovn.org/multicast-enabled=true')
  expect((await trace('239.1.1.1', '--port', '5007')).code).toBe(0)
  expect((await trace('239.1.1.1', '--port', '5007', '--probe')).said).toContain('239.1.1.1 cannot be probed')
  await twin.kubectl('annotate', 'namespace', 'default', 'k8s.ovn.org/multicast-enabled-')
  expect((await trace('default/echo', '--protocol', 'foo')).said).toContain('"foo" is not a protocol')
  await twin.kubectl('delete', 'networkpolicy/closed', 'pod/echo', 'pod/asker', 'pod/ended')
})

test('`policy status` says what is in force where, and a denied packet is an event of its pod', async () => {
  const { code, stdout } = await twin.fairlead('policy', 'status')
  expect(code, stdout).toBe(0)
  for (const node of ['node-1', 'node-2', 'node-3'])
    expect(stdout).toMatch(new RegExp(`networkpolicy/production/api-allow-frontend +${node} +1 +1 +[\\d.]+ ms`))
  const json = JSON.parse((await twin.fairlead('policy', 'status', '--json')).stdout) as { entries: unknown[] }[]
  expect(json.map(({ entries }) => entries.length)).toEqual([4, 4, 4])
  expect(await curl('http://postgres:5432')).toBe(CURL_TIMEOUT)
  const message = await until('an event', async () => {
    const args = [
      '-n',
      'production',
      'get',
      'events',
      '--field-selector=reason=NetworkPolicyDenied',
      '-o=jsonpath={.items[*].message}',
    ]
    const said = await twin.kubectl(...args)
    return said.includes('TCP 5432') && said
  })
  expect(message).toMatch(
    /TCP 5432 from pod production\/frontend-\S+ \(10\.128\.\S+\): deny: isolated by .*networkpolicy production\/postgres-allow-api/,
  )
})

test('what OpenShift keeps from pods is refused: `trace` says why, and an event of the pod', async () => {
  const trace = async (...to: string[]) => {
    const { code, stdout, stderr } = await twin.fairlead('trace', `production/${await podOf('frontend')}`, ...to)
    return { code, said: stdout + stderr }
  }
  const metadata = await trace('169.254.169.254', '--port', '80', '--probe')
  expect(metadata.said).toContain(
    "leaves   deny: refused to every pod: 169.254.169.254 is the cloud's metadata service\n",
  )
  expect(metadata.said).toContain('probe    refused\n')
  expect(metadata.code).toBe(1)
  const servers = await trace('172.18.0.11', '--port', '22623', '--probe')
  expect(servers.said).toContain('deny: refused to every pod: TCP 22623 and 22624 are machine-config servers')
  expect(servers.said).toContain('probe    refused\n')
  expect((await trace('169.254.169.254', '--port', '53')).code).toBe(0)
  expect((await trace('172.18.0.11', '--port', '22622', '--probe')).code).toBe(0)
  const messages = await until('an event of each', async () => {
    const args = ['--field-selector=reason=NetworkPolicyDenied', '-o=jsonpath={.items[*].message}']
    const said = await twin.kubectl('-n', 'production', 'get', 'events', ...args)
    return said.includes('TCP 80 to 169.254.169.254') && said.includes('TCP 22623 to 172.18.0.11') && said
  })
  expect(messages).not.toContain('22622')
})

test('the usual lines print what they print there', async () => {
  expect(await twin.kubectl('get', 'networkpolicy', '-A')).toMatch(
    /^NAMESPACE +NAME +POD-SELECTOR +AGE\nproduction +allow-from-openshift-ingress +<none> +\S+\n/,
  )
  const described = await twin.kubectl('describe', 'networkpolicy', 'api-allow-frontend', '-n', 'production')
  for (const line of [
    '  PodSelector:     app=api\n',
    '    To Port: 8080/TCP\n    From:\n      PodSelector: app=frontend\n',
    '    To:\n      NamespaceSelector: kubernetes.io/metadata.name=kube-system\n      PodSelector: k8s-app=kube-dns\n',
    '  Policy Types: Ingress, Egress\n',
  ])
    expect(described).toContain(line)
  const run = (...args: string[]) =>
    kubectl('run', 'test', '--rm', '-i', '--restart=Never', '--image=nicolaka/netshoot', ...args)
  const silent = await run('-n', 'production', '--', 'curl', '-sS', '-m2', 'http://api')
  expect(silent.stderr).toMatch(/curl: \(28\) Connection timed out after \d+ milliseconds/)
  expect(silent.code).toBe(CURL_TIMEOUT)
  const frontend = await run('-n', 'production', '-l', 'app=frontend', '--', 'curl', '-sS', '-m60', 'http://api')
  expect(frontend.code, frontend.stderr).toBe(0)
  expect((await run('--', 'curl', '-sS', '-m60', 'http://api:8080')).stderr).toContain(
    'curl: (6) Could not resolve host: api',
  )
  expect((await twin.tryKubectl(['get', 'egressip,egressfirewall', '-A'])).stderr).toContain('No resources found')
  await twin.kubectl('label', 'node', 'node-2', 'k8s.ovn.org/egress-assignable=')
  const egress = (kind: string, metadata: object, spec: object) => ({
    apiVersion: 'k8s.ovn.org/v1',
    kind,
    metadata,
    spec,
  })
  const selector = { matchLabels: { 'kubernetes.io/metadata.name': 'production' } }
  await apply(egress('EgressIP', { name: 'shop' }, { egressIPs: ['172.18.0.77'], namespaceSelector: selector }))
  await apply(
    egress(
      'EgressFirewall',
      { name: 'default', namespace: 'production' },
      { egress: [{ type: 'Deny', to: { cidrSelector: '203.0.113.0/24' } }] },
    ),
  )
  const printed = await until('both have a status', async () => {
    const text = await twin.kubectl('get', 'egressip,egressfirewall', '-A')
    return text.includes('applied') && text.includes('node-2') && text
  })
  expect(printed).toMatch(
    /^NAME +EGRESSIPS +ASSIGNED NODE +ASSIGNED EGRESSIPS\negressip\.k8s\.ovn\.org\/shop +172\.18\.0\.77 +node-2 +172\.18\.0\.77\n\nNAMESPACE +NAME +EGRESSFIREWALL STATUS\nproduction +egressfirewall\.k8s\.ovn\.org\/default +EgressFirewall Rules applied\n$/,
  )
  await twin.kubectl('delete', 'egressip/shop')
  await twin.kubectl('delete', 'egressfirewall/default', '-n', 'production')
})

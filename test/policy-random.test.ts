/**
 * The model against packets of a whole twin: random worlds written with kubectl, every other one in IPv6, connections between
 * pods by their addresses and by Services. POLICY_WORLDS=<n> asks about more worlds, POLICY_SEED=<n> about others. What disagrees is shrunk and kept.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { engineOf } from '../src/model/policy/testing/engine.ts'
import { keep, POLICY_PARTS, shrink } from '../src/model/policy/testing/kept.ts'
import type { OraclePod, OracleWorld } from '../src/model/policy/testing/oracle.ts'
import { inIpv6, randomOf, randomWorld } from '../src/model/policy/testing/worlds.ts'
import type { Twin } from './harness.ts'
import { startTwin } from './harness.ts'

const WORLDS = Number(process.env.POLICY_WORLDS ?? 3)
const FIRST_SEED = Number(process.env.POLICY_SEED ?? 1)
const PORTS = [53, 80, 8443]
const KINDS: Readonly<Record<(typeof POLICY_PARTS)[number], readonly [apiVersion: string, kind: string]>> = {
  networkPolicies: ['networking.k8s.io/v1', 'NetworkPolicy'],
  adminPolicies: ['policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'],
  clusterNetworkPolicies: ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'],
  baselinePolicies: ['policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy'],
  firewalls: ['k8s.ovn.org/v1', 'EgressFirewall'],
}
const NAMESPACED = 'networkpolicies,egressfirewalls'
const CLUSTER = 'adminnetworkpolicies,clusternetworkpolicies,baselineadminnetworkpolicies'
const TIMED_OUT = 124
const DUAL = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] }

let twin: Twin
beforeAll(async () => {
  twin = await startTwin({ name: 'random', args: ['--nodes', '2', '--ephemeral', '--dual-stack'] })
})
afterAll(async () => {
  await twin?.down()
})

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
}
const items = async <T>(...args: string[]): Promise<readonly T[]> =>
  (JSON.parse(await twin.kubectl('get', ...args, '-o', 'json')) as { items: T[] }).items
const settled = async (): Promise<void> => {
  const { code, stderr } = await twin.fairlead('wait')
  expect(code, stderr).toBe(0)
}
const nameOf = ({ metadata }: Named): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** Writes the policies in place of those that are there; answers with those that the API takes. */
async function govern(world: OracleWorld): Promise<OracleWorld> {
  await twin.kubectl('delete', NAMESPACED, '--all', '-A')
  await twin.kubectl('delete', CLUSTER, '--all')
  const objects = POLICY_PARTS.flatMap(part => {
    const [apiVersion, kind] = KINDS[part]
    return world[part].map(object => ({ apiVersion, kind, ...object }))
  })
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  if (objects.length > 0) await twin.tryKubectl(['apply', '-f', '-'], { input })
  await settled()
  const found = await items<Named & { readonly kind: string }>(`${NAMESPACED},${CLUSTER}`, '-A')
  const there = new Set(found.map(object => `${object.kind} ${nameOf(object)}`))
  const taken = POLICY_PARTS.map(part => [
    part,
    (world[part] as readonly Named[]).filter(object => there.has(`${KINDS[part][1]} ${nameOf(object)}`)),
  ])
  return { ...world, ...Object.fromEntries(taken) }
}

/** In the twin's IPv6: the network of a node is a /64 of fd01::/48. */
function inTwinIpv6(drawn: OracleWorld): OracleWorld {
  const sixth = (text: string, low: string, node: string, host: string, bits: string | undefined): string => {
    const offset = ((Number(low) & 3) << 16) | (Number(node) << 8) | Number(host)
    const prefix = bits === undefined ? '' : `/${Number(bits) < 23 ? 41 + Number(bits) : 96 + Number(bits)}`
    return Number(low) >> 2 === 32
      ? `"fd01:0:0:${(offset >> 9).toString(16)}::${(offset & 511).toString(16)}${prefix}"`
      : text
  }
  const own = JSON.stringify(drawn).replaceAll('"0.0.0.0/0"', '"::/0"')
  return inIpv6(JSON.parse(own.replaceAll(/"10\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?"/g, sixth)) as OracleWorld)
}

/** The world with pods of the twin, at the addresses that they have there. */
async function inhabit(drawn: OracleWorld, family: 0 | 1): Promise<OracleWorld> {
  await twin.tryKubectl(['delete', 'namespace', 'a', 'b', 'c', '--ignore-not-found'])
  // The API wants names of ports to be of one port each.
  const unique = (ports: OraclePod['ports']) =>
    ports.filter((one, i) => ports.findIndex(each => each.name === one.name) === i)
  const pods = drawn.pods
    .filter(pod => !pod.hostNetwork && pod.phase === 'Running')
    .map(pod => ({ ...pod, ports: unique(pod.ports) }))
  const objects = [
    ...['a', 'b', 'c'].map(name => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: drawn.namespaces[name] },
    })),
    ...pods.flatMap(({ name, namespace, labels, node, ports }) => [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: { ...labels, own: name } },
        spec: { nodeName: node, containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.9', ports }] },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: `to-${name}`, namespace },
        spec: {
          ...DUAL,
          selector: { own: name },
          ports: PORTS.map(port => ({ name: `p${port}`, port, targetPort: port })),
        },
      },
    ]),
  ]
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const { code, stderr } = await twin.tryKubectl(['apply', '-f', '-'], { input })
  expect(code, stderr).toBe(0)
  for (const namespace of ['a', 'b', 'c'])
    await twin.tryKubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod', '--all', '--timeout=90s'])
  const made = await items<Named & { readonly status: { readonly podIPs: readonly { readonly ip: string }[] } }>(
    'pods',
    '-A',
  )
  const spaces = await items<Named>('namespaces')
  const there = new Map(made.map(pod => [nameOf(pod), pod]))
  return {
    ...drawn,
    namespaces: Object.fromEntries(spaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    nodes: drawn.nodes.map(node => ({ ...node, labels: {} })),
    pods: pods.map((pod): OraclePod => {
      const { metadata, status } = there.get(`${pod.namespace}/${pod.name}`)!
      return { ...pod, labels: metadata.labels ?? {}, ip: status.podIPs[family]!.ip }
    }),
    policesOwnNode: true,
  }
}

interface Asked {
  readonly from: OraclePod
  readonly to: OraclePod
  readonly port: number
  /** Its own address, or that of a Service. */
  readonly address: string
}

/** Whether each is reached: policy makes silence, a pod without a server refuses. All of a pod at once. */
async function reached(asked: readonly Asked[], seconds = 3): Promise<readonly boolean[]> {
  const sources = [...new Set(asked.map(({ from }) => from))]
  const said = await Promise.all(
    sources.map(async from => {
      const one = ({ address, port }: Asked, index: number): string =>
        `(timeout ${seconds} bash -c "exec 3<>/dev/tcp/${address}/${port}" 2>/dev/null; echo ${index} $?) &`
      const script = asked.map((each, index) => (each.from === from ? one(each, index) : '')).join(' ')
      return twin.kubectl('exec', '-n', from.namespace, from.name, '--', 'bash', '-c', `${script} wait`)
    }),
  )
  const codes = new Map(
    said.flatMap(text => text.trim().split('\n')).map(line => line.split(' ').map(Number) as [number, number]),
  )
  return asked.map((_, index) => codes.get(index) !== TIMED_OUT)
}

const saysModel = (world: OracleWorld, { from, to, port }: Asked): boolean =>
  engineOf(world)({ from: from.ip, to: to.ip, protocol: 'TCP', port })

test('packets in a twin meet what the model says', { timeout: 1_800_000 }, async () => {
  let [allowed, denied] = [0, 0]
  for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
    const drawn = randomWorld(randomOf(seed))
    const family = seed % 2 === 0 ? 1 : 0
    const world = await govern(await inhabit(family === 1 ? inTwinIpv6(drawn) : drawn, family))
    const services = await items<Named & { readonly spec: { readonly clusterIPs?: readonly string[] } }>(
      'services',
      '-A',
    )
    const serviceOf = new Map(services.map(service => [nameOf(service), service.spec.clusterIPs?.[family]]))
    const asked = world.pods.flatMap(from =>
      world.pods.flatMap(to =>
        from === to
          ? []
          : PORTS.flatMap((port): Asked[] => [
              { from, to, port, address: to.ip },
              { from, to, port, address: serviceOf.get(`${to.namespace}/to-${to.name}`)! },
            ]),
      ),
    )
    const met = await reached(asked)
    for (const [i, one] of asked.entries()) {
      const says = saysModel(world, one)
      // An answer that is late is no silence.
      const isReached = met[i] || (says && (await reached([one], 60))[0])
      if (isReached !== says) throw new Error(await disagreement(seed, world, one))
      if (isReached) allowed++
      else denied++
    }
  }
  console.info(`twin: seeds ${FIRST_SEED} to ${FIRST_SEED + WORLDS - 1}: ${allowed} reached, ${denied} denied`)
  expect(Math.min(allowed, denied)).toBeGreaterThan(WORLDS)
})

async function disagreement(seed: number, world: OracleWorld, one: Asked): Promise<string> {
  const disagrees = async (smaller: OracleWorld): Promise<boolean> => {
    await govern(smaller)
    return (await reached([one]))[0] !== saysModel(smaller, one)
  }
  const small = await shrink(world, disagrees, POLICY_PARTS)
  const { from, to, port, address } = one
  const path = keep({ flow: { from: from.ip, to: to.ip, protocol: 'TCP', port }, world: small })
  return `seed ${seed}: ${from.name} to ${to.name} (${address}) ${port}: the model says ${saysModel(small, one)}: ${path}`
}

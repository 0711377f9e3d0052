/** Each fault that somebody might make in the engine must be found by asking it and the oracle the same. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import type { engineOf } from './testing/engine.ts'
import { isAllowed } from './testing/oracle.ts'
import { randomFlow, randomOf, randomWorld } from './testing/worlds.ts'

const MUTANTS: readonly (readonly [fault: string, file: string, from: string, to: string])[] = [
  ['NotIn wants the label', 'selector.ts', 'value === undefined || !values', 'value !== undefined && !values'],
  ['In takes what lacks the label', 'selector.ts', 'value !== undefined && values', 'value === undefined || values'],
  ['Exists and DoesNotExist are one', 'selector.ts', 'return value === undefined\n', 'return value !== undefined\n'],
  ['one label is enough', 'selector.ts', '!== value) return false', '=== value) return true'],
  ['a namespace selector means host pods', 'peers.ts', "member.kind === 'host-pod' && !peer.pods", 'false'],
  [
    'a pod selector means what nodes send',
    'peers.ts',
    "member.kind === 'host' && (peer.pods ||",
    "member.kind === 'host' && (false ||",
  ],
  ['the namespace is not asked for', 'peers.ts', '!inScope(peer.scope, member.namespace, namespaces)', 'false'],
  [
    'the pod selector is not asked',
    'peers.ts',
    'return !peer.pods || selects(peer.pods, member.labels)',
    'return true',
  ],
  ['except is forgotten', 'peers.ts', '&& !except.some', '|| except.some'],
  ['a name counts for every protocol', 'ports.ts', '(match.protocol ?? protocol) === protocol', 'true'],
  ['a name is any name', 'ports.ts', 'name === match.name &&', ''],
  ['protocols are mixed up', 'ports.ts', 'range.protocol === protocol &&', ''],
  ['a range ends before its end', 'ports.ts', 'port <= range.to', 'port < range.to'],
  [
    'ports cover ICMP',
    'ports.ts',
    "if (ports === 'any') return true",
    "if (ports === 'any' || protocol === 'ICMP') return true",
  ],
  ['egress rules alone do not isolate', 'read.ts', "(spec.egress?.length ? ['Egress'] : [])", '[]'],
  ['Ingress is not implied', 'read.ts', "['Ingress', ...(spec", '[...(spec'],
  ['rules of a type that is not named count', 'read.ts', "types.includes('Egress')", 'spec.egress'],
  ['no peers is nobody', 'read.ts', ": 'any'\n\nfunction readPeer", ': []\n\nfunction readPeer'],
  ['no ports is none', 'read.ts', "ports.flatMap(readPort) : 'any'", 'ports.flatMap(readPort) : []'],
  ['endPort is ignored', 'read.ts', 'endPort ?? port', 'port'],
  [
    'both selectors are either',
    'read.ts',
    '...(podSelector ? { pods: podSelector } : {})',
    '...(podSelector && !namespaceSelector ? { pods: podSelector } : {})',
  ],
  ['completed pods stay', 'pods.ts', "status?.phase === 'Succeeded' ||", ''],
  ['host pods are pods', 'pods.ts', 'if (spec.hostNetwork)', 'if (spec.hostNetwork && false)'],
  ['probes are cut', 'evaluate.ts', "(direction === 'ingress' || !world.policesOwnNode)", '!world.policesOwnNode'],
  ['own nodes are free of egress policy', 'evaluate.ts', "(direction === 'ingress' || !world.policesOwnNode)", 'true'],
  ['every node is the own one', 'evaluate.ts', 'peer.node?.name === pod.node', 'peer.node'],
  [
    'clients by way of the own node are probes',
    'evaluate.ts',
    '...node.addresses, ...node.management]',
    '...node.addresses, ...node.management, ...node.join]',
  ],
  ['a pod may not reach itself', 'evaluate.ts', 'peer.pod?.uid === pod.uid', 'false'],
  [
    'no rule is no isolation',
    'evaluate.ts',
    'if (about.length === 0) return undefined',
    'if (about.every(one => one[direction]!.length === 0)) return undefined',
  ],
  [
    'only the first policy counts',
    'evaluate.ts',
    'for (const policy of about) {',
    'for (const policy of about.slice(0, 1)) {',
  ],
  ['only the source decides', 'evaluate.ts', "egress.verdict === 'allow' ? ingress.verdict : 'deny'", 'egress.verdict'],
  [
    'only the destination decides',
    'evaluate.ts',
    "egress.verdict === 'allow' ? ingress.verdict : 'deny'",
    'ingress.verdict',
  ],
  [
    'ports are looked up at the source',
    'evaluate.ts',
    "direction === 'ingress' ? [pod] : meant",
    "direction === 'egress' ? [pod] : meant",
  ],
  ['join addresses belong to nobody', 'evaluate.ts', ' || join.includes(address)', ''],
  [
    'the first match is not the first',
    'evaluate.ts',
    'for (const policy of question.about)',
    'for (const policy of question.about.toReversed())',
  ],
  ['priorities are turned round', 'evaluate.ts', 'a.priority - b.priority ||', 'b.priority - a.priority ||'],
  ['Accept is not allow', 'read-cluster.ts', " || action === 'Accept'", ''],
  ['Pass is Deny', 'read-cluster.ts', "? 'pass' : 'deny'", "? 'deny' : 'deny'"],
  ['every tier is Admin', 'read-cluster.ts', "spec.tier === 'Admin' ? 'admin' : 'baseline'", "'admin'"],
  ['every tier is Baseline', 'read-cluster.ts', "spec.tier === 'Admin' ? 'admin' : 'baseline'", "'baseline'"],
  ['priorities of ClusterNetworkPolicies are lost', 'read-cluster.ts', 'spec.priority ?? 0', '0'],
  ['the nameless baseline comes first', 'read-cluster.ts', 'LAST = 1001', 'LAST = -1'],
  ['protocols are forgotten', 'read-cluster.ts', 'ports.length + protocols.length', 'ports.length'],
  ['UDP is TCP', 'read-cluster.ts', "numbersOf('UDP'", "numbersOf('TCP'"],
  ['SCTP is TCP', 'read-cluster.ts', "numbersOf('SCTP'", "numbersOf('TCP'"],
  ['a protocol without ports has none', 'read-cluster.ts', 'from: 0, to: 65_535', 'from: 0, to: 0'],
  ['a range is its first port', 'read-cluster.ts', 'to: port.range.end', 'to: port.range.start'],
  ['a named port of a ClusterNetworkPolicy is none', 'read-cluster.ts', '{ name: destinationNamedPort }', 'undefined'],
  [
    'the tier of administrators is passed over',
    'types.ts',
    "['admin', 'network', 'baseline']",
    "['network', 'baseline']",
  ],
  [
    'NetworkPolicies come before administrators',
    'types.ts',
    "['admin', 'network', 'baseline']",
    "['network', 'admin', 'baseline']",
  ],
  [
    'Pass of the baseline denies',
    'evaluate.ts',
    "return verdict === 'pass' ? undefined",
    "return verdict === 'pass' && policy.tier === 'admin' ? undefined",
  ],
  ['Pass allows', 'evaluate.ts', "verdict === 'pass' ? undefined : {", 'false ? undefined : {'],
  ['administrators mean host pods', 'peers.ts', "if (member.kind !== 'pod' && tier !== 'network') return false", ''],
  [
    'the baseline is asked in any case',
    'evaluate.ts',
    'if (decided) return { ...decided, tier }',
    "if (decided && tier !== 'network') return { ...decided, tier }",
  ],
  [
    'nodes are any addresses',
    'evaluate.ts',
    'addresses.includes(peer.address) && selects(one.selector, labels)',
    'selects(one.selector, labels)',
  ],
  [
    'a named port of administrators is TCP alone',
    'ports.ts',
    '(match.protocol ?? protocol)',
    "(match.protocol ?? 'TCP')",
  ],
  [
    'firewalls judge pods',
    'firewall.ts',
    'if (world.clusterNetworks.some(network => contains(network, destination))) return undefined',
    '',
  ],
  ['a firewall forgets ports', 'firewall.ts', "(rule.ports === 'any' ||", '(true ||'],
  ['the last rule of a firewall decides', 'firewall.ts', 'firewall.rules.findIndex(', 'firewall.rules.findLastIndex('],
  ['firewalls are not asked', 'evaluate.ts', '? guard(byPolicy, source, flow)', '? byPolicy'],
]

const folder = mkdtempSync(join(tmpdir(), 'fairlead-mutants-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function mutant(index: number): Promise<typeof engineOf> {
  const [fault, file, from, to] = MUTANTS[index]!
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'testing/engine.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
    plugins: [
      {
        name: 'mutate',
        setup: ({ onLoad }) =>
          onLoad({ filter: /model\/policy\/[a-z-]+\.ts$/ }, ({ path }) => {
            const text = readFileSync(path, 'utf8')
            if (basename(path) !== file) return { contents: text, loader: 'ts' }
            if (!text.includes(from)) throw new Error(`${fault}: ${file} no longer has ${JSON.stringify(from)}`)
            return { contents: text.replace(from, () => to), loader: 'ts' }
          }),
      },
    ],
  })
  const path = join(folder, `${index}.mjs`)
  writeFileSync(path, result.outputFiles[0]!.text)
  const loaded = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { engineOf: typeof engineOf }
  return loaded.engineOf
}

const WORLDS = 6000
const FLOWS = 32

test.each(MUTANTS.map(([fault], index) => [fault, index] as const))('a mutant is caught: %s', async (_, index) => {
  const mutated = await mutant(index)
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = randomOf(seed)
    const world = randomWorld(random)
    const engine = mutated(world)
    for (let i = 0; i < FLOWS; i++) {
      const flow = randomFlow(random, world)
      if (engine(flow) !== isAllowed(world, flow)) return
    }
  }
  expect.fail('nobody noticed')
})

import { Event } from '../../api/core/event.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { fakeConntrack } from '../../host/conntrack/fake.ts'
import { fakeFs } from '../../host/fs/fake.ts'
import { fakeLinks } from '../../host/link/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import { fakeNft } from '../../host/nft/fake.ts'
import type { FakeProgram, FakeRun } from '../../host/process/fake.ts'
import { fakeProcesses } from '../../host/process/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import type { PodRuntime } from '../runtime/mod.ts'
import { createRuntime } from '../runtime/runtime.ts'
import type { KubeletOptions } from './options.ts'
import { startKubelet } from './role.ts'

const OPTIONS: KubeletOptions = {
  node: 'node-1',
  addresses: [ip('172.18.0.11')],
  labels: { 'topology.kubernetes.io/zone': 'zone-a', 'node-role.kubernetes.io/worker': '' },
  netns: 'node-1',
  mtu: 1400,
  clusterDns: [ip('172.30.0.10')],
  clusterDomain: 'cluster.local',
  resolvConf: 'nameserver 172.18.0.53\n',
  hosts: '127.0.0.1 localhost\n',
  stateDir: '/run/kubelet',
  maxPods: 250,
  version: 'v1.33.13+fairlead',
}

const until = ({ signal }: FakeRun): Promise<number> =>
  new Promise(resolve => signal.addEventListener('abort', () => resolve(0), { once: true }))
const benches: TestBench[] = []
/** Ends what tests have started. */
export function closeWorlds(): void {
  for (const bench of benches.splice(0)) bench.close()
}

/** What containers of the world may run. */
const programs = (flags: { readonly isFailing: boolean }, marks: string[]): Readonly<Record<string, FakeProgram>> => ({
  true: () => 0,
  false: () => 1,
  check: () => (flags.isFailing ? 1 : 0),
  sleep: until,
  mark: ({ spec }) => {
    marks.push(spec.args.join(' '))
    return 0
  },
  // Notes when it is told to end.
  noted: async run => {
    await until(run)
    marks.push(`${run.spec.args[0]} ends`)
    return 0
  },
  env: ({ spec, stdout }) => {
    stdout.write(`${JSON.stringify(spec.env)}\n`)
    return 0
  },
})

/** A node with an API, a runtime and a kernel in memory. */
export async function world(more: Partial<KubeletOptions> = {}, podNetwork = '10.128.0.0/23') {
  const bench = testBench()
  benches.push(bench)
  const netns = fakeNetns()
  const link = fakeLinks(netns)
  link.apply(netns.home, [
    { op: 'bridge', name: 'ovn-k8s-mp0' },
    { op: 'up', name: 'ovn-k8s-mp0' },
    { op: 'address', name: 'ovn-k8s-mp0', address: ip('10.128.0.2'), bits: 23 },
  ])
  netns.create('node-1')
  const fs = fakeFs({})
  const flags = { isFailing: false }
  const marks: string[] = []
  const process = fakeProcesses(programs(flags, marks))
  const socket = fakeSockets((_from, address) => {
    const at = bench.api.all(Pod).find(pod => pod.status?.podIP === address || addressOf(pod.metadata.uid) === address)
    return at && netns.list().includes(`pod-${at.metadata.uid}`) ? netns.open(`pod-${at.metadata.uid}`) : undefined
  })
  const nft = fakeNft()
  const deps = { netns, link, nft, conntrack: fakeConntrack(), fs, process, socket, clock: bench.clock, log: silent }
  const newRuntime = (): PodRuntime =>
    createRuntime(deps, {
      stateDir: '/run/runtime',
      builtins: new Map(),
      roles: new Map(),
      roleMounts: [],
      logLimitBytes: 1e6,
      certificate: async () => ({ cert: '', key: '' }),
    })
  const current = { runtime: newRuntime() }
  const addressOf = (uid: string): string | undefined => {
    const text = fs.read('/run/kubelet/cni.json')?.toString() ?? '{"ranges":[]}'
    const owners = (JSON.parse(text) as { ranges: { owners: Record<string, string> }[] }).ranges[0]?.owners ?? {}
    return Object.keys(owners).find(address => owners[address] === uid)
  }
  const startAgent = async () => {
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, bench.signal])
    const role = await startKubelet(
      { ...bench, ...deps, client: bench.informers.client, runtime: current.runtime },
      { ...OPTIONS, ...more },
      signal,
    )
    return { stop: () => stop.abort(), role }
  }
  bench.api.put(Node, { metadata: { name: 'node-1' }, spec: { podCIDR: podNetwork, podCIDRs: [podNetwork] } })
  const run = (name: string, spec: Partial<Pod['spec']>, metadata: Partial<Pod['metadata']> = {}) =>
    bench.api.put(Pod, {
      metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...metadata },
      spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'busybox', command: ['sleep'] }], ...spec },
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] },
    })
  const pod = (name: string) => bench.api.get(Pod, { namespace: 'shop', name })
  const condition = (name: string, type: string) =>
    pod(name)?.status?.conditions?.find(condition => condition.type === type)?.status
  const events = (reason: string) =>
    bench.api
      .all(Event)
      .filter(event => event.reason === reason)
      .map(event => event.message)
  const agent = await startAgent()
  return {
    bench,
    api: bench.api,
    netns,
    link,
    nft,
    fs,
    process,
    flags,
    marks,
    current,
    newRuntime,
    startAgent,
    agent,
    run,
    pod,
    condition,
    events,
    settled: () => settled(bench),
  }
}

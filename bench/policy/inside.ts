/** The benchmark itself, inside namespaces of its own: the real loops, a process each, over a fake API; three kernels, two real pods. */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { NetworkPolicy } from '../../src/api/networking/network-policy.ts'
import { testBench } from '../../src/client/testing.ts'
import { ip } from '../../src/lib/ip.ts'
import { putNamespace, putPod, putPolicy } from '../../src/node/network/policy/testing.ts'
import { createWorld, putNode } from '../../src/node/network/testing.ts'
import { median, processTree, progress, round } from '../measure.ts'
import { connectUs, waitFor } from './connect.ts'
import { serveApi } from './http.ts'
import { richPolicy } from './rich.ts'
import { throughputRatio } from './throughput.ts'

const NAMESPACES = Number(process.argv[2] ?? 240)
const PODS = 10
const POLICIES = 20
const CHANGES = Number(process.argv[3] ?? 1000)
const CONNECTIONS = 1000
const NODES = [1, 2, 3]

const world = createWorld(NODES.length)
const bench = testBench()
for (const number of NODES) putNode(bench.api, number)
await Promise.all(NODES.map(async number => (await world.start(bench, number)).ready))
const [client, server] = [await world.pod(1, 3), await world.pod(2, 3)]
const own = (namespace: number, index: number): string => `ns-${namespace}`.concat(`-${index}`)
putNamespace(bench.api, 'shop', { team: 'shop' })
putPod(bench.api, { name: 'client', node: 'node-1', address: client.address })
putPod(bench.api, { name: 'server', node: 'node-2', address: server.address })

const connect = (port = 8080) => connectUs(world.sockets, client.netns, server.address, port)
const medianOf = async (): Promise<number> => {
  const times: number[] = []
  let unanswered = 0
  while (times.length < CONNECTIONS) {
    const tookUs = await connect()
    if (tookUs !== undefined) times.push(tookUs)
    else if (++unanswered > CONNECTIONS / 10) throw new Error('of ten connections more than one is not answered')
  }
  return median(times)
}
const connectP50UsNoPolicy = await medianOf()

for (let namespace = 0; namespace < NAMESPACES; namespace++) {
  putNamespace(bench.api, `ns-${namespace}`, { team: `team-${namespace % 24}` })
  for (let index = 0; index < PODS; index++) {
    const node = NODES[index % NODES.length]!
    const number = 10 + namespace * PODS + index
    const address = ip(`10.${128 + (number >> 12)}.${2 * (node - 1) + 8 * ((number >> 8) & 15)}.${number & 255}`)
    putPod(bench.api, {
      name: own(namespace, index),
      namespace: `ns-${namespace}`,
      node: `node-${node}`,
      address,
      labels: { app: `app-${index % 5}`, namespace: `ns-${namespace}` },
    })
  }
  for (let index = 0; index < POLICIES; index++)
    putPolicy(bench.api, `policy-${index}`, richPolicy(namespace, index), `ns-${namespace}`)
}
for (let index = 0; index < POLICIES; index++) putPolicy(bench.api, `policy-${index}`, richPolicy(0, index, true))
const policies = (NAMESPACES + 1) * POLICIES
const port = await serveApi(bench.api)
const agents = NODES.map(number =>
  fork(join(import.meta.dirname, 'agent.ts'), [String(number), String(port), world.node(number).name], {
    execArgv: ['--import', 'tsx'],
  }),
)
const loads = await Promise.all(
  agents.map(
    (agent, i) =>
      new Promise<{ readonly loadS: number }>((resolve, reject) => {
        agent.once('message', resolve as never)
        agent.once('exit', code => reject(new Error(`the agent of node ${NODES[i]} ended with ${code}`)))
      }),
  ),
)
/** CPU of the agents up to now, of one on average. */
const agentCpuMs = (): number =>
  agents.reduce((sum, agent) => sum + processTree(agent.pid!)[0]!.cpuMs, 0) / agents.length
const loadS = Math.max(...loads.map(each => each.loadS))
progress(`${policies} policies in force on ${NODES.length} nodes after ${loadS.toFixed(2)} s`)

const connectP50Us = await medianOf()
progress(`connections: ${connectP50UsNoPolicy.toFixed(0)} us without policy, ${connectP50Us.toFixed(0)} us with all`)

const deny = { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] }
const times: number[] = []
const cpuBeforeMs = agentCpuMs()
for (let i = 0; i < CHANGES; i++) {
  const isOpen = i % 2 === 1
  const beganMs = performance.now()
  // The rich policies let the client in, so a port of its own is opened and closed.
  putPolicy(bench.api, 'changing', { ...deny, ingress: isOpen ? [{ ports: [{ port: 8080 }] }] : [] })
  await waitFor(`change ${i} is in force`, async () => ((await connect()) !== undefined) === isOpen)
  times.push(performance.now() - beganMs)
}
// The stream has a port of its own: all of the node must know that the policy is gone.
putPolicy(bench.api, 'changing', { ...deny, ingress: [] })
await waitFor('the port is closed', async () => (await connect()) === undefined)
bench.api.drop(NetworkPolicy, { namespace: 'shop', name: 'changing' })
await waitFor('the port is open again', async () => (await connect()) !== undefined)
const changeCpuMs = (agentCpuMs() - cpuBeforeMs) / (CHANGES + 2)
times.sort((a, b) => a - b)
const at = (share: number): number => round(times[Math.min(times.length - 1, Math.floor(times.length * share))]!, 1)
progress(`changes in force after ${at(0.5)} ms, of a hundred the slowest after ${at(0.99)} ms`)
progress(`${round(changeCpuMs, 1)} ms of CPU of each agent for a change, connections of this bench aside`)
// Agents would undo what puts their rules to sleep.
for (const agent of agents) agent.kill('SIGSTOP')
const ratio = await throughputRatio({
  client: client.netns.name,
  server: server.netns.name,
  nodes: [world.node(1).name, world.node(2).name],
  address: server.address,
})
const result = {
  policies,
  loadS: round(loadS, 2),
  enforceP50Ms: at(0.5),
  enforceP99Ms: at(0.99),
  changeCpuMs: round(changeCpuMs, 1),
  connectP50Us: round(connectP50Us, 0),
  connectP50UsNoPolicy: round(connectP50UsNoPolicy, 0),
  throughputRatio: round(ratio, 2),
}
console.log(JSON.stringify(result))
for (const agent of agents) agent.kill('SIGKILL')
bench.close()
world.close()
process.exit(0)

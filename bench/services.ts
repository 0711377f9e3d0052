import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestBench } from '../src/client/testing.ts'
import { settled, testBench } from '../src/client/testing.ts'
import type { Netns } from '../src/host/netns/mod.ts'
import { ip } from '../src/lib/ip.ts'
import type { World } from '../src/node/network/testing.ts'
import { createWorld, putNode, putService, putSlice } from '../src/node/network/testing.ts'
import { inWorld, median, progress, round } from './measure.ts'

const SERVICES = 10_000
const ENDPOINTS = 10
const SAMPLES = 1000
const CONNECTS = 20_000
const ROUNDS = 5
const PROBED = ip('172.30.255.1')

/** What docs/benchmarks.md calls `services`. In namespaces of its own. */
export async function services(args: readonly string[]): Promise<object> {
  if (args[0] !== 'inside') return inWorld('services')
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const client = join(folder, 'connect')
  execFileSync('cc', ['-O2', '-o', client, join(import.meta.dirname, 'connect.c')])
  const chainLayoutLoadS = chainLayout(folder)
  const loads: number[] = []
  const [few, many]: [number[], number[]] = [[], []]
  let changes: Changes | undefined
  for (let i = 0; i < 3; i++) {
    // One after the other each time: a machine is not the same minutes later.
    few.push(await measureConnect(client))
    const { world, bench, pods, loadS } = await start(SERVICES)
    loads.push(loadS)
    many.push(await connectUs(client, pods[0]!))
    progress(`load ${i + 1}: ${loadS} s; connect with ${SERVICES} services: ${many[i]} us`)
    if (i === 2) changes = await measureChanges(world, bench, pods)
    await end(world, bench)
  }
  return {
    services: SERVICES,
    endpoints: SERVICES * ENDPOINTS,
    loadS: median(loads),
    chainLayoutLoadS,
    ...changes,
    connectP50Us: median(many),
    connectP50UsOneService: median(few),
  }
}

const addressOf = (i: number): string => `172.30.${1 + (i >> 8)}.${i & 255}`
const endpointOf = (i: number, j: number): string =>
  `10.129.${(i * ENDPOINTS + j) & 255}.${((i * ENDPOINTS + j) >> 8) & 255}`

/** The same Services as one chain each and one chain for each endpoint, as kube-proxy had them, given to `nft -f`. */
function chainLayout(folder: string): number {
  const lines: string[] = [
    'add table ip chains',
    'add map ip chains services { type ipv4_addr . inet_proto . inet_service : verdict; }',
  ]
  for (let i = 0; i < SERVICES; i++) {
    const choices: string[] = []
    for (let j = 0; j < ENDPOINTS; j++) {
      const name = `endpoint-${i}-${j}`
      lines.push(
        `add chain ip chains ${name}`,
        `add rule ip chains ${name} meta l4proto tcp dnat to ${endpointOf(i, j)}:8080`,
      )
      choices.push(`${j} : goto ${name}`)
    }
    lines.push(
      `add chain ip chains service-${i}`,
      `add rule ip chains service-${i} numgen random mod ${ENDPOINTS} vmap { ${choices.join(', ')} }`,
      `add element ip chains services { ${addressOf(i)} . tcp . 80 : goto service-${i} }`,
    )
  }
  const file = join(folder, 'chains.nft')
  writeFileSync(file, `${lines.join('\n')}\n`)
  const startMs = performance.now()
  const { status, stderr } = spawnSync('nft', ['-f', file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr.slice(0, 300))
  const seconds = round((performance.now() - startMs) / 1000, 1)
  execFileSync('nft', ['delete', 'table', 'ip', 'chains'])
  progress(`chain layout: ${seconds} s`)
  return seconds
}

async function measureConnect(client: string): Promise<number> {
  const { world, bench, pods } = await start(1)
  const us = await connectUs(client, pods[0]!)
  await end(world, bench)
  progress(`connect with one service: ${us} us`)
  return us
}

interface Pod {
  readonly netns: Netns
  readonly address: string
}

/** A node with Services, two pods, and one Service in front of them that is measured. */
async function start(count: number): Promise<{ world: World; bench: TestBench; pods: readonly Pod[]; loadS: number }> {
  const world = createWorld(1)
  const bench = testBench()
  putNode(bench.api, 1)
  putService(bench.api, 'probed', PROBED)
  putSlice(bench.api, 'probed', [{ address: '10.128.0.3' }, { address: '10.128.0.4' }])
  for (let i = 1; i < count; i++) {
    putService(bench.api, `s${i}`, addressOf(i))
    putSlice(
      bench.api,
      `s${i}`,
      Array.from({ length: ENDPOINTS }, (_, j) => ({ address: endpointOf(i, j) })),
    )
  }
  const role = await world.start(bench, 1)
  const startMs = performance.now()
  await role.ready
  const loadS = round((performance.now() - startMs) / 1000, 2)
  const pods = [await world.pod(1, 3), await world.pod(1, 4)]
  return { world, bench, pods, loadS }
}

/** The kernel takes links of namespaces apart after they have gone: the next ones have the same names. */
async function end(world: World, bench: TestBench): Promise<void> {
  bench.close()
  world.close()
  const isLeft = (): boolean => world.link.links(world.netns.home).some(({ name }) => name.startsWith('u-'))
  while (isLeft()) await new Promise(resolve => setTimeout(resolve, 50))
}

async function connectUs(client: string, from: Pod): Promise<number> {
  const figures: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const command = [`--net=${from.netns.path}`, client, PROBED, '80', String(CONNECTS / ROUNDS)]
    // Beside this process, which accepts the connections.
    const { stdout } = await promisify(execFile)('nsenter', command)
    figures.push(Number(stdout))
  }
  return median(figures)
}

interface Changes {
  readonly changeP99Ms: number
  readonly removeP99Ms: number
}

/** From the write being acknowledged to the first connection that arrives at the new endpoint, and the last at the old. */
async function measureChanges(world: World, bench: TestBench, pods: readonly Pod[]): Promise<Changes> {
  const adds: number[] = []
  const removals: number[] = []
  const probe = async (): Promise<string> => (await world.ask(world.node(1), PROBED, 80)).split(' ')[0]!
  for (let i = 0; i < SAMPLES; i++) {
    putSlice(bench.api, 'probed', [pods[i % 2]!])
    await settled(bench)
    const next = (i + 1) % 2
    putSlice(bench.api, 'probed', [pods[next]!])
    const ackMs = performance.now()
    let lastOldMs = ackMs
    for (;;) {
      const said = await probe()
      const atMs = performance.now()
      if (said === `pod-1-${3 + next}`) {
        adds.push(atMs - ackMs)
        break
      }
      lastOldMs = atMs
    }
    removals.push(lastOldMs - ackMs)
  }
  return { changeP99Ms: p99(adds), removeP99Ms: p99(removals) }
}

const p99 = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return round(sorted[Math.ceil(sorted.length * 0.99) - 1]!, 2)
}

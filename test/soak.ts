/**
 * Rounds of up, apply, requests, kill -9 at random, down. Each must serve, recover, and leave nothing behind: no link, mount,
 * process or namespace, no file outside its data folder, no open file of its kind.
 *
 *   npm run soak [-- rounds [seed]]      # 20 rounds; the seed is printed, and repeats what was killed and when
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../src/client/backoff.ts'
import type { Twin } from './harness.ts'
import { FAIRLEAD, hostPid, nothingLeft, outerPid, start, startTwin, traces, until, worldPids } from './harness.ts'

const HOST = 'api-production.apps.fairlead.localhost'
const rounds = Number(process.argv[2] ?? 20)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const random = seededRandom(seed)
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!

/** What must recover by itself; killing one of the others ends the twin. */
const ROLES = ['api', 'runtime', 'node-1', 'node-2', 'node-3', 'router', 'haproxy'] as const
const ENDS = ['supervisor', 'PID 1', 'outer unshare'] as const
type Victim = (typeof ROLES)[number] | (typeof ENDS)[number]

async function pidsOf(twin: Twin, victim: Victim): Promise<readonly number[]> {
  const all = worldPids(twin)
  if (victim === 'PID 1') return [all[0]!]
  if (victim === 'outer unshare') return [outerPid(twin)]
  if (victim === 'haproxy') return worldPids(twin, /^haproxy/)
  if (victim === 'router') return worldPids(twin, /\0router\0/)
  return [await hostPid(twin, victim)]
}

async function serves(twin: Twin): Promise<void> {
  await until('the Route answers', async () => (await twin.https(HOST)).status === 200)
}

async function kill(twin: Twin, victim: Victim): Promise<void> {
  for (const pid of await pidsOf(twin, victim)) process.kill(pid, 'SIGKILL')
  console.log(`    kill -9 ${victim}`)
}

/** What a person would look at first. */
async function describe(twin: Twin): Promise<void> {
  const seen = [
    await twin.fairlead('status'),
    await twin.tryKubectl(['get', 'nodes,pods,endpointslices', '-A', '-o', 'wide']),
    await twin.tryKubectl(['get', 'events', '-A', '--sort-by=.metadata.creationTimestamp']),
    await twin.tryKubectl(['-n', 'openshift-ingress', 'describe', 'pods']),
    await twin.tryKubectl(['-n', 'openshift-ingress', 'logs', 'deploy/router-default', '--tail=40']),
    ...(await Promise.all(
      ['supervisor', 'api', 'runtime', 'node-1'].map(role => twin.fairlead('logs', role, '--tail', '20')),
    )),
  ]
  for (const { stdout, stderr } of seen) console.log(`${stdout}${stderr}\n--------`)
}

/** The command that starts the twin dies on the way. */
async function killUp(dataHome: string): Promise<void> {
  const up = start(FAIRLEAD, ['up', '--name', 'soak'], { ...process.env, XDG_DATA_HOME: dataHome })
  const ended = new Promise(resolve => up.once('exit', resolve))
  await sleep(random() * 1500)
  up.kill('SIGKILL')
  await ended
  console.log('    kill -9 up')
}

async function round(dataHome: string, number: number): Promise<void> {
  const startMs = performance.now()
  if (random() < 0.3) await killUp(dataHome)
  const rootless = random() < 0.3
  const twin = await startTwin({ name: 'soak', dataHome, args: rootless ? ['--rootless'] : [] })
  try {
    await twin.kubectl('apply', '-f', 'examples/shop/')
    await serves(twin)
    for (let times = Math.floor(random() * 4); times > 0; times--) {
      await sleep(random() * 500)
      await kill(twin, pick(ROLES))
      if (random() < 0.5) await serves(twin)
    }
    await serves(twin)
    const marker = await twin.kubectl('-n', 'production', 'create', 'configmap', `round-${number}`, '-o', 'name')
    if (random() < 0.4) {
      const pids = worldPids(twin)
      await kill(twin, pick(ENDS))
      await until('nothing of it runs', async () => pids.every(pid => !worldPidExists(pid)))
      await twin.fairlead('up')
      await twin.kubectl('-n', 'production', 'get', marker.trim())
      await serves(twin)
    }
  } catch (error) {
    await describe(twin)
    throw error
  } finally {
    await twin.fairlead('down', ...(random() < 0.3 ? ['--forget'] : []))
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  console.log(`  round ${number}${rootless ? ', rootless' : ''}: ${seconds} s`)
}

const worldPidExists = (pid: number): boolean => readdirSync('/proc').includes(String(pid))
async function main(): Promise<void> {
  console.log(`soak: ${rounds} rounds, seed ${seed}`)
  const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-soak-'))
  // Whatever makes temporary files makes them here.
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'fairlead-soak-tmp-'))
  const state = async (): Promise<Record<string, readonly string[]>> => ({
    ...(await traces()),
    files: readdirSync(process.env.TMPDIR!),
  })
  const before = await state()
  try {
    for (let number = 1; number <= rounds; number++) {
      await round(dataHome, number)
      await nothingLeft(before, state)
    }
    console.log(JSON.stringify({ soak: 'clean', rounds, seed }))
  } finally {
    for (const folder of [dataHome, process.env.TMPDIR]) rmSync(folder, { recursive: true, force: true })
  }
}

await main()

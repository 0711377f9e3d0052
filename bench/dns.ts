import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveNames } from './dns-server.ts'
import { inWorld, median, progress, round, statOf } from './measure.ts'

const SERVICES = 10_000
const SECONDS = 8
const ROUNDS = 3
const STEADY_QPS = 10_000
/** Server and load each have a core of their own. */
const SERVER_CORE = '0'
const LOAD_CORE = '1'

interface Server {
  readonly name: string
  readonly port: number
  start(): ChildProcess
}

interface Figures {
  readonly qpsPerCore: number
  readonly cpuUsPerQuery: number
}

/** What docs/benchmarks.md calls `dns`. In namespaces of its own; peers that are not installed are left out. */
export async function dns(args: readonly string[]): Promise<object> {
  if (args[0] === 'serve') return serveNames(SERVICES, Number(args[1]))
  if (args[0] !== 'inside') return inWorld('dns')
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const queries = join(folder, 'queries')
  const names = Array.from({ length: SERVICES }, (_, i) => `s${(i * 7919) % SERVICES}.bench.svc.cluster.local`)
  writeFileSync(queries, names.map(name => `${name} A\n`).join(''))
  const servers = [ours(), ...peers(folder)]
  const figures = new Map<string, Figures[]>()
  let p99Ms = 0
  for (let i = 0; i < ROUNDS; i++)
    for (const server of servers) {
      const result = await measured(server, queries, i === 0 && server.name === 'fairlead')
      figures.set(server.name, [...(figures.get(server.name) ?? []), result])
      p99Ms = result.p99Ms ?? p99Ms
      progress(`${server.name}: ${JSON.stringify(result)}`)
    }
  const of = (name: string): Figures => {
    const all = figures.get(name)!
    return {
      qpsPerCore: Math.round(median(all.map(one => one.qpsPerCore))),
      cpuUsPerQuery: round(median(all.map(one => one.cpuUsPerQuery)), 2),
    }
  }
  const others = servers.slice(1).map(({ name }) => [name, of(name)] as const)
  return { ...of('fairlead'), p99Ms, peers: Object.fromEntries(others) }
}

const pinned = (command: string, ...args: readonly string[]): ChildProcess =>
  spawn('taskset', ['-c', SERVER_CORE, command, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })

const ours = (): Server => ({
  name: 'fairlead',
  port: 5353,
  start: () =>
    pinned(process.execPath, '--import', 'tsx', join(import.meta.dirname, 'main.ts'), 'dns', 'serve', '5353'),
})

function peers(folder: string): readonly Server[] {
  const records = Array.from({ length: SERVICES }, (_, i) => [
    `s${i}.bench.svc.cluster.local.`,
    `172.30.${i >> 8}.${i & 255}`,
  ])
  const isThere = (command: string): boolean => spawnSync('which', [command]).status === 0
  const found: Server[] = []
  if (isThere('knotd')) found.push(knot(folder, records as [string, string][]))
  else progress('knot is not installed')
  if (isThere('unbound')) found.push(unbound(folder, records as [string, string][]))
  else progress('unbound is not installed')
  return found
}

function knot(folder: string, records: readonly (readonly [string, string])[]): Server {
  const home = join(folder, 'knot')
  mkdirSync(home)
  const soa = '@ 5 IN SOA ns.dns hostmaster 1 7200 1800 86400 5\n@ 5 IN NS ns.dns\nns.dns 5 IN A 172.30.0.10\n'
  writeFileSync(
    join(home, 'zone'),
    `$ORIGIN cluster.local.\n${soa}${records.map(([name, ip]) => `${name} 5 IN A ${ip}\n`).join('')}`,
  )
  writeFileSync(
    join(home, 'knot.conf'),
    `server:\n  listen: 127.0.0.1@5401\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n  rundir: ${home}\ndatabase:\n  storage: ${home}\nzone:\n  - domain: cluster.local\n    file: ${home}/zone\n`,
  )
  return { name: 'knot', port: 5401, start: () => pinned('knotd', '-c', join(home, 'knot.conf')) }
}

function unbound(folder: string, records: readonly (readonly [string, string])[]): Server {
  const file = join(folder, 'unbound.conf')
  writeFileSync(
    file,
    `server:\n  interface: 127.0.0.1@5402\n  do-daemonize: no\n  num-threads: 1\n  username: ""\n  chroot: ""\n  pidfile: ""\n  use-syslog: no\n  logfile: "/dev/null"\n  do-not-query-localhost: no\n  access-control: 127.0.0.0/8 allow\n  local-zone: "cluster.local." static\n${records.map(([name, ip]) => `  local-data: "${name} 5 IN A ${ip}"\n`).join('')}remote-control:\n  control-enable: no\n`,
  )
  return { name: 'unbound', port: 5402, start: () => pinned('unbound', '-d', '-c', file) }
}

async function measured(
  server: Server,
  queries: string,
  isTimed: boolean,
): Promise<Figures & { readonly p99Ms?: number }> {
  const child = server.start()
  try {
    await answering(server.port)
    load(server.port, queries, 2)
    const before = statOf(child.pid!).cpuMs
    const completed = load(server.port, queries, SECONDS)
    const usedMs = statOf(child.pid!).cpuMs - before
    return {
      qpsPerCore: completed / SECONDS,
      cpuUsPerQuery: (usedMs * 1000) / completed,
      ...(isTimed ? { p99Ms: steadyP99(server.port, queries) } : {}),
    }
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

async function answering(port: number): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const { stdout } = spawnSync(
      'dig',
      ['@127.0.0.1', '-p', String(port), '+short', '+tries=1', '+time=1', 's9999.bench.svc.cluster.local'],
      { encoding: 'utf8' },
    )
    if (/^172\./.test(stdout)) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`nobody answers on port ${port}`)
}

const dnsperf = (port: number, queries: string, ...args: readonly string[]): string =>
  execFileSync('taskset', ['-c', LOAD_CORE, 'dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', queries, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })

/** Queries completed. */
function load(port: number, queries: string, seconds: number): number {
  const said = dnsperf(port, queries, '-l', String(seconds), '-c', '8', '-q', '200')
  return Number(/Queries completed:\s+(\d+)/.exec(said)?.[1])
}

/** Of queries at a steady rate. */
function steadyP99(port: number, queries: string): number {
  const said = dnsperf(port, queries, '-l', '4', '-c', '8', '-Q', String(STEADY_QPS), '-v')
  const ms = [...said.matchAll(/^> NOERROR .* (\d+\.\d+)$/gm)].map(([, seconds]) => Number(seconds) * 1000)
  const sorted = ms.toSorted((a, b) => a - b)
  return round(sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN, 3)
}

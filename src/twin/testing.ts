/** A program with a supervisor and roles that do nothing, for tests: a world without a cluster in it. */
import { closeSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Node } from '../api/core/node.ts'
import type { Pod } from '../api/core/pod.ts'
import type { Informer, Informers } from '../client/mod.ts'
import { kernelArp } from '../host/arp/real.ts'
import { systemClock } from '../host/clock/real.ts'
import { systemFs } from '../host/fs/real.ts'
import { kernelIpPackets } from '../host/ip-packets/real.ts'
import { kernelLinks } from '../host/link/real.ts'
import { assertOneNamespace, kernelNetns } from '../host/netns/real.ts'
import { kernelProcesses } from '../host/process/real.ts'
import { kernelSockets } from '../host/socket/real.ts'
import { kernelInside } from '../host/world/inside.ts'
import { rfc3339 } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { fromArgs } from './flags.ts'
import { failureReport, report } from './reports.ts'
import { API_FLAGS, NODE_FLAGS, RUNTIME_FLAGS, SUPERVISOR_FDS } from './roles.ts'
import { twinFolderAt } from './state.ts'
import { supervise } from './supervise/supervise.ts'

const FILE = import.meta.filename
/** The command line of this program, before the role. */
export const fixtureProgram = (): string[] => ['--import', import.meta.resolve('tsx'), FILE]

const print = (fields: object, message: string): void =>
  void process.stdout.write(`${message} ${JSON.stringify(fields)}\n`)
const log: Logger = { debug: print, info: print, warn: print, error: print, child: () => log }

async function runSupervisor(root: string): Promise<void> {
  await assertOneNamespace()
  const netns = kernelNetns()
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  const pipe = { write: (text: string) => writeSync(SUPERVISOR_FDS.reports, text) }
  const fail = (error: unknown): never => {
    report(pipe, failureReport(error, root))
    process.exit(1)
  }
  await supervise(
    {
      fs: systemFs,
      clock: systemClock,
      log,
      netns,
      links: kernelLinks(netns),
      processes: kernelProcesses(netns),
      sockets: kernelSockets(netns),
      ipPackets: kernelIpPackets(netns),
      arp: kernelArp(netns),
      inside: kernelInside,
      program: [process.execPath, ...fixtureProgram()],
      env: process.env as Record<string, string>,
      pid: process.pid,
      follow: async () => everythingReady(),
      report: what => {
        report(pipe, what)
        if ('ready' in what) closeSync(SUPERVISOR_FDS.reports)
      },
    },
    twinFolderAt(root),
    stop.signal,
  ).catch(fail)
  process.exit(0)
}

/** An API in which the network serves. */
function everythingReady(): Informers {
  const now = rfc3339(Date.now())
  const condition = { type: 'Ready', status: 'True', lastHeartbeatTime: now }
  const nodes = [1, 2, 3].map(index => ({ metadata: { name: `node-${index}` }, status: { conditions: [condition] } }))
  const status = { conditions: [condition], containerStatuses: [{ state: { running: { startedAt: now } } }] }
  const pods = (namespace: string) => [1, 2, 3].map(index => ({ metadata: { name: `p${index}`, namespace }, status }))
  return {
    of: (kind, options) => {
      const objects =
        kind.kind === 'Node' ? (nodes as unknown as Node[]) : (pods(options?.namespace ?? '') as unknown as Pod[])
      const informer = {
        list: () => objects,
        onChange: (handler: () => void) => {
          if (process.env.FIXTURE_FAILS === undefined) setImmediate(handler)
          return () => {}
        },
      }
      return informer as unknown as Informer<never>
    },
    sync: async () => {},
  }
}

/** A role that only says how far it is, and serves what it inherits. */
function runRole(name: string, admin: string, listen: readonly string[]): void {
  print({ pid: process.pid }, `${name} runs`)
  const server = () => createServer((_, answer) => answer.end(JSON.stringify({ observed: 1, busy: [], name })))
  server().listen(admin)
  for (const fd of listen) server().listen({ fd: Number(fd) })
}

async function main([role = '', ...args]: readonly string[]): Promise<void> {
  if (role === 'supervise') return runSupervisor(args[0]!)
  if (role === 'api') {
    const { admin, listen } = fromArgs(role, API_FLAGS, args)
    return runRole('api', admin, listen)
  }
  const { admin } = role === 'runtime' ? fromArgs(role, RUNTIME_FLAGS, args) : fromArgs(role, NODE_FLAGS, args)
  if (process.env.FIXTURE_FAILS === role) process.exit(3)
  rmSync(admin, { force: true })
  runRole(role, admin, [])
}

if (process.argv[1] === FILE) await main(process.argv.slice(2))

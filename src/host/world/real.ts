import { execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf } from '../process/identity.ts'
import type { WorldDriver, WorldId, WorldSpec } from './mod.ts'

const NAMESPACES = [
  '--net',
  '--mount',
  '--pid',
  '--uts',
  '--ipc',
  '--fork',
  '--kill-child',
  '--mount-proc',
  '--propagation',
  'private',
]
const userFlags = (user: boolean): string[] => (user ? ['--user', '--map-root-user'] : [])

/** PID 1 must reap orphans, which Node does not: a shell waits for the supervisor and ends with it. SIGTERM goes on to it. */
const INIT = `"$@" & p=$!
trap 'kill -TERM $p' TERM INT
while :; do wait $p; r=$?; kill -0 $p 2>/dev/null || exit $r; done`

const POLL_MS = 5

export const kernelWorlds = (): WorldDriver => ({
  refusal: user =>
    new Promise(resolve => {
      execFile('unshare', [...userFlags(user), ...NAMESPACES, 'true'], (error, _, stderr) =>
        resolve(error ? stderr.trim() || error.message : undefined),
      )
    }),
  start,
  find,
  alive,
  async stop(id, graceMs) {
    const init = childOf(id.pid)
    if (init !== undefined && alive(id)) signal(init, 'SIGTERM')
    const endMs = performance.now() + graceMs
    while (alive(id) && performance.now() < endMs) await sleep(POLL_MS)
    if (alive(id)) signal(id.pid, 'SIGKILL')
    while (alive(id)) await sleep(POLL_MS)
  },
})

async function start(spec: WorldSpec): ReturnType<WorldDriver['start']> {
  mkdirSync(dirname(spec.logFile), { recursive: true })
  const log = openSync(spec.logFile, 'a', 0o600)
  const child = spawn(
    'unshare',
    [...userFlags(spec.user), ...NAMESPACES, 'sh', '-c', INIT, 'init', process.execPath, ...spec.args],
    { detached: true, cwd: '/', env: spec.env, stdio: ['ignore', log, log, 'pipe', ...spec.inherit] },
  )
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  for (const fd of [log, ...spec.inherit]) closeSync(fd)
  child.unref()
  const pid = child.pid!
  return { id: { pid, startTime: identityOf(pid) ?? '' }, reports: child.stdio[3] as Readable }
}

const alive = ({ pid, startTime }: WorldId): boolean =>
  Number.isInteger(pid) && pid > 1 && identityOf(pid) === startTime

function find(args: readonly string[]): WorldId | undefined {
  const end = ['', ...args, ''].join('\0')
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const line = commandLine(pid)
    const startTime = line.startsWith('unshare\0') && line.endsWith(end) ? identityOf(Number(pid)) : undefined
    if (startTime !== undefined) return { pid: Number(pid), startTime }
  }
  return undefined
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It ended in between.
  }
}

/** The only child of the outer unshare is the world's PID 1. */
function childOf(pid: number): number | undefined {
  try {
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
    return child > 1 ? child : undefined
  } catch {
    return undefined
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {} // It ended in between.
}

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/log.ts'
import { parseAlerts } from '../../wire/haproxy/answer.ts'
import { type Haproxy, HaproxyGone, HaproxyRefused, type Program, type Serving } from './mod.ts'
import { usageOf } from './usage.ts'
import { startWorker, type Worker } from './worker.ts'

export interface RealOptions {
  /** A folder of this HAProxy's own; emptied at the start. At most 80 bytes long: it holds Unix sockets. */
  readonly folder: string
  readonly command?: string
  /** So many processes that were replaced may live on with the connections they have; of more the eldest ends. */
  readonly maxReplaced?: number
  /** Receives what HAProxy logs to its stdout, unchanged. */
  readonly logs: Writable
  readonly log: Logger
  readonly clock: Clock
}

/** Each has a program of its own in memory: long connections and many reloads must not use it up. */
const MAX_REPLACED = 16

/** HAProxy as plain child processes: each generation is our child, so its death is an event, and dies with us. */
export async function realHaproxy(options: RealOptions): Promise<Haproxy> {
  const { folder, log } = options
  const command = options.command ?? 'haproxy'
  const goneHandlers = new Set<() => void>()
  let generation = 0
  let current: Worker | undefined
  /** Eldest first. */
  const replaced = new Set<Worker>()
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })

  const ended = (worker: Worker): void => {
    void rm(worker.folder, { recursive: true, force: true })
    replaced.delete(worker)
    if (current !== worker) return
    current = undefined
    log.warn({ pid: worker.pid }, 'HAProxy has ended')
    for (const handler of [...goneHandlers]) handler()
  }
  const leave = (old: Worker): void => {
    old.leave()
    replaced.add(old)
    const [eldest] = replaced
    if (!eldest || replaced.size <= (options.maxReplaced ?? MAX_REPLACED)) return
    log.warn(
      { pid: eldest.pid, replaced: replaced.size },
      'too many old processes: the eldest ends, with its connections',
    )
    replaced.delete(eldest)
    void eldest.stop(0)
  }
  const load = async (program: Program): Promise<Serving> => {
    const home = join(folder, String(++generation))
    const old = current
    const startMs = options.clock.monotonic()
    await writeProgram(home, program)
    const writeMs = options.clock.monotonic() - startMs
    const worker = await startWorker({ ...options, command, home, replaces: old }).catch(async error => {
      await rm(home, { recursive: true, force: true })
      throw error
    })
    void worker.exited.then(() => ended(worker))
    current = worker
    if (old) leave(old)
    return { pid: worker.pid, version: worker.version, writeMs }
  }
  return {
    openFiles: openFileLimit(),
    cpus: availableParallelism(),
    load,
    async check(program) {
      const home = join(folder, `check-${++generation}`)
      await writeProgram(home, program)
      try {
        await runCheck(command, home)
      } finally {
        await rm(home, { recursive: true, force: true })
      }
    },
    async run(commands) {
      if (!current) throw new HaproxyGone()
      return current.run(commands)
    },
    usage: async () => current && usageOf(current.pid),
    onGone(handler) {
      goneHandlers.add(handler)
      return () => goneHandlers.delete(handler)
    },
    async stop(graceMs) {
      const worker = current
      current = undefined
      await worker?.stop(graceMs)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function writeProgram(home: string, program: Program): Promise<void> {
  const folders = new Set([...program.files.keys()].map(file => dirname(join(home, file))))
  for (const folder of [home, ...folders]) await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(home, 'haproxy.cfg'), program.config, { mode: 0o600 })
  const files = [...program.files]
  const writer = async (): Promise<void> => {
    for (let next = files.pop(); next; next = files.pop())
      await writeFile(join(home, next[0]), next[1], { mode: 0o600 })
  }
  await Promise.all(Array.from({ length: 16 }, writer))
}

async function runCheck(command: string, home: string): Promise<void> {
  const child: ChildProcess = spawn(command, ['-c', '-f', 'haproxy.cfg'], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr!.on('data', chunk => {
    stderr += chunk
  })
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new HaproxyRefused(parseAlerts(stderr))
}

/** The hard limit: Node raises the soft one to it, and children inherit that. */
function openFileLimit(): number {
  const path = '/proc/self/limits'
  const match = existsSync(path) ? /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync(path, 'utf8')) : null
  return match ? Number(match[1]) : 1024
}

/** As in 2.6.12; undefined where there is none. */
export const haproxyVersion = (command = 'haproxy'): Promise<string | undefined> =>
  new Promise(resolve =>
    execFile(command, ['-v'], (_, stdout) => resolve(/ version (\d+\.\d+[.\d]*)/.exec(stdout)?.[1])),
  )

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import { codeOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { parseAlerts, parseInfo } from '../../wire/haproxy/answer.ts'
import { type Command, show } from '../../wire/haproxy/command.ts'
import { tied } from '../tied.ts'
import { type Connection, dial } from './connection.ts'
import { wholeLines } from './lines.ts'
import { HaproxyGone, HaproxyRefused } from './mod.ts'

export interface WorkerOptions {
  readonly command: string
  /** Holds the program; the runtime socket is made here too, so it can only ever lead to this process. */
  readonly home: string
  readonly replaces: Worker | undefined
  readonly logs: Writable
  readonly log: Logger
  readonly clock: Clock
}

/** One process, from its start to its end. */
export interface Worker {
  readonly pid: number
  readonly version: string
  readonly folder: string
  readonly socketPath: string
  readonly exited: Promise<void>
  run(commands: readonly Command[]): Promise<readonly string[]>
  /** Another process has its sockets: let go of the conversation, which would keep it alive. */
  leave(): void
  stop(graceMs: number): Promise<void>
}

/** How long a start may take: 10,000 routes take 0.3 s, 10,000 certificates 6 s. */
const START_LIMIT_MS = 60_000

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { home, log, clock } = options
  const socketPath = join(home, 'cli.sock')
  await writeFile(join(home, 'driver.cfg'), driverConfig(socketPath), { mode: 0o600 })
  const appears = waitForFile(home, 'cli.sock')
  const child = spawnHaproxy(options)
  const stderr = collectStderr(child, log)
  child.stdout!.pipe(wholeLines()).pipe(options.logs, { end: false })
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new HaproxyRefused(parseAlerts(stderr.text()))))
  })
  failed.catch(() => {})
  const cancel = clock.after(START_LIMIT_MS, () => child.kill('SIGKILL'))
  try {
    const { connection, version } = await Promise.race([greet(appears.seen, socketPath, child.pid, clock), failed])
    stderr.serving()
    return serving(options, child, exited, { socketPath, connection, version })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    cancel()
    appears.stop()
  }
}

/** HAProxy's own HTTP client is for Lua, and nobody uses it here: with `verify` every start would read all of the machine's certificates. */
const driverConfig = (socketPath: string): string =>
  `global
  stats socket ${socketPath} mode 600 level admin expose-fd listeners
  stats timeout 1h
  httpclient.ssl.verify none
`

/** It ends with this process: else it would go on serving routes nobody looks after. */
function spawnHaproxy({ command, home, replaces }: WorkerOptions): ChildProcess {
  const takeOver = replaces ? ['-x', replaces.socketPath, '-sf', String(replaces.pid)] : []
  const args = ['-db', '-f', 'driver.cfg', '-f', 'haproxy.cfg', ...takeOver]
  const how: SpawnOptions = { cwd: home, env: { ...process.env, ...memory() }, stdio: ['ignore', 'pipe', 'pipe'] }
  return spawn(...tied(command, args), how)
}

/** Large pages: maps, servers and buffers of ten thousand Routes are far apart, and finding a small page costs more than reading it. */
const memory = (): NodeJS.ProcessEnv => ({
  GLIBC_TUNABLES: [process.env.GLIBC_TUNABLES, 'glibc.malloc.hugetlb=1'].filter(Boolean).join(':'),
})

/** What is said during the start explains a failure; later lines go to the log. */
function collectStderr(child: ChildProcess, log: Logger): { text(): string; serving(): void } {
  let text = ''
  let started = false
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    if (!started) text = (text + chunk).slice(-64_000)
    else for (const alert of parseAlerts(chunk)) log.warn({ pid: child.pid }, alert)
  })
  return {
    text: () => text,
    serving() {
      started = true
      for (const alert of parseAlerts(text)) log.warn({ pid: child.pid }, alert)
    },
  }
}

/** HAProxy binds its socket under another name and renames it, a moment before it listens. */
function waitForFile(folder: string, file: string): { readonly seen: Promise<void>; stop(): void } {
  let stop = (): void => {}
  const seen = new Promise<void>(resolve => {
    const watcher = watch(folder, (_, name) => name === file && resolve())
    stop = () => watcher.close()
  })
  return { seen, stop }
}

/** The first answer comes once the process runs its loop, with every listener bound. */
async function greet(
  appears: Promise<void>,
  path: string,
  pid: number | undefined,
  clock: Clock,
): Promise<{ connection: Connection; version: string }> {
  await appears
  const connection = await dialListener(path, clock)
  const [answer] = await connection.run([show('info')])
  const info = parseInfo(answer ?? '')
  if (info.Pid !== String(pid)) throw new HaproxyRefused([`process ${info.Pid} answers in the place of ${pid}`])
  return { connection, version: /^\d+(\.\d+)*/.exec(info.Version ?? '')?.[0] ?? 'unknown' }
}

async function dialListener(path: string, clock: Clock): Promise<Connection> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await dial(path)
    } catch (error) {
      if (codeOf(error) !== 'ECONNREFUSED' || attempt >= 500) throw error
      await clock.sleep(1 + attempt)
    }
  }
}

function serving(
  options: WorkerOptions,
  child: ChildProcess,
  exited: Promise<void>,
  made: { socketPath: string; connection: Connection; version: string },
): Worker {
  let connection = made.connection
  void exited.then(() => connection.close())
  return {
    pid: child.pid!,
    version: made.version,
    folder: options.home,
    socketPath: made.socketPath,
    exited,
    async run(commands) {
      if (!connection.open) {
        connection = await dial(made.socketPath).catch(() => {
          throw new HaproxyGone()
        })
      }
      return connection.run(commands)
    },
    leave: () => connection.close(),
    async stop(graceMs) {
      connection.close()
      child.kill('SIGUSR1')
      const cancel = options.clock.after(graceMs, () => child.kill('SIGKILL'))
      await exited
      cancel()
    },
  }
}

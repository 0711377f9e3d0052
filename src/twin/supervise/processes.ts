import type { Netns } from '../../host/netns/mod.ts'
import type { Child, ProcessDriver } from '../../host/process/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'

/** One process to keep running. */
export interface Service {
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly netns?: Netns
  readonly inherit: readonly number[]
  /** Its stdin ends when this resolves: until then it may load, but not begin. Absent: at once. */
  readonly go?: Promise<void>
}

export interface ServiceState {
  readonly name: string
  readonly pid: number | undefined
  readonly restarts: number
  /** waiting: it ended, and is started again in a moment. */
  readonly state: 'running' | 'waiting' | 'stopped'
  /** How it ended last. */
  readonly ended?: string
}

export interface ProcessesDeps {
  readonly processes: ProcessDriver
  readonly clock: Clock
  readonly log: Logger
  /** Everything a service prints. */
  output(name: string, chunk: Buffer): void
  /** Called when a service has ended unasked. `times`: in a row, without a steady run between. `words`: the end of what it printed. */
  ended?(name: string, how: string, times: number, words: string): void
}

export interface Processes {
  start(service: Service): void
  /** SIGKILL, as when the machine is switched off; resolves when it has ended. It stays down until started again. */
  kill(name: string): Promise<void>
  /** SIGTERM, and SIGKILL after the grace. */
  end(name: string, graceMs: number): Promise<void>
  states(): readonly ServiceState[]
}

/** The first restart is at once; one that keeps ending is started ever more rarely. */
const BACKOFF_MS = [0, 100, 200, 400, 800, 1600, 3200, 5000] as const
/** One that ran this long begins anew. */
const STEADY_MS = 10_000
/** Characters kept of what a service printed. */
const WORDS = 2000

interface Entry {
  readonly service: Service
  child: Child | undefined
  wanted: boolean
  restarts: number
  /** Ends in a row. */
  failures: number
  ended: string | undefined
  /** The end of what its last run printed. */
  words: string
  cancel: () => void
}

/** Keeps processes running: each that ends is started again. */
export function createProcesses(deps: ProcessesDeps): Processes {
  const entries = new Map<string, Entry>()

  const run = async (entry: Entry): Promise<void> => {
    const { name, command, env, netns, inherit, go } = entry.service
    const startedMs = deps.clock.monotonic()
    try {
      const [file = '', ...args] = command
      const child = await deps.processes.spawn({ command: file, args, env, inherit, ...(netns ? { netns } : {}) })
      entry.child = child
      if (!entry.wanted) child.kill('SIGKILL')
      void Promise.resolve(go).then(() => child.stdin.end())
      entry.words = ''
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => {
          entry.words = (entry.words + chunk.toString()).slice(-WORDS)
          deps.output(name, chunk)
        })
      const { code, signal } = await child.exited
      entry.ended = signal ?? `exit code ${code}`
    } catch (error) {
      entry.ended = messageOf(error)
    }
    entry.child = undefined
    if (!entry.wanted) return
    if (deps.clock.monotonic() - startedMs > STEADY_MS) entry.failures = 0
    const waitMs = BACKOFF_MS[Math.min(entry.failures, BACKOFF_MS.length - 1)]!
    deps.log.warn({ role: name, ended: entry.ended, waitMs }, 'a role ended; it is started again')
    entry.failures++
    entry.restarts++
    deps.ended?.(name, entry.ended, entry.failures, entry.words)
    if (waitMs === 0) void run(entry)
    else entry.cancel = deps.clock.after(waitMs, () => void run(entry))
  }

  const drop = async (name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const entry = entries.get(name)
    if (!entry) return
    entry.wanted = false
    entry.cancel()
    entry.child?.kill(signal)
    await entry.child?.exited
  }
  return {
    start: service => {
      const old = entries.get(service.name)
      if (old?.wanted) return
      const entry: Entry = {
        service,
        child: undefined,
        wanted: true,
        restarts: old ? old.restarts + 1 : 0,
        failures: 0,
        ended: undefined,
        words: '',
        cancel: () => {},
      }
      entries.set(service.name, entry)
      void run(entry)
    },
    kill: name => drop(name, 'SIGKILL'),
    end: async (name, graceMs) => {
      const cancel = deps.clock.after(graceMs, () => void drop(name, 'SIGKILL'))
      await drop(name, 'SIGTERM')
      cancel()
    },
    states: () => [...entries.values()].map(stateOf),
  }
}

const stateOf = ({ service, child, wanted, restarts, ended }: Entry): ServiceState => ({
  name: service.name,
  pid: child?.pid,
  restarts,
  state: child ? 'running' : wanted ? 'waiting' : 'stopped',
  ...(ended === undefined ? {} : { ended }),
})

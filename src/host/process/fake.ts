import { PassThrough, type Readable, type Writable } from 'node:stream'
import type { Child, ExitStatus, ProcessDriver, SpawnSpec } from './mod.ts'

/** What a program of the fake sees of its run. */
export interface FakeRun {
  readonly spec: SpawnSpec
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Aborted by a signal; the reason is its name. A program that never returns ends by it. */
  readonly signal: AbortSignal
  /** The child whose namespaces it was entered into. */
  readonly inside?: Child
  readonly size: () => { readonly columns: number; readonly rows: number } | undefined
}

/** Returns the exit code; a program that does not care for signals is ended by the first. */
export type FakeProgram = (run: FakeRun) => number | Promise<number>

export interface FakeProcesses extends ProcessDriver {
  readonly running: readonly Child[]
  /** Everything that was started, oldest first. */
  readonly started: readonly SpawnSpec[]
}

/** Processes in memory, from a table of programs by name. */
export function fakeProcesses(programs: Readonly<Record<string, FakeProgram>>): FakeProcesses {
  const running = new Set<Child>()
  const started: SpawnSpec[] = []
  let lastPid = 100
  const nameOf = (command: string): string => command.slice(command.lastIndexOf('/') + 1)
  const start = (spec: SpawnSpec, inside?: Child): Child => {
    const program = programs[nameOf(spec.command)]
    if (!program) throw Object.assign(new Error(`exec ${spec.command}: ENOENT`), { code: 'ENOENT' })
    const child = run(program, spec, ++lastPid, inside)
    started.push(spec)
    running.add(child)
    child.exited.then(() => running.delete(child))
    return child
  }
  return {
    get running() {
      return [...running]
    },
    started,
    canSwitchUser: true,
    spawn: async spec => start(spec),
    enter: async (child, spec) => {
      if (!running.has(child)) throw Object.assign(new Error(`setns process ${child.pid}: ESRCH`), { code: 'ESRCH' })
      const entered = start(spec, child)
      child.exited.then(() => entered.kill('SIGKILL'))
      return entered
    },
    which: command => (programs[nameOf(command)] ? `/usr/bin/${nameOf(command)}` : undefined),
    identity: pid => ([...running].some(child => child.pid === pid) ? `start-${pid}` : undefined),
    endOrphan: (pid, identity) => {
      if (identity === `start-${pid}`) for (const child of running) if (child.pid === pid) child.kill('SIGKILL')
    },
  }
}

const NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

function run(program: FakeProgram, spec: SpawnSpec, pid: number, inside: Child | undefined): Child {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), spec.tty ? null : new PassThrough()]
  const abort = new AbortController()
  let size = spec.tty
  const killed = new Promise<ExitStatus>(resolve => {
    abort.signal.addEventListener('abort', () => {
      const signal = String(abort.signal.reason)
      resolve({ code: 128 + (NUMBERS[signal] ?? 0), signal })
    })
  })
  const ran = (async (): Promise<ExitStatus> => {
    await null
    const seen = { spec, stdin, stdout, stderr: stderr ?? stdout, signal: abort.signal, size: () => size }
    return { code: await program(inside ? { ...seen, inside } : seen) }
  })().catch(() => ({ code: 1 }))
  const exited = Promise.race([killed, ran]).then(async status => {
    for (const stream of [stdout, stderr]) stream?.end()
    stdin.destroy()
    stdin.on('error', () => {})
    await Promise.all([stdout, stderr].map(drained))
    return status
  })
  return {
    pid,
    stdin,
    stdout,
    stderr,
    exited,
    kill: signal => abort.abort(signal),
    resize: (columns, rows) => {
      size = { columns, rows }
    },
  }
}

const drained = (stream: Readable | null): Promise<void> =>
  !stream || stream.readableEnded || stream.readableFlowing === null
    ? Promise.resolve()
    : new Promise(resolve => stream.once('end', resolve).once('close', resolve))

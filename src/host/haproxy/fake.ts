import type { Command } from '../../wire/haproxy/command.ts'
import { answerTo, type FakeState, readProgram } from './fake-state.ts'
import { type Haproxy, HaproxyGone, HaproxyRefused, type Program } from './mod.ts'

/** HAProxy's runtime state without a process: what was loaded, and what commands made of it since. */
export interface FakeHaproxy extends Haproxy {
  /** Undefined while nothing serves. */
  readonly state: FakeState | undefined
  /** Each program that was loaded, oldest first. */
  readonly loaded: readonly Program[]
  /** Each command line that was run, in order, over all loads. */
  readonly commands: readonly string[]
  /** Ends the process as kill -9 does. */
  crash(): void
  /** A server that has a request cannot be deleted until this is called with false. */
  setBusy(backend: string, server: string, busy: boolean): void
}

export interface FakeOptions {
  readonly openFiles?: number
  /** Further reasons to refuse a program. */
  readonly refuses?: (program: Program) => readonly string[]
  /** Answers instead of HAProxy, where it returns a text. */
  readonly answers?: (command: Command) => string | undefined
}

const USAGE = {
  cpuSeconds: 1.5,
  startSeconds: 1_700_000_000,
  virtualBytes: 2 ** 27,
  maxVirtualBytes: -1,
  residentBytes: 2 ** 25,
  openFiles: 40,
  maxFiles: 20_000,
}

export function fakeHaproxy(options: FakeOptions = {}): FakeHaproxy {
  const goneHandlers = new Set<() => void>()
  const loaded: Program[] = []
  const commands: string[] = []
  let state: FakeState | undefined
  let pid = 100
  const read = (program: Program): FakeState => {
    const alerts: string[] = [...(options.refuses?.(program) ?? [])]
    const next = readProgram(program, alerts)
    if (alerts.length > 0) throw new HaproxyRefused(alerts)
    return next
  }
  return {
    openFiles: options.openFiles ?? 20_000,
    cpus: 2,
    get state() {
      return state
    },
    loaded,
    commands,
    async check(program) {
      read(program)
    },
    async load(program) {
      state = read(program)
      loaded.push(program)
      return { pid: ++pid, version: '2.6.12' }
    },
    usage: async () => (state ? USAGE : undefined),
    async run(batch) {
      const serving = state
      if (!serving) throw new HaproxyGone()
      await Promise.resolve()
      if (state !== serving) throw new HaproxyGone()
      return batch.map(command => {
        commands.push(command.line)
        return options.answers?.(command) ?? answerTo(serving, command, pid)
      })
    },
    onGone(handler) {
      goneHandlers.add(handler)
      return () => goneHandlers.delete(handler)
    },
    async stop() {
      state = undefined
    },
    crash() {
      state = undefined
      for (const handler of [...goneHandlers]) handler()
    },
    setBusy(backend, server, busy) {
      const found = state?.backends.get(backend)?.get(server)
      if (found) found.busy = busy
    },
  }
}

import type { Command } from '../../wire/haproxy/command.ts'

/** A whole configuration. Other files are named in it, and here, relative to it. */
export interface Program {
  readonly config: string
  readonly files: ReadonlyMap<string, string>
}

/** The process that now serves. */
export interface Serving {
  readonly pid: number
  /** As in 2.6.12. */
  readonly version: string
  /** How long its files took to write. */
  readonly writeMs?: number
}

/** Of the process that serves; -1 where there is no limit. */
export interface Usage {
  readonly cpuSeconds: number
  /** Since 1970. */
  readonly startSeconds: number
  readonly virtualBytes: number
  readonly maxVirtualBytes: number
  readonly residentBytes: number
  readonly openFiles: number
  readonly maxFiles: number
}

/** One HAProxy with its folder. Methods that change it are called one after another, never at the same time. */
export interface Haproxy {
  /** How many files a process may open here: bounds maxconn, since a start beyond it fails. */
  readonly openFiles: number
  /** How many threads can run at once. */
  readonly cpus: number
  /** Rejects with HaproxyRefused when the program is not valid; touches nothing that runs. */
  check(program: Program): Promise<void>
  /**
   * Serves this program from now on. When a process runs, the new one takes its sockets over and no connection is lost; the
   * old one ends with its last request. Resolves when the new one answers; rejects with HaproxyRefused, and the old one
   * goes on, when the program is not valid.
   */
  load(program: Program): Promise<Serving>
  /**
   * Sends commands to the process that serves, in order, many under way at once; resolves to their answers, which may be
   * errors in words. Rejects with HaproxyGone when the process ended before the last answer: what was done is lost anyway.
   */
  run(commands: readonly Command[]): Promise<readonly string[]>
  /** Undefined while none serves. */
  usage(): Promise<Usage | undefined>
  /** Called when the process that serves has ended without having been told to. Returns the way to stop listening. */
  onGone(handler: () => void): () => void
  /** Takes no new connections, lets requests end for so long, then kills; nothing of its files is left. */
  stop(graceMs: number): Promise<void>
}

/** The program was not accepted; `alerts` is what HAProxy said about it. */
export class HaproxyRefused extends Error {
  override readonly name = 'HaproxyRefused'
  readonly alerts: readonly string[]
  constructor(alerts: readonly string[]) {
    super(`HAProxy refused the program: ${alerts.join('; ').slice(0, 1000) || 'no reason given'}`)
    this.alerts = alerts
  }
}

/** No process serves (any more). */
export class HaproxyGone extends Error {
  override readonly name = 'HaproxyGone'
  constructor() {
    super('HAProxy is not running')
  }
}

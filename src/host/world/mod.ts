/**
 * A world: one process tree in network, mount, PID, UTS and IPC namespaces of its own (and a user namespace when the user is not
 * root), made by unshare(1) with a tiny shell as PID 1. When it ends, the kernel ends everything in it.
 */
import type { Readable } from 'node:stream'

/** A process and when it started, so that a reused pid is never taken for it. */
export interface WorldId {
  /** Of the outer unshare(1), as this machine numbers it. */
  readonly pid: number
  readonly startTime: string
}

export interface WorldSpec {
  /** In a user namespace of its own: needed unless root. */
  readonly user: boolean
  /** Node's arguments. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Everything it prints is appended here. */
  readonly logFile: string
  /** Descriptors it inherits as 4, 5, 6 ...; closed here afterwards. 3 is the pipe of `reports`. */
  readonly inherit: readonly number[]
}

export interface StartedWorld {
  readonly id: WorldId
  /** What the world writes to descriptor 3; ends when it closes that, or ends. */
  readonly reports: Readable
}

export interface WorldDriver {
  /** What unshare(1) says when such a world cannot be made; undefined when it can. */
  refusal(user: boolean): Promise<string | undefined>
  start(spec: WorldSpec): Promise<StartedWorld>
  /** The running world whose arguments end with these. */
  find(args: readonly string[]): WorldId | undefined
  /** False also for a process that has ended and waits to be reaped. */
  alive(id: WorldId): boolean
  /** Asks it to end, and kills it after the grace. Resolves when it is gone. */
  stop(id: WorldId, graceMs: number): Promise<void>
}

export interface Settlement {
  /** Of the UTS namespace. */
  readonly hostname: string
  /** What programs in the world find in /etc/resolv.conf; the machine's own would lead out of it. */
  readonly resolvConf: string
}

/** The world from inside: for its first process. */
export interface WorldInside {
  /** Gives the world a /run of its own (empty, with /run/netns), a /sys that shows its links, a name and a resolver. */
  settle(settlement: Settlement): void
}

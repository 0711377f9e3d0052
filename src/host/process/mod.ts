import type { Readable, Writable } from 'node:stream'
import type { Netns } from '../netns/mod.ts'

export interface Mount {
  /** An absolute path on this side. */
  readonly source: string
  readonly target: string
  readonly readOnly?: boolean
}

export interface SpawnSpec {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The namespace to run in; absent = this process's. */
  readonly netns?: Netns
  /**
   * Own mount, PID, UTS and IPC namespaces; absent = this process's. The files are a private copy of this machine's: /etc,
   * /var, /opt and /srv writable, /tmp, /run, /home and /root empty, the rest read-only; what is written is lost with the
   * sandbox. Targets of mounts are made, and so is cwd. readOnlyRoot leaves only the mounts writable.
   */
  readonly sandbox?: { readonly hostname: string; readonly mounts: readonly Mount[]; readonly readOnlyRoot?: boolean }
  /** Ignored where the driver cannot switch users. */
  readonly uid?: number
  readonly gid?: number
  /** Further groups; without any, and with a user, none. */
  readonly groups?: readonly number[]
  /** The only capabilities that the command, and whatever it runs, can come to have: NET_RAW ... Absent: all there are. */
  readonly capabilities?: readonly string[]
  /** Neither set-user-ID files nor file capabilities give it more than it has. */
  readonly noNewPrivileges?: boolean
  /** A controlling terminal instead of pipes; stderr is then null. */
  readonly tty?: { readonly columns: number; readonly rows: number }
  /** Descriptors to inherit, after 0-2. */
  readonly inherit?: readonly number[]
}

export interface ExitStatus {
  readonly code: number
  readonly signal?: string
}

export interface Child {
  /** As this process sees it. */
  readonly pid: number
  /** Pipes (so that /dev/stdout can be opened). Writing after the end of the process is no error. */
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable | null
  /** Resolves once, when the process has ended and the output that somebody reads has been read. */
  readonly exited: Promise<ExitStatus>
  kill(signal: NodeJS.Signals): void
  /** Only with a tty. */
  resize(columns: number, rows: number): void
}

export interface ProcessDriver {
  /** Rejects with code ENOENT when the command or a mount's source does not exist, EACCES when it may not run. */
  spawn(spec: SpawnSpec): Promise<Child>
  /** Runs a further command in the namespaces of a child (exec). Rejects with ESRCH when the child has ended. */
  enter(child: Child, spec: Omit<SpawnSpec, 'netns' | 'sandbox'>): Promise<Child>
  /** False for a user namespace with a single user (rootless without subordinate ids). */
  readonly canSwitchUser: boolean
  /** Finds a command in the given PATH, or undefined. */
  which(command: string, path?: string): string | undefined
  /** What tells a process from any later one with the same pid (its start time); undefined when it has ended (a zombie has). */
  identity(pid: number): string | undefined
  /** SIGKILL to a process that an earlier run of this program left behind; nothing when the pid is another's by now. */
  endOrphan(pid: number, identity: string): void
}

import type { Child, ExitStatus } from '../../../host/process/mod.ts'

/** What runs in a container: a process of this machine, or a server inside this one. */
export interface Workload {
  /** Resolves once, when it and its output have ended. */
  readonly exited: Promise<ExitStatus>
  /** SIGTERM: it may take its time. */
  terminate(): void
  /** One of ours, which hears SIGTERM as often as it is sent, but not before it has loaded: as init of its PID namespace it misses the first. */
  readonly isRole?: boolean
  /** SIGKILL. */
  kill(): void
  /** Why it could not go on, where it knows. */
  failure?(): string | undefined
  /** Absent for a builtin. */
  readonly child?: Child
}

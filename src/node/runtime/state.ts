import type { FsDriver } from '../../host/fs/mod.ts'
import type { NetnsDriver } from '../../host/netns/mod.ts'
import type { Mount, ProcessDriver } from '../../host/process/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/log.ts'
import type { Builtin } from './builtins/mod.ts'
import type { BuiltinDeps } from './container/builtin.ts'
import type { ContainerStatus } from './mod.ts'
import type { Pod } from './pod.ts'

export interface RuntimeDeps {
  readonly netns: NetnsDriver
  readonly socket: SocketDriver
  readonly process: ProcessDriver
  readonly fs: FsDriver
  readonly clock: Clock
  readonly log: Logger
}

export interface RuntimeOptions {
  /** Holds pods' files and logs, and what a runtime after this one must know. As lasting as the pods' namespaces. */
  readonly stateDir: string
  /** Servers that the caller brings, by image repository: `fairlead/dns`. */
  readonly builtins: ReadonlyMap<string, Builtin>
  /** Programs of our own, by image repository: `fairlead/router` -> its command line. */
  readonly roles: ReadonlyMap<string, readonly string[]>
  /** What those programs see of this machine beside its files: sockets and credentials. */
  readonly roleMounts: readonly Mount[]
  /** Of each of an attempt's two log files. */
  readonly logLimitBytes: number
  /** PEM, for stand-ins that speak TLS; asked for once. */
  readonly certificate: () => Promise<{ readonly cert: string; readonly key: string }>
}

/** The runtime as its parts see it. */
export interface Runtime {
  readonly deps: RuntimeDeps & { readonly soon: (f: () => void) => void }
  readonly options: RuntimeOptions
  readonly pods: Map<string, Pod>
  readonly builtinDeps: BuiltinDeps
  readonly standIn: Builtin
  builtin(name: string): Builtin
  /** Busybox's applets, ready in their folder. */
  applets(): Promise<ReadonlySet<string>>
  /** Notes a container's change on disk and tells those who listen. */
  changed(pod: Pod, status: ContainerStatus): void
}

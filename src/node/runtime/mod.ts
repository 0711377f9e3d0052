/**
 * The pod runtime: a process apart from the node agents, as a container runtime is from the kubelet. It makes and holds
 * containers in namespaces that the agent's CNI made; it knows nothing of the Kubernetes API. One serves every node of a
 * twin. Agents and the API reach it through a Unix socket and find everything again after their own restart.
 */
import type { Duplex, Readable } from 'node:stream'

/** How a container came to run; `why` is what `kubectl describe pod` tells. */
export type RunsAs = 'builtin' | 'process' | 'stand-in'

export interface ContainerPort {
  readonly name?: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
}

export interface SandboxSpec {
  /** The pod's UID: the sandbox's identity. */
  readonly podUid: string
  readonly namespace: string
  readonly name: string
  readonly node: string
  /** A namespace under /run/netns; the node's own for hostNetwork. */
  readonly netns: string
  readonly hostname: string
  readonly podIps: readonly string[]
  readonly hostNetwork: boolean
  /** Text of the files each container sees. */
  readonly resolvConf: string
  readonly hosts: string
}

export interface ContainerSpec {
  readonly podUid: string
  readonly name: string
  /** Counts restarts: (podUid, name, attempt) is the container's identity. */
  readonly attempt: number
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingDir?: string
  readonly ports: readonly ContainerPort[]
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly tty: boolean
  readonly uid?: number
  readonly gid?: number
  /** Further groups of its processes. */
  readonly groups?: readonly number[]
  /** The only capabilities its processes can have; absent: all. */
  readonly capabilities?: readonly string[]
  readonly noNewPrivileges?: boolean
  /** Its servers are refused (EACCES) lower ports, as the kernel refuses its processes; absent: none. */
  readonly lowestPort?: number
  readonly readOnlyRoot?: boolean
  /** A file that it may write why it ended into; with `fromLog`, the end of its log stands in for an empty one after a failure. */
  readonly termination?: { readonly path: string; readonly fromLog: boolean }
  readonly mounts: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[]
  /** A container of the pod whose processes and files it shares while that runs as a process of this machine (kubectl debug --target). */
  readonly target?: string
  /** appProtocol by port, from Services if known: decides what a stand-in speaks. */
  readonly appProtocols?: Readonly<Record<number, string>>
}

export type ContainerPhase =
  | { readonly state: 'running'; readonly startedAtMs: number }
  | {
      readonly state: 'exited'
      readonly startedAtMs: number
      readonly finishedAtMs: number
      readonly exitCode: number
      readonly signal?: string
      /** RuntimeRestarted: it ended with the runtime that ran it, through no fault of its own. */
      readonly reason: 'Completed' | 'Error' | 'ContainerCannotRun' | 'RuntimeRestarted'
      readonly message?: string
    }

export interface ContainerStatus {
  readonly podUid: string
  readonly name: string
  readonly attempt: number
  readonly id: string
  readonly runsAs: RunsAs
  readonly why: string
  readonly phase: ContainerPhase
}

export interface SandboxStatus {
  readonly spec: SandboxSpec
  /** Stopped for good: its namespace is let go of, its logs and its containers' ends are kept. */
  readonly stopped: boolean
  /** The latest attempt of each container, and the one before it. */
  readonly containers: readonly ContainerStatus[]
}

/** `all` comes first: everything there is on the node. After it each change of a container, without a gap. */
export type RuntimeEvent =
  | { readonly type: 'all'; readonly sandboxes: readonly SandboxStatus[] }
  | { readonly type: 'container'; readonly status: ContainerStatus }

export interface LogOptions {
  readonly podUid: string
  readonly container: string
  readonly previous?: boolean
  readonly follow?: boolean
  readonly timestamps?: boolean
  readonly tailLines?: number
  readonly limitBytes?: number
  readonly sinceTimeMs?: number
}

/** The streams of exec and attach. stderr is absent with a TTY. Resolves `exit` when the process has ended. */
export interface ProcessStreams {
  readonly stdin: Duplex | null
  readonly stdout: Readable
  readonly stderr: Readable | null
  resize(columns: number, rows: number): void
  readonly exit: Promise<{ readonly code: number; readonly signal?: string }>
  /** Ends the process (exec) or lets go of it (attach). */
  close(): void
}

export interface ExecSpec {
  readonly podUid: string
  readonly container: string
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly tty: boolean
}

/** A refusal, worded for the user. Unavailable: the runtime cannot be reached; try again. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
  readonly reason: 'NotFound' | 'Invalid' | 'Failed' | 'Unavailable'
  constructor(reason: 'NotFound' | 'Invalid' | 'Failed' | 'Unavailable', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

/** What agents and the API server call. Throws RuntimeError. */
export interface PodRuntime {
  runSandbox(spec: SandboxSpec): Promise<void>
  /** SIGTERM, grace, SIGKILL for each container; the namespace is let go of, logs and statuses stay. Idempotent. */
  stopSandbox(podUid: string, graceSeconds: number): Promise<void>
  /** As stopSandbox, then the sandbox is forgotten with its logs. Idempotent. */
  removeSandbox(podUid: string, graceSeconds: number): Promise<void>
  /**
   * Resolves when it runs (a server of ours when it serves), or has ended because it could not. An attempt that was started
   * before is answered as it is now. Throws NotFound without a sandbox.
   */
  startContainer(spec: ContainerSpec): Promise<ContainerStatus>
  /** SIGTERM, grace, SIGKILL. Resolves when it has ended; a container that does not run is fine. */
  stopContainer(podUid: string, name: string, graceSeconds: number): Promise<void>
  /** Sandboxes of one node, or of all. */
  list(node?: string): Promise<readonly SandboxStatus[]>
  /** Ends when the signal aborts; throws Unavailable when the connection ends. */
  events(node: string, signal: AbortSignal): AsyncIterable<RuntimeEvent>
  logs(options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer>
  exec(spec: ExecSpec): Promise<ProcessStreams>
  attach(podUid: string, container: string): Promise<ProcessStreams>
  /** A connection to a port inside the pod. */
  portForward(podUid: string, port: number): Promise<Duplex>
  close(): void
}

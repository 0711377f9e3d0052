/** What the command line does with twins. `launch.ts`, `stop.ts` and `control/` implement it; `supervise.ts` is the other end. */
import type { Readable, Writable } from 'node:stream'
import type { Progress } from '../client/mod.ts'
import type { ConfigRequest, Profile } from './config.ts'

export interface Ports {
  readonly api: number
  readonly http: number
  readonly https: number
}

/** state.json in the twin's folder ($XDG_DATA_HOME/fairlead/<name>), while it runs. */
export interface TwinState {
  readonly name: string
  /** The outer unshare(1): killing it ends the world. With its start time, so that a reused pid is never signalled. */
  readonly pid: number
  readonly startTime: string
  readonly ports: Ports
  /** False while it is being started. */
  readonly serves: boolean
}

export interface LaunchRequest extends ConfigRequest {
  /** Ports of 127.0.0.1 asked for by name: an error when they are taken. Others are chosen. */
  readonly publish?: Partial<Ports>
  readonly rootless?: boolean
}

export interface Launched {
  readonly state: TwinState
  readonly profile: Profile
  readonly kubeconfig: string
  /** The twin was running already: nothing was done. */
  readonly already: boolean
}

export interface Twins {
  /** Starts a twin and returns when its network serves. Throws UserError; nothing is left half started. */
  launch(request: LaunchRequest, progress: (step: string) => void, signal?: AbortSignal): Promise<Launched>
  /** Ends it and waits until all is gone. False when it was not running. `forget` removes its state too. */
  stop(name: string, options?: { readonly forget?: boolean }): Promise<boolean>
  /** Twins that have a state folder. */
  list(): Promise<readonly { readonly name: string; readonly state: TwinState | undefined }[]>
  kubeconfigPath(name: string): string
  /** Throws UserError when the twin does not run. */
  control(name: string): Promise<TwinControl>
}

export interface RoleStatus {
  /** api, runtime, node-1 ..., outside. */
  readonly name: string
  readonly pid: number | undefined
  readonly restarts: number
  readonly state: 'running' | 'starting' | 'waiting' | 'stopped'
  readonly progress?: Progress
}

export interface NodeStatus {
  readonly name: string
  readonly address: string
  /** In a dual-stack twin. */
  readonly address6?: string
  readonly link: 'up' | 'cut' | 'down'
}

export interface TwinStatus {
  readonly name: string
  readonly profile: string
  readonly uptimeMs: number
  readonly ports: Ports
  readonly roles: readonly RoleStatus[]
  readonly nodes: readonly NodeStatus[]
  /** `is`: in a few words, what it does at present. */
  readonly outside: readonly OutsideStatus[]
}

export interface OutsideStatus {
  readonly name: string
  readonly address: string
  /** In a dual-stack twin. */
  readonly address6?: string
  readonly is: string
}

/** One process inside the world, with its streams. */
export interface RemoteProcess {
  readonly stdin: Writable | null
  readonly stdout: Readable
  readonly stderr: Readable | null
  resize(columns: number, rows: number): void
  readonly exit: Promise<number>
}

export interface TwinControl {
  status(): Promise<TwinStatus>
  /** Runs a command in the namespaces of a node or outside host, or in a pod's (namespace/name). Throws UserError for unknown names. */
  exec(target: string, command: readonly string[], options: { readonly tty: boolean }): Promise<RemoteProcess>
  /**
   * stop: agent, pods and link down; start: back; cut: only its link down (start mends it); add: one more node, its name is returned.
   * The load balancers lb-1 and lb-2 can be stopped, started and cut too.
   */
  node(action: 'add' | 'stop' | 'start' | 'cut', name?: string): Promise<string>
  /** Lines a role has written; ends with the last one unless `follow`. */
  logs(
    role: string,
    options: { readonly follow: boolean; readonly tail?: number },
    signal: AbortSignal,
  ): AsyncIterable<Buffer>
  close(): void
}

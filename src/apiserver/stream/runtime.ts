/**
 * What the streaming subresources need of the pod runtime. The shape is that of PodRuntime in node/runtime, which this
 * room may not import; whoever composes the process hands the runtime's client in.
 */
import type { Duplex, Readable } from 'node:stream'

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

export interface StreamRuntime {
  logs(options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer>
  exec(spec: ExecSpec): Promise<ProcessStreams>
  attach(podUid: string, container: string): Promise<ProcessStreams>
  portForward(podUid: string, port: number): Promise<Duplex>
}

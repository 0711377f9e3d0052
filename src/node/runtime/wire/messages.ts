import { messageOf } from '../../../lib/errors.ts'
import type { ContainerSpec, ExecSpec, LogOptions, RuntimeEvent, SandboxSpec } from '../mod.ts'
import { RuntimeError } from '../mod.ts'

/** Calls that are answered by one value; many may be under way on one connection, told apart by `id`. */
export type Call =
  | { readonly op: 'runSandbox'; readonly spec: SandboxSpec }
  | { readonly op: 'stopSandbox' | 'removeSandbox'; readonly podUid: string; readonly graceSeconds: number }
  | { readonly op: 'startContainer'; readonly spec: ContainerSpec }
  | { readonly op: 'stopContainer'; readonly podUid: string; readonly name: string; readonly graceSeconds: number }
  | { readonly op: 'list'; readonly node?: string }

/** The first frame of a connection that carries one stream. */
export type Open =
  | { readonly op: 'events'; readonly node: string }
  | { readonly op: 'logs'; readonly options: LogOptions }
  | { readonly op: 'exec'; readonly spec: ExecSpec }
  | { readonly op: 'attach'; readonly podUid: string; readonly container: string }
  | { readonly op: 'portForward'; readonly podUid: string; readonly port: number }

export type FromClient =
  | ({ readonly id: number } & Call)
  | Open
  | { readonly resize: readonly [columns: number, rows: number] }

export interface WireError {
  readonly reason: RuntimeError['reason']
  readonly message: string
}

export type FromServer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  /** A stream begins. */
  | { readonly opened: { readonly stdin: boolean; readonly stderr: boolean } }
  | { readonly error: WireError }
  | { readonly event: RuntimeEvent }
  | { readonly exit: { readonly code: number; readonly signal?: string } }

export const isCall = (message: FromClient): message is { readonly id: number } & Call => 'id' in message
export const isOpen = (message: FromClient): message is Open => 'op' in message && !('id' in message)

export const wireError = (error: unknown): WireError =>
  error instanceof RuntimeError
    ? { reason: error.reason, message: error.message }
    : { reason: 'Failed', message: messageOf(error) }
export const fromWire = ({ reason, message }: WireError): RuntimeError => new RuntimeError(reason, message)

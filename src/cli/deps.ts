import type { ReadStream, WriteStream } from 'node:tty'
import type { Client } from '../client/mod.ts'
import type { Clock } from '../lib/clock.ts'
import type { Twins } from '../twin/mod.ts'
import type { Probe } from './doctor/checks.ts'

/** What the verbs work with; `main/cli.ts` gives the real ones. */
export interface CliDeps {
  readonly twins: Twins
  readonly snapshots: Snapshots
  readonly clock: Clock
  readonly probe: Probe
  readonly version: string
  /** The twin's API with the administrator's certificate. Throws UserError when the twin does not run. */
  api(name: string): Promise<Client>
  /** Throws the system's error. */
  readFile(path: string): Promise<string>
  /** Absolute paths of the .yaml files of a folder of this installation (examples/shop), in order. */
  example(name: string): Promise<readonly string[]>
  /** One HTTPS request to a port of 127.0.0.1 under a name; certificates are not checked, but their names are told. */
  fetch(
    port: number,
    host: string,
    path: string,
  ): Promise<{ readonly status: number; readonly certificateNames: string }>
  /** For results: a script may read them. */
  out(text: string): void
  /** For progress and remarks. */
  err(text: string): void
  readonly stdin: ReadStream
  readonly stdout: WriteStream
  readonly stderr: WriteStream
  /** Aborts at ^C. */
  readonly interrupted: AbortSignal
}

/** All objects of a twin as one file. Paths may be relative. */
export interface Snapshots {
  /** At one revision, whether the twin runs or not. Throws UserError. */
  save(name: string, file: string): Promise<{ readonly count: number; readonly revision: number }>
  /** Of a twin that does not run. Throws UserError, and has then changed nothing. */
  restore(name: string, file: string): Promise<{ readonly count: number; readonly before?: string }>
}

export interface NamedOption {
  readonly name: string
}

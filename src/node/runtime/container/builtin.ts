import type { SecureContext } from 'node:tls'
import type { ExitStatus } from '../../../host/process/mod.ts'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Hub } from '../builtins/hub.ts'
import type { Builtin, BuiltinContext, CommandResult } from '../builtins/mod.ts'
import { podSockets } from '../builtins/sockets.ts'
import type { ContainerSpec, SandboxSpec } from '../mod.ts'
import type { Output } from './output.ts'
import type { Place } from './process.ts'
import type { Workload } from './workload.ts'

export interface BuiltinDeps {
  readonly socket: SocketDriver
  readonly clock: Clock
  readonly hub: Hub
  readonly certificate: () => Promise<SecureContext>
  readonly run: (
    spec: ContainerSpec,
    place: Place,
    command: readonly string[],
    signal?: AbortSignal,
  ) => Promise<CommandResult>
  readonly file: (spec: ContainerSpec, path: string) => Buffer | undefined
  readonly entries: (spec: ContainerSpec, path: string) => readonly string[]
}

/** Resolves when the server serves. One that fails to start has ended with code 1, its reason on stderr. */
export async function startBuiltin(
  deps: BuiltinDeps,
  pod: SandboxSpec,
  spec: ContainerSpec,
  place: Place,
  what: { readonly builtin: Builtin; readonly args: readonly string[] },
  output: Pick<Output, 'write'>,
): Promise<Workload> {
  const stop = new AbortController()
  const sockets = podSockets(deps.socket, place.netns, deps.hub, place.isRole ? 0 : spec.lowestPort)
  let killed = (_exit: ExitStatus): void => {}
  const kill = new Promise<ExitStatus>(resolve => {
    killed = resolve
  })
  const line = (stream: 'stdout' | 'stderr') => (text: string) => void output.write(stream, Buffer.from(`${text}\n`))
  const context: BuiltinContext = {
    args: what.args,
    env: place.env,
    image: spec.image,
    container: spec.name,
    ports: spec.ports,
    appProtocols: spec.appProtocols ?? {},
    pod,
    sockets,
    netns: place.netns,
    driver: deps.socket,
    clock: deps.clock,
    out: line('stdout'),
    err: line('stderr'),
    certificate: deps.certificate,
    file: path => deps.file(spec, path),
    entries: path => deps.entries(spec, path),
    run: (command, signal) => deps.run(spec, place, command, signal),
    signal: stop.signal,
  }
  let failure: string | undefined
  const started = (async () => what.builtin(context))().catch((error: unknown) => {
    context.err(messageOf(error))
    failure = messageOf(error)
    return undefined
  })
  const ended = (async (): Promise<ExitStatus> => {
    const running = await started
    if (!running) return { code: 1 }
    const code = await running.exited
    await sockets.drain()
    return { code }
  })()
  const exited = Promise.race([ended, kill]).finally(() => {
    stop.abort()
    sockets.close()
  })
  await Promise.race([started, kill])
  return {
    exited,
    failure: () => failure,
    terminate: () => stop.abort(),
    kill: () => killed({ code: 137, signal: 'SIGKILL' }),
  }
}

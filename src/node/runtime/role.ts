import type { Role } from '../../client/mod.ts'
import type { Logger } from '../../lib/log.ts'
import { selfSigned } from './certificate.ts'
import { createRuntime } from './runtime.ts'
import type { RuntimeDeps, RuntimeOptions } from './state.ts'
import { serveConnection } from './wire/server.ts'

export interface RuntimeRoleOptions
  extends Pick<RuntimeOptions, 'stateDir'>,
    Partial<Omit<RuntimeOptions, 'stateDir'>> {
  /** Where agents and the API server find it. */
  readonly socketPath: string
}

const LOG_LIMIT_BYTES = 2 * 1024 * 1024

/** The pod runtime's process. Resolves when its socket accepts; ends, with all it runs, when the signal aborts. */
export async function startRuntime(deps: RuntimeDeps, options: RuntimeRoleOptions, signal: AbortSignal): Promise<Role> {
  const runtime = createRuntime(deps, {
    builtins: new Map(),
    roles: new Map(),
    roleMounts: [],
    logLimitBytes: LOG_LIMIT_BYTES,
    certificate: selfSigned,
    ...options,
  })
  const log: Logger = deps.log.child({ role: 'runtime' })
  const connections = new Set<{ destroy(): void }>()
  const server = deps.socket.server(socket => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    serveConnection(runtime, socket, log)
  })
  await deps.socket.listenUnix(server, options.socketPath)
  log.info({ socket: options.socketPath }, 'the pod runtime accepts')
  const done = new Promise<void>(resolve => {
    const stop = async (): Promise<void> => {
      server.close()
      runtime.close()
      for (const connection of connections) connection.destroy()
      const pods = await runtime.list()
      await Promise.all(pods.map(pod => runtime.stopSandbox(pod.spec.podUid, 0)))
      resolve()
    }
    if (signal.aborted) void stop()
    else signal.addEventListener('abort', () => void stop(), { once: true })
  })
  return { progress: () => ({ observed: Number.MAX_SAFE_INTEGER, busy: [] }), done }
}

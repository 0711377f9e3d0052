import { startRuntime } from '../node/runtime/role.ts'
import { fromArgs } from '../twin/flags.ts'
import { ROUTER_FOLDER, ROUTER_KUBECONFIG, RUNTIME_FLAGS } from '../twin/roles.ts'
import { serveAdmin } from './admin.ts'
import { realHost } from './host.ts'
import { createLog } from './log.ts'
import { PROGRAM } from './program.ts'
import { runRole, stopSignal } from './signals.ts'

/** The pod runtime of a twin: every node's containers, with DNS servers and routers among them. */
export async function runtime(args: readonly string[]): Promise<void> {
  const options = fromArgs('runtime', RUNTIME_FLAGS, args)
  const log = createLog('runtime')
  const signal = stopSignal()
  const { netns, sockets, processes, fs, clock } = await realHost()
  const role = await startRuntime(
    { netns, socket: sockets, process: processes, fs, clock, log },
    {
      socketPath: options.socket,
      stateDir: options.stateDir,
      builtins: new Map(),
      roles: new Map([['fairlead/router', [...PROGRAM, 'router', `--kubeconfig=${ROUTER_KUBECONFIG}`]]]),
      roleMounts: [{ source: ROUTER_FOLDER, target: ROUTER_FOLDER, readOnly: true }],
    },
    signal,
  )
  serveAdmin(options.admin, role.progress, signal)
  await runRole(role, log)
}

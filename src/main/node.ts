import { fromArgs } from '../twin/flags.ts'
import { NODE_FLAGS } from '../twin/roles.ts'
import { serveAdmin } from './admin.ts'
import { connect } from './connect.ts'
import { realHost } from './host.ts'
import { createLog } from './log.ts'
import { runRole, stopSignal } from './signals.ts'

/** The agent of one node: its network and its pods. Runs wholly inside the node's network namespace. */
export async function node(args: readonly string[]): Promise<void> {
  const options = fromArgs('node', NODE_FLAGS, args)
  const log = createLog(options.name)
  const signal = stopSignal()
  await realHost()
  const { progress } = await connect(options.kubeconfig, log, signal)
  serveAdmin(options.admin, progress.progress, signal)
  await runRole({ progress: progress.progress, done: new Promise(() => {}) }, log)
}

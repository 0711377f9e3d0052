import { parseFlags } from '../flags.ts'
import type { Builtin } from '../mod.ts'
import { ended, untilStopped } from '../mod.ts'

/** Says what it was started with. */
export const entrypointTester: Builtin = async context => {
  context.out(`[${['/agnhost', 'entrypoint-tester', ...context.args].join(' ')}]`)
  return ended(0)
}

/** Takes connections and resets them when something comes. */
export const tcpReset: Builtin = async context => {
  const port = Number(parseFlags(context.args).string('port', '8080'))
  await context.sockets.tcp(port, socket => void socket.once('data', () => socket.resetAndDestroy()))
  context.out(`Listening on port ${port}`)
  return untilStopped(context.signal)
}

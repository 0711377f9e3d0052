import { accessLogged, answering } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { untilStopped } from '../mod.ts'

/** For each variable SERVE_PORT_<n> a server on port n that answers with the variable's value. */
export const porter: Builtin = async context => {
  for (const [name, value] of Object.entries(context.env)) {
    const port = /^SERVE_PORT_(\d+)$/.exec(name)?.[1]
    if (port === undefined) continue
    await context.sockets.http(
      Number(port),
      accessLogged(
        context,
        answering(() => ({ body: value })),
      ),
    )
    context.out(`server on port ${port} ready`)
  }
  return untilStopped(context.signal)
}

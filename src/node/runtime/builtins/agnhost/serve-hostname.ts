import { parseFlags } from '../flags.ts'
import { accessLogged, answering } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { untilStopped } from '../mod.ts'

/** Answers every request, connection or datagram with the pod's name. */
export const serveHostname: Builtin = async context => {
  const flags = parseFlags(context.args, ['http', 'tcp', 'udp', 'close'])
  const port = flags.number('port', 9376)
  const name = context.pod.hostname
  if (flags.boolean('udp', false)) await context.sockets.udp(port, message => message.reply(name))
  if (flags.boolean('tcp', false))
    await context.sockets.tcp(port, socket => {
      socket.write(`${name}\n`)
      if (flags.boolean('close', false)) socket.end()
      else socket.resume()
    })
  else if (flags.boolean('http', true) && !flags.boolean('udp', false))
    await context.sockets.http(
      port,
      accessLogged(
        context,
        answering(() => ({ body: name })),
      ),
    )
  context.out(`Serving on port ${port}.`)
  return untilStopped(context.signal)
}

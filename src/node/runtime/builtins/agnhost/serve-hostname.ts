import { parseFlags } from '../flags.ts'
import { accessLogged, answering, hostPort, plainAddress } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { ended, untilStopped } from '../mod.ts'

/** Answers every request, connection or datagram with the pod's name. */
export const serveHostname: Builtin = async context => {
  const flags = parseFlags(context.args, ['http', 'tcp', 'udp', 'close'])
  const port = flags.number('port', 9376)
  const [http, tcp, udp] = [flags.boolean('http', true), flags.boolean('tcp', false), flags.boolean('udp', false)]
  const name = context.pod.hostname
  if (http && (tcp || udp)) {
    context.err("Can't server TCP/UDP mode and HTTP mode at the same time")
    return ended(1)
  }
  if (tcp)
    await context.sockets.tcp(port, socket => {
      context.out(`TCP request from ${hostPort(plainAddress(socket.remoteAddress), socket.remotePort)}`)
      socket.end(name)
    })
  if (udp)
    await context.sockets.udp(port, message => {
      context.out(`UDP request from ${hostPort(plainAddress(message.address), message.port)}`)
      message.reply(name)
    })
  const headers = flags.boolean('close', false) ? { connection: 'close' } : {}
  const handler = accessLogged(
    context,
    answering(() => ({ headers, body: name })),
  )
  if (http) await context.sockets.http(port, handler)
  context.out(`Serving on port ${port}.`)
  return untilStopped(context.signal)
}

import { parseFlags } from '../flags.ts'
import { accessLogged, answering } from '../http.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { untilStopped } from '../mod.ts'
import { tlsFrom } from './tls.ts'

/** For each variable SERVE_[TCP_|UDP_|TLS_]PORT_<n> a server on port n that answers with the variable's value. */
export const porter: Builtin = async context => {
  const isJson = parseFlags(context.args, ['json-response']).boolean('json-response', false)
  for (const [name, value] of Object.entries(context.env)) {
    const [, kind = '', port] = /^SERVE_(TCP_|UDP_|TLS_)?PORT_(\d+)$/.exec(name) ?? []
    if (port === undefined) continue
    if (kind === 'UDP_') await context.sockets.udp(Number(port), message => message.reply(value))
    else await serve(context, Number(port), kind === 'TLS_', value, isJson)
    context.out(`server on port ${port} ready`)
  }
  return untilStopped(context.signal)
}

async function serve(
  context: BuiltinContext,
  port: number,
  isTls: boolean,
  value: string,
  isJson: boolean,
): Promise<void> {
  const answer = answering(({ method }) =>
    isJson
      ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Method: method, Body: value }) }
      : { body: value },
  )
  const handler = accessLogged(context, answer)
  const { CERT_FILE = 'localhost.crt', KEY_FILE = 'localhost.key' } = context.env
  if (isTls) await context.sockets.https(port, handler, tlsFrom(context, CERT_FILE, KEY_FILE))
  else await context.sockets.http(port, handler)
}

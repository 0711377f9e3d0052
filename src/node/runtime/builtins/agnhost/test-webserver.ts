import { parseFlags } from '../flags.ts'
import { accessLogged, answering } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { untilStopped } from '../mod.ts'

/** A plain web server on port 80. */
export const testWebserver: Builtin = async context => {
  const port = parseFlags(context.args).number('port', 80)
  const handler = answering(request => ({
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: request.url === '/' ? `<pre>\n<a href="etc/">etc/</a>\n</pre>\n` : `${context.pod.hostname}\n`,
  }))
  await context.sockets.http(port, accessLogged(context, handler))
  return untilStopped(context.signal)
}

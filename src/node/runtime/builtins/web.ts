import { parseFlags } from './flags.ts'
import type { Answer } from './http.ts'
import { accessLogged, answering, contentTypeOf, targetOf } from './http.ts'
import type { Builtin, BuiltinContext, HttpHandler, Request } from './mod.ts'
import { untilStopped } from './mod.ts'
import { mountedServers } from './nginx/config.ts'
import { nginxWith } from './nginx/nginx.ts'
import type { Questions } from './questions.ts'
import { withQuestions } from './questions.ts'

const page = (title: string, text: string): string =>
  `<!DOCTYPE html>\n<html>\n<head><title>${title}</title></head>\n<body><h1>${title}</h1><p>${text}</p></body>\n</html>\n`

/** A file of a mounted document root, by the request's path; undefined where nothing is mounted there. */
function mountedFile(context: BuiltinContext, root: string, path: string): Answer | undefined {
  const name = path.endsWith('/') ? `${path}index.html` : path
  const body = context.file(`${root}${name}`)
  return body && { headers: { 'content-type': contentTypeOf(name) ?? 'application/octet-stream' }, body }
}

interface Site {
  readonly port: number
  readonly root: string
  readonly server: string
  readonly welcome: string
}

const site =
  ({ port, root, server, welcome }: Site): Builtin =>
  async context => {
    const answer = (request: Request): Answer => {
      const { path } = targetOf(request)
      const found = mountedFile(context, root, path)
      if (found) return { ...found, headers: { ...found.headers, server } }
      const known = path === '/' || path === '/index.html'
      const body = known ? welcome : page('404 Not Found', server)
      return { status: known ? 200 : 404, headers: { 'content-type': 'text/html', server }, body }
    }
    await context.sockets.http(port, accessLogged(context, answering(answer)), { h2c: true })
    context.out(`${server} serves ${root} on port ${port}`)
    return untilStopped(context.signal)
  }

const WELCOME = page('Welcome to nginx!', 'Fairlead answers in the place of the nginx image.')
const NGINX: Questions = {
  name: 'nginx',
  fallback: '1.29.0',
  version: version => `nginx version: nginx/${version}`,
  check(context) {
    mountedServers(context)
    const file = 'configuration file /etc/nginx/nginx.conf'
    return `nginx: the ${file} syntax is ok\nnginx: ${file} test is successful`
  },
}
export const nginx = withQuestions(nginxWith(80, WELCOME), NGINX)
export const nginxUnprivileged = withQuestions(nginxWith(8080, WELCOME), NGINX)
const apache = site({
  port: 80,
  root: '/usr/local/apache2/htdocs',
  server: 'Apache',
  welcome: '<html><body><h1>It works!</h1></body></html>\n',
})
export const httpd = withQuestions(apache, {
  name: 'httpd',
  fallback: '2.4.65',
  version: version => `Server version: Apache/${version} (Unix)`,
  check: () => 'Syntax OK',
})

const text = (
  context: BuiltinContext,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): HttpHandler =>
  accessLogged(
    context,
    answering(() => ({ status, headers, body })),
  )

/** OpenShift's first sample: one sentence on two ports. */
export const helloOpenshift: Builtin = async context => {
  const handler = text(context, `${context.env.RESPONSE || 'Hello OpenShift!'}\n`)
  for (const port of [Number(context.env.PORT || 8080), Number(context.env.SECOND_PORT || 8888)]) {
    await context.sockets.http(port, handler)
    context.out(`serving on ${port}`)
  }
  return untilStopped(context.signal)
}

/** HashiCorp's http-echo: -text, -listen and -status-code. */
export const httpEcho: Builtin = async context => {
  const flags = parseFlags(context.args)
  const body = flags.string('text', context.env.ECHO_TEXT ?? 'hello-world')
  const port = Number(flags.string('listen', ':5678').split(':').at(-1))
  const status = flags.number('status-code', 200)
  await context.sockets.http(port, text(context, `${body}\n`, { 'x-app-name': 'http-echo' }, status))
  context.out(`server is listening on :${port}`)
  return untilStopped(context.signal)
}

export const pause: Builtin = async context => untilStopped(context.signal)

import { request as httpRequest } from 'node:http'
import { tlsFrom } from '../agnhost/tls.ts'
import type { Answer } from '../http.ts'
import { accessLogged, answering, authorityOf, clientOf, contentTypeOf, hostPort, send, targetOf } from '../http.ts'
import type { Builtin, BuiltinContext, HttpHandler, Request, Response } from '../mod.ts'
import { untilStopped } from '../mod.ts'
import { resolveHost } from '../resolve.ts'
import type { Server } from './config.ts'
import { locationFor, mountedServers, serverFor } from './config.ts'
import type { Directive } from './parse.ts'

const ROOT = '/usr/share/nginx/html'

/**
 * As the image does: what is mounted under /etc/nginx is obeyed (listen, server_name, location, root, alias, index,
 * try_files, return, add_header, default_type, proxy_pass, ssl_certificate), files come from volumes; other directives are passed over.
 */
export const nginxWith =
  (fallbackPort: number, welcome: string): Builtin =>
  async context => {
    const servers = mountedServers(context) ?? [DEFAULT(fallbackPort)]
    const ports = new Map(
      servers.flatMap(one => one.ports.map(({ port, isTls }) => [port, { isTls, of: one }] as const)),
    )
    for (const [port, { isTls, of }] of ports) {
      const handler = accessLogged(context, serve(context, servers, port, welcome))
      const files = (name: string): string => argsOf(of.directives, name)?.[0] ?? ''
      if (isTls)
        await context.sockets.https(
          port,
          handler,
          tlsFrom(context, files('ssl_certificate'), files('ssl_certificate_key')),
        )
      else await context.sockets.http(port, handler, { h2c: true })
      context.out(`nginx listens on port ${port}`)
    }
    return untilStopped(context.signal)
  }

const DEFAULT = (port: number): Server => ({
  ports: [{ port, isTls: false, isDefault: true }],
  names: [],
  directives: [],
  locations: [],
})

/** The innermost that was said last. */
const argsOf = (directives: readonly Directive[], name: string): readonly string[] | undefined =>
  directives.findLast(one => one.name === name)?.args

function serve(context: BuiltinContext, servers: readonly Server[], port: number, welcome: string): HttpHandler {
  return (request, response) => {
    const server = serverFor(servers, port, authorityOf(request).replace(/:\d+$/, ''))
    const { path } = targetOf(request)
    const location = locationFor(server, path)
    const own = location?.directives ?? []
    const said = [...server.directives, ...own]
    const target = argsOf(own, 'proxy_pass')?.[0]
    // A server's own return comes before every location.
    const back = argsOf(server.directives, 'return') ?? argsOf(own, 'return')
    if (back) send(request, response, returned(request, said, back))
    else if (target) proxy(context, request, response, expand(request, target), location!.path)
    else answering(() => fileOf(context, request, said, location?.path ?? '/', welcome))(request, response)
  }
}

const VARIABLES: Readonly<Record<string, (request: Request) => string>> = {
  host: request => authorityOf(request).replace(/:\d+$/, ''),
  http_host: authorityOf,
  uri: request => targetOf(request).path,
  request_uri: request => request.url ?? '/',
  args: request => targetOf(request).query.toString(),
  request_method: request => request.method ?? '',
  remote_addr: request => clientOf(request).replace(/:\d+$/, ''),
  server_port: request => String(request.socket.localPort),
  scheme: request => ('encrypted' in request.socket ? 'https' : 'http'),
  hostname: () => '',
}

const expand = (request: Request, text: string): string =>
  text.replace(/\$\{?(\w+)\}?/g, (_, name: string) => {
    if (Object.hasOwn(VARIABLES, name)) return VARIABLES[name]!(request)
    return name.startsWith('http_') ? String(request.headers[name.slice(5).replaceAll('_', '-')] ?? '') : ''
  })

function headersOf(request: Request, said: readonly Directive[]): Record<string, string> {
  const headers: Record<string, string> = { server: 'nginx' }
  for (const { name, args } of said)
    if (name === 'add_header' && args[0]) headers[args[0].toLowerCase()] = expand(request, args[1] ?? '')
  return headers
}

function returned(request: Request, said: readonly Directive[], [code = '200', ...rest]: readonly string[]): Answer {
  const text = expand(request, rest.join(' '))
  const status = /^\d+$/.test(code) ? Number(code) : 302
  const location = /^\d+$/.test(code) ? text : expand(request, code)
  const headers = headersOf(request, said)
  if (status >= 300 && status < 400)
    return { status, headers: { ...headers, location, 'content-type': 'text/html' }, body: page(status) }
  const type = argsOf(said, 'default_type')?.[0] ?? 'text/plain'
  return text === '' && status >= 400
    ? { status, headers: { ...headers, 'content-type': 'text/html' }, body: page(status) }
    : { status, headers: { ...headers, 'content-type': type }, body: text }
}

const TITLES: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  403: 'Forbidden',
  404: 'Not Found',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
}
const page = (status: number): string => {
  const title = `${status} ${TITLES[status] ?? ''}`.trim()
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`
}

function fileOf(
  context: BuiltinContext,
  request: Request,
  said: readonly Directive[],
  prefix: string,
  welcome: string,
): Answer {
  const { path } = targetOf(request)
  const headers = headersOf(request, said)
  const root = argsOf(said, 'root')?.[0] ?? ROOT
  const alias = argsOf(said, 'alias')?.[0]
  const placeOf = (name: string): string =>
    alias === undefined ? `${root.replace(/\/$/, '')}${name}` : `${alias}${name.slice(prefix.length)}`
  const tries = argsOf(said, 'try_files')?.map(one => expand(request, one)) ?? [path, `${path}/`]
  const indexes = argsOf(said, 'index') ?? ['index.html', 'index.htm']
  for (const one of tries) {
    const code = /^=(\d+)$/.exec(one)?.[1]
    if (code)
      return { status: Number(code), headers: { ...headers, 'content-type': 'text/html' }, body: page(Number(code)) }
    for (const name of one.endsWith('/') ? indexes.map(index => `${one}${index}`) : [one]) {
      const body = context.file(placeOf(name))
      const type = contentTypeOf(name) ?? argsOf(said, 'default_type')?.[0] ?? 'application/octet-stream'
      if (body) return { headers: { ...headers, 'content-type': type }, body }
    }
  }
  if (root === ROOT && /^\/(index\.html)?$/.test(path))
    return { headers: { ...headers, 'content-type': 'text/html' }, body: welcome }
  return { status: 404, headers: { ...headers, 'content-type': 'text/html' }, body: page(404) }
}

/** With a path of its own the target's takes the place of the location's. */
function proxy(context: BuiltinContext, request: Request, response: Response, target: string, prefix: string): void {
  const [, host = '', port = '80', path = ''] = /^http:\/\/([^/:]+)(?::(\d+))?(\/.*)?$/.exec(target) ?? []
  const url = request.url ?? '/'
  const failed = (why: string): void => {
    context.err(`[error] ${why} while connecting to upstream, upstream: ${JSON.stringify(target)}`)
    if (!response.headersSent)
      send(request, response, {
        status: 502,
        headers: { server: 'nginx', 'content-type': 'text/html' },
        body: page(502),
      })
    else response.destroy()
  }
  resolveHost(context, host).then(address => {
    if (address === undefined) return failed(`host not found in upstream ${JSON.stringify(host)}`)
    const socket = context.sockets.connect(address, Number(port)).on('error', error => failed(String(error)))
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith(':')))
    const outgoing = httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: path === '' ? url : `${path}${url.slice(prefix.length)}`,
      headers: { ...headers, host: Number(port) === 80 ? host : hostPort(host, Number(port)), connection: 'close' },
    })
    outgoing.on('error', error => failed(error.message))
    outgoing.on('response', incoming => {
      const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...rest } = incoming.headers
      response.writeHead(incoming.statusCode ?? 502, { ...rest, server: 'nginx' } as unknown as Record<string, string>)
      incoming.pipe(response as never)
    })
    request.pipe(outgoing)
  }, failed)
}

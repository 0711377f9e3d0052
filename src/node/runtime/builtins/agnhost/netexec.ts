import { parseDuration, parseFlags } from '../flags.ts'
import type { Answer } from '../http.ts'
import { accessLogged, answering, bodyOf, clientOf, hostPort, plainAddress, targetOf } from '../http.ts'
import type { Builtin, BuiltinContext, Datagram, Request } from '../mod.ts'
import { dial } from './dial.ts'
import { tlsFrom } from './tls.ts'

/** What of a server's state its answers tell about. */
interface Server {
  /** Without a UDP server it never is: so it is with the image. */
  isReady: boolean
  readonly startMs: number
  readonly exit: (code: number) => void
}

/** HTTP and UDP endpoints that tell about the pod, the client and the network. */
export const netexec: Builtin = async context => {
  const flags = parseFlags(context.args)
  const httpPort = flags.number('http-port', 8080)
  const udpPort = flags.number('udp-port', 8081)
  const override = flags.string('http-override', '')
  const delayMs = flags.number('delay-shutdown', 0) * 1000
  const certFile = flags.string('tls-cert-file', '')
  let exit = (_code: number): void => {}
  const exited = new Promise<number>(resolve => {
    exit = resolve
  })
  const server: Server = { isReady: false, startMs: context.clock.monotonic(), exit: code => exit(code) }
  context.signal.addEventListener('abort', () => void context.clock.after(delayMs, () => exit(0)), { once: true })
  const overridden = override === '' ? undefined : new URL(override, 'http://any')
  const handler = accessLogged(
    context,
    answering(request => answer(context, server, request, overridden)),
  )
  if (certFile === '') await context.sockets.http(httpPort, handler)
  else
    await context.sockets.https(httpPort, handler, tlsFrom(context, certFile, flags.string('tls-private-key-file', '')))
  context.out(`Started HTTP server on port ${httpPort}`)
  if (udpPort !== -1) {
    await context.sockets.udp(udpPort, message => datagram(context, message))
    context.out(`Started UDP server on port  ${udpPort}`)
    server.isReady = true
  }
  return { exited }
}

interface Call {
  readonly context: BuiltinContext
  readonly server: Server
  readonly request: Request
  readonly query: URLSearchParams
}

const hostname = ({ context }: Call): Answer => ({ body: context.pod.hostname })
const wrong = (name: string, what: string, text: string | null): Answer => ({
  body: `argument '${name}' must be ${what} or empty, got ${JSON.stringify(text)}\n`,
})
const isInteger = (text: string | null): boolean => !text || /^[+-]?\d+$/.test(text)

const ENDPOINTS: Readonly<Record<string, (call: Call) => Answer | Promise<Answer>>> = {
  '/': ({ context, server }) => ({ body: `NOW: ${goTime(context, server.startMs)}` }),
  '/clientip': ({ request }) => ({ body: clientOf(request) }),
  '/serverport': ({ request }) => ({ body: String(request.socket?.localPort ?? '') }),
  '/hostname': hostname,
  '/hostName': hostname,
  '/healthz': ({ server }) => ({ status: server.isReady ? 200 : 412 }),
  '/header': ({ request, query }) => ({ body: String(request.headers[(query.get('key') ?? '').toLowerCase()] ?? '') }),
  '/echo': ({ query }) => {
    const code = query.get('code')
    if (!isInteger(code)) return wrong('code', 'an integer', code)
    return { status: statusOf(code, 200), body: query.get('msg') ?? '' }
  },
  '/redirect': ({ query, request }) => {
    const [code, location] = [query.get('code'), query.get('location') ?? '']
    if (!isInteger(code)) return wrong('code', 'an integer', code)
    const status = statusOf(code, 302)
    const words: Readonly<Record<number, string>> = {
      301: 'Moved Permanently',
      302: 'Found',
      307: 'Temporary Redirect',
    }
    const body = request.method === 'GET' ? `<a href="${escaped(location)}">${words[status] ?? 'Found'}</a>.\n\n` : ''
    return { status, headers: { location, 'content-type': 'text/html; charset=utf-8' }, body }
  },
  '/dial': ({ context, query }) => dial(context, query),
  '/shell': ({ context, query }) => shell(context, query),
  '/upload': ({ context, request }) => upload(context, request),
  '/exit': call => leave(call),
  '/shutdown': ({ context, server }) => {
    context.clock.after(0, () => server.exit(0))
    return { body: '' }
  },
}

/** --http-override: every request is answered as this path and query would be. */
function answer(
  context: BuiltinContext,
  server: Server,
  request: Request,
  override: URL | undefined,
): Answer | Promise<Answer> {
  const { path, query } = override ? { path: override.pathname, query: override.searchParams } : targetOf(request)
  const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path]! : ENDPOINTS['/']!
  return endpoint({ context, server, request, query })
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)

const statusOf = (text: string | null, fallback: number): number => {
  const code = Number(text || fallback)
  return code >= 200 && code <= 599 ? code : fallback
}

/** As Go prints a time. */
function goTime({ clock }: BuiltinContext, startMs: number): string {
  const text = new Date(clock.now()).toISOString()
  return `${text.replace('T', ' ').replace('Z', '')} +0000 UTC m=+${((clock.monotonic() - startMs) / 1000).toFixed(9)}`
}

function leave({ context, server, query }: Call): Answer | Promise<Answer> {
  for (const name of ['timeout', 'wait'])
    if (query.get(name) && parseDuration(query.get(name)!) === undefined)
      return wrong(name, 'a valid golang duration', query.get(name))
  if (!isInteger(query.get('code'))) return wrong('code', 'an integer [0-127]', query.get('code'))
  const code = Number(query.get('code') || 0) & 0xff
  const waitMs = parseDuration(query.get('wait') || '0s') ?? 0
  // With a timeout connections are let end; the answer is not waited for in either case.
  context.clock.after(waitMs, () => server.exit(code))
  return { body: '' }
}

async function shell(context: BuiltinContext, query: URLSearchParams): Promise<Answer> {
  const command = query.get('shellCommand') || query.get('cmd') || ''
  context.out(`GET /shell?cmd=${JSON.stringify(command)}`)
  const { code, stdout } = await context.run(['sh', '-c', `exec 2>&1\n${command}`], context.signal)
  const error = code === 0 ? {} : { error: `exit status ${code}` }
  return { body: JSON.stringify({ ...error, ...(stdout === '' ? {} : { output: stdout }) }) }
}

const MAX_UPLOAD_BYTES = 16 * 1024 * 1024

/** The part of a form that is named `file` goes into the container's /uploads. */
async function upload(context: BuiltinContext, request: Request): Promise<Answer> {
  const boundary = /boundary="?([^";]+)/.exec(String(request.headers['content-type'] ?? ''))?.[1]
  const text = (await bodyOf(request, MAX_UPLOAD_BYTES)).toString('latin1')
  const part = boundary && text.split(`--${boundary}`).find(one => /name="file"/.test(one.split('\r\n\r\n')[0]!))
  if (!part) return { body: JSON.stringify({ error: 'Unable to upload file.' }) }
  const bytes = Buffer.from(part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, ''), 'latin1')
  const script =
    'mkdir -p /uploads && file=$(mktemp /uploads/uploadXXXXXXXXX) && printf %s "$1" | base64 -d >"$file" && chmod 0700 "$file" && echo "$file"'
  const { code, stdout } = await context.run(['sh', '-c', script, 'sh', bytes.toString('base64')], context.signal)
  if (code !== 0) return { body: JSON.stringify({ error: 'Unable to open file for write' }) }
  return { status: 201, body: JSON.stringify({ output: stdout.trim() }) }
}

function datagram(context: BuiltinContext, message: Datagram): void {
  const text = message.data.toString('utf8').trim().toLowerCase()
  const client = hostPort(plainAddress(message.address), message.port)
  context.out(`${client} udp ${JSON.stringify(text.slice(0, 100))}`)
  if (text === 'hostname') message.reply(context.pod.hostname)
  else if (text === 'clientip') message.reply(client)
  else if (text.startsWith('echo ')) message.reply(text.slice('echo '.length))
}

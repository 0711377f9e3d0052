import { parseDuration, parseFlags } from '../flags.ts'
import type { Answer } from '../http.ts'
import { accessLogged, answering, clientOf, hostPort, plainAddress, targetOf } from '../http.ts'
import type { Builtin, BuiltinContext, Datagram, Request } from '../mod.ts'
import { dial } from './dial.ts'

/** HTTP and UDP endpoints that tell about the pod, the client and the network. */
export const netexec: Builtin = async context => {
  const flags = parseFlags(context.args)
  const httpPort = flags.number('http-port', 8080)
  const udpPort = flags.number('udp-port', 8081)
  const override = flags.string('http-override', '')
  const delayMs = flags.number('delay-shutdown', 0) * 1000
  let exit = (_code: number): void => {}
  const exited = new Promise<number>(resolve => {
    exit = resolve
  })
  context.signal.addEventListener('abort', () => void context.clock.after(delayMs, () => exit(0)), { once: true })
  const handler = answering(request => answer(context, request, exit))
  const overridden = override === '' ? handler : answering(() => answerAt(context, override))
  await context.sockets.http(httpPort, accessLogged(context, overridden))
  context.out(`Started HTTP server on port ${httpPort}`)
  if (udpPort !== -1) {
    await context.sockets.udp(udpPort, message => datagram(context, message))
    context.out(`Started UDP server on port ${udpPort}`)
  }
  return { exited }
}

type Endpoint = (
  context: BuiltinContext,
  request: Request,
  query: URLSearchParams,
  exit: (code: number) => void,
) => Answer | Promise<Answer>

const hostname: Endpoint = context => ({ body: context.pod.hostname })

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/': context => ({ body: `NOW: ${new Date(context.clock.now()).toISOString()}` }),
  '/clientip': (_, request) => ({ body: clientOf(request) }),
  '/serverport': (_, request) => ({ body: String(request.socket.localPort) }),
  '/hostname': hostname,
  '/hostName': hostname,
  '/healthz': () => ({ status: 200 }),
  '/header': (_, request, query) => ({ body: String(request.headers[(query.get('key') ?? '').toLowerCase()] ?? '') }),
  '/echo': (_, __, query) => ({ status: statusOf(query.get('code'), 200), body: query.get('msg') ?? '' }),
  '/redirect': (_, __, query) => ({
    status: statusOf(query.get('code'), 302),
    headers: { location: query.get('location') ?? '' },
  }),
  '/dial': (context, _, query) => dial(context, query),
  '/shell': (context, _, query) => shell(context, query),
  '/exit': (context, _, query, exit) => {
    const timeoutMs = parseDuration(query.get('timeout') ?? query.get('wait') ?? '0s') ?? 0
    context.clock.after(timeoutMs, () => exit(Number(query.get('code') ?? 0) & 0xff))
    return { body: '' }
  },
  '/shutdown': (context, _, __, exit) => {
    context.clock.after(0, () => exit(0))
    return { body: '' }
  },
}

function answer(context: BuiltinContext, request: Request, exit: (code: number) => void): Answer | Promise<Answer> {
  const { path, query } = targetOf(request)
  const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path]! : ENDPOINTS['/']!
  return endpoint(context, request, query, exit)
}

/** --http-override: every request is answered as this path and query would be. */
function answerAt(context: BuiltinContext, target: string): Answer | Promise<Answer> {
  const url = new URL(target, 'http://any')
  const endpoint = Object.hasOwn(ENDPOINTS, url.pathname) ? ENDPOINTS[url.pathname]! : ENDPOINTS['/']!
  return endpoint(context, { headers: {}, socket: {} } as Request, url.searchParams, () => {})
}

const statusOf = (text: string | null, fallback: number): number => {
  const code = Number(text ?? fallback)
  return Number.isInteger(code) && code >= 200 && code <= 599 ? code : fallback
}

async function shell(context: BuiltinContext, query: URLSearchParams): Promise<Answer> {
  const command = query.get('shellCommand') ?? query.get('cmd') ?? ''
  const result = await context.run(['sh', '-c', command], context.signal)
  const output = `${result.stdout}${result.stderr}`
  return { body: JSON.stringify(result.code === 0 ? { output } : { output, error: `exit status ${result.code}` }) }
}

function datagram(context: BuiltinContext, message: Datagram): void {
  const text = message.data.toString('utf8').trim()
  const client = hostPort(plainAddress(message.address), message.port)
  context.out(`${client} udp ${JSON.stringify(text.slice(0, 100))}`)
  if (/^hostname$/i.test(text)) message.reply(context.pod.hostname)
  else if (/^clientip$/i.test(text)) message.reply(client)
  else if (/^echo /i.test(text)) message.reply(message.data.toString('utf8').trimStart().slice('echo '.length))
}

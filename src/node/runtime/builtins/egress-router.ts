import type { Socket } from 'node:net'
import type { ProxyRule } from '../../../model/egress-router/legacy.ts'
import {
  forwards,
  LEGACY_LINK,
  legacySettings,
  MACVLAN_ANNOTATION,
  mayPass,
  proxyRules,
} from '../../../model/egress-router/legacy.ts'
import type { Builtin, BuiltinContext } from './mod.ts'
import { ended, untilStopped } from './mod.ts'
import { resolveHost } from './resolve.ts'

/** The node's agent has made link and rules before the first container; what is left is to say what is wrong. */
export const egressRouter: Builtin = async context => {
  const { mode, address, gateway, rules, fallback } = legacySettings(context.env)
  const { code } = await context.run(['ip', 'link', 'show', LEGACY_LINK], context.signal)
  if (code !== 0)
    throw new Error(`the pod has no link ${LEGACY_LINK}: it needs the annotation ${MACVLAN_ANNOTATION}: "true"`)
  context.out(`egress router in mode ${mode}: ${address} by ${gateway}`)
  for (const { protocol, port, to, targetPort } of rules) context.out(`${port}/${protocol} -> ${to}:${targetPort}`)
  if (fallback) context.out(`all other ports -> ${fallback}`)
  return mode === 'legacy' ? untilStopped(context.signal) : ended(0)
}

/** TCP ports that lead to names or addresses outside. */
export const egressDnsProxy: Builtin = async context => {
  for (const { port, target, targetPort } of forwards(context.env.EGRESS_DNS_PROXY_DESTINATION ?? '')) {
    await context.sockets.tcp(port, async socket => {
      const address = await resolveHost(context, target)
      if (address) join(socket, context.sockets.connect(address, targetPort))
      else {
        context.err(`${target} has no address`)
        socket.destroy()
      }
    })
    context.out(`${port} -> ${target}:${targetPort}`)
  }
  return untilStopped(context.signal)
}

const PROXY_PORT = 8080
const HEAD_BYTES = 65_536
const REFUSALS = { 400: 'Bad Request', 403: 'Forbidden', 502: 'Bad Gateway' } as const

/** An HTTP proxy: CONNECT, and requests for absolute URLs; a connection carries one of either. */
export const egressHttpProxy: Builtin = async context => {
  const rules = proxyRules(context.env.EGRESS_HTTP_PROXY_DESTINATION ?? '')
  await context.sockets.tcp(PROXY_PORT, socket => serve(context, rules, socket))
  context.out(`proxy on ${PROXY_PORT}, ${rules.length} rules`)
  return untilStopped(context.signal)
}

function serve(context: BuiltinContext, rules: readonly ProxyRule[], socket: Socket): void {
  let seen = Buffer.alloc(0)
  const read = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf('\r\n\r\n')
    if (end < 0 && seen.length < HEAD_BYTES) return
    socket.off('data', read).pause()
    const head = seen.subarray(0, Math.max(end, 0)).toString('latin1')
    proxy(context, rules, socket, head, seen.subarray(end + 4)).catch(() => refuse(socket, 502))
  }
  socket.on('error', () => {}).on('data', read)
}

async function proxy(
  context: BuiltinContext,
  rules: readonly ProxyRule[],
  socket: Socket,
  head: string,
  rest: Buffer,
): Promise<void> {
  const [first = '', ...headers] = head.split('\r\n')
  const target = targetOf(first)
  if (!target) return refuse(socket, 400)
  const address = await resolveHost(context, target.host)
  const verdict = mayPass(rules, target.host, address ? [address] : []) ? 'allowed' : 'denied'
  context.out(`${first.split(' ', 2).join(' ')} ${verdict}`)
  if (verdict === 'denied') return refuse(socket, 403)
  if (!address) return refuse(socket, 502)
  const onward = context.sockets.connect(address, target.port)
  onward.once('error', () => refuse(socket, 502))
  if (target.request === undefined) {
    onward.once('connect', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    onward.write(rest)
  } else {
    const kept = headers.filter(line => !/^(proxy-[^:]*|connection):/i.test(line))
    onward.write(`${[target.request, ...kept, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1')
    onward.write(rest)
  }
  join(socket, onward)
}

interface Target {
  readonly host: string
  readonly port: number
  /** Absent: a tunnel. */
  readonly request?: string
}

function targetOf(line: string): Target | undefined {
  const [, method = '', where = '', version = ''] = /^([A-Z]+) (\S+) (HTTP\/1\.[01])$/.exec(line) ?? []
  if (method === 'CONNECT') {
    const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(where) ?? []
    return host === '' ? undefined : { host, port: Number(port) }
  }
  if (!where.startsWith('http://') || !URL.canParse(where)) return undefined
  const { hostname, port, pathname, search } = new URL(where)
  const request = `${method} ${pathname}${search} ${version}`
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), request }
}

function refuse(socket: Socket, status: keyof typeof REFUSALS): void {
  if (socket.destroyed || socket.writableEnded) return
  const text = `${status} ${REFUSALS[status]}`
  socket.end(
    `HTTP/1.1 ${text}\r\nContent-Type: text/plain\r\nContent-Length: ${text.length + 1}\r\nConnection: close\r\n\r\n${text}\n`,
  )
}

/** Bytes both ways until both have ended. */
function join(a: Socket, b: Socket): void {
  const end = (): void => {
    a.destroy()
    b.destroy()
  }
  for (const socket of [a, b]) socket.on('error', end)
  a.on('close', () => b.destroy())
  b.on('close', () => a.end())
  a.pipe(b)
  b.pipe(a)
  a.resume()
}

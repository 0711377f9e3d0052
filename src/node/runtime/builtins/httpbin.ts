import { createHash } from 'node:crypto'
import { repositoryOf } from '../images.ts'
import type { Answer } from './http.ts'
import { accessLogged, answering, authorityOf, bodyOf, headerLines, plainAddress, targetOf } from './http.ts'
import type { Builtin, BuiltinContext, Request } from './mod.ts'
import { untilStopped } from './mod.ts'

const MAX_BYTES = 100 * 1024
const MAX_DELAY_SECONDS = 10

const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'access-control-allow-origin': '*' },
  body: `${JSON.stringify(value, null, 2)}\n`,
})

/** One value as it is, several as a list. */
function collected(entries: Iterable<readonly [string, string]>): Record<string, string | string[]> {
  const all: Record<string, string[]> = {}
  for (const [name, value] of entries) all[name] = [...(all[name] ?? []), value]
  return Object.fromEntries(
    Object.entries(all).map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
  )
}

const titled = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())

function headersOf(request: Request): Record<string, string> {
  const headers: Record<string, string> = { Host: authorityOf(request) }
  for (const [name, value] of headerLines(request)) {
    const title = titled(name.toLowerCase())
    headers[title] = title in headers && title !== 'Host' ? `${headers[title]},${value}` : value
  }
  return headers
}

async function told(request: Request, withBody: boolean): Promise<Record<string, unknown>> {
  const { query } = targetOf(request)
  const { encrypted } = request.socket as { encrypted?: boolean }
  const scheme = request.headers['x-forwarded-proto'] ?? (encrypted ? 'https' : 'http')
  const forwarded = request.headers['x-forwarded-for']
  const common = {
    args: collected(query),
    headers: headersOf(request),
    origin: forwarded === undefined ? plainAddress(request.socket.remoteAddress) : String(forwarded),
    url: `${scheme}://${authorityOf(request)}${request.url ?? '/'}`,
  }
  if (!withBody) return common
  const text = (await bodyOf(request)).toString('utf8')
  const isForm = /^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? '')
  const form = isForm ? collected(new URLSearchParams(text)) : {}
  return {
    ...common,
    data: isForm ? '' : text,
    files: {},
    form,
    json: isForm ? null : parsed(text),
    method: request.method,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

type Handle = (request: Request, rest: readonly string[], context: BuiltinContext) => Answer | Promise<Answer>

const echo =
  (method: string): Handle =>
  async request => {
    if (request.method !== method && !(method === 'GET' && request.method === 'HEAD'))
      return { status: 405, headers: { allow: method }, body: 'Method Not Allowed\n' }
    const { method: _, ...all } = await told(request, method !== 'GET')
    return json(all)
  }

const anything: Handle = async request => json({ ...(await told(request, true)), method: request.method })
const number = (text: string | undefined, most: number): number => Math.min(Math.max(0, Number(text) || 0), most)
const credentials = (request: Request): string =>
  Buffer.from(/^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '', 'base64').toString('utf8')
const cookiesOf = (request: Request): Record<string, string> =>
  Object.fromEntries(
    (request.headers.cookie ?? '')
      .split(/; */)
      .filter(Boolean)
      .map(pair => [pair.split('=')[0]!, pair.slice(pair.indexOf('=') + 1)]),
  )

/** By the first part of the path. Source: httpbin.org's own page. */
const PATHS: Readonly<Record<string, Handle>> = {
  get: echo('GET'),
  post: echo('POST'),
  put: echo('PUT'),
  patch: echo('PATCH'),
  delete: echo('DELETE'),
  anything,
  headers: request => json({ headers: headersOf(request) }),
  ip: async request => json({ origin: (await told(request, false)).origin }),
  'user-agent': request => json({ 'user-agent': request.headers['user-agent'] ?? null }),
  status: (_, [code]) => ({ status: Math.max(200, number(code, 599)), body: '' }),
  delay: async (request, [seconds], { clock, signal }) => {
    await clock.sleep(number(seconds, MAX_DELAY_SECONDS) * 1000, signal).catch(() => {})
    return anything(request, [], {} as BuiltinContext)
  },
  bytes: (_, [count]) => {
    const body = Buffer.alloc(number(count, MAX_BYTES), createHash('sha256').update(String(count)).digest())
    return { headers: { 'content-type': 'application/octet-stream' }, body }
  },
  redirect: (_, [count]) => {
    const left = number(count, 100)
    return { status: 302, headers: { location: left > 1 ? `/redirect/${left - 1}` : '/get' }, body: '' }
  },
  'redirect-to': request => ({
    status: 302,
    headers: { location: targetOf(request).query.get('url') ?? '/' },
    body: '',
  }),
  'response-headers': request => {
    const headers = collected(targetOf(request).query)
    const answer = json(headers)
    return { ...answer, headers: { ...answer.headers, ...headers } }
  },
  cookies: (request, [verb]) => {
    if (verb !== 'set') return json({ cookies: cookiesOf(request) })
    const set = [...targetOf(request).query].map(([name, value]) => `${name}=${value}; Path=/`)
    return { status: 302, headers: { location: '/cookies', 'set-cookie': set }, body: '' }
  },
  'basic-auth': (request, [user, password]) =>
    credentials(request) === `${user}:${password}`
      ? json({ authenticated: true, user })
      : { status: 401, headers: { 'www-authenticate': 'Basic realm="Fake Realm"' }, body: '' },
  uuid: (_, __, { clock }) => {
    const hex = createHash('sha256').update(String(clock.monotonic())).digest('hex')
    return json({
      uuid: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
    })
  },
  json: () => json({ slideshow: { title: 'Sample Slide Show', author: 'Fairlead', slides: [] } }),
  html: () => ({
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!DOCTYPE html>\n<html><body><h1>httpbin</h1></body></html>\n',
  }),
  'robots.txt': () => ({ body: 'User-agent: *\nDisallow: /deny\n' }),
}

/** httpbin's main paths. The original listens on 80, go-httpbin on 8080; a declared port wins. */
export const httpbin: Builtin = async context => {
  const usual = repositoryOf(context.image).at(-1) === 'go-httpbin' ? 8080 : 80
  const port = context.ports.find(({ protocol }) => protocol === 'TCP')?.port ?? Number(context.env.PORT || usual)
  const answer = (request: Request): Answer | Promise<Answer> => {
    const [first = '', ...rest] = targetOf(request).path.split('/').slice(1).map(decode)
    if (first === '') return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<h1>httpbin</h1>\n' }
    return Object.hasOwn(PATHS, first) ? PATHS[first]!(request, rest, context) : { status: 404, body: 'Not Found\n' }
  }
  await context.sockets.http(port, accessLogged(context, answering(answer)), { h2c: true })
  context.out(`httpbin listens on port ${port}`)
  return untilStopped(context.signal)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Paths and headers on the two sides of the proxy. Source: k8s.io/apimachinery/pkg/util/proxy. */

export interface ProxyPath {
  /** Up to and with "proxy". */
  readonly prefix: string
  /** What the backend is asked for; absent where the client should come again with a slash at the end. */
  readonly path?: string
}

/** Takes the path as it was sent: the backend decodes it. */
export function splitProxyPath(path: string, namespaced: boolean): ProxyPath {
  const parts = path.split('/')
  const length = namespaced ? 8 : 6
  const prefix = parts.slice(0, length).join('/')
  return parts.length === length ? { prefix } : { prefix, path: `/${parts.slice(length).join('/')}` }
}

/** What concerns one connection alone, and what says who the client is to us. */
const NOT_PASSED = new Set([
  'authorization',
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** Headers for the backend. */
export function passedOn(headers: Headers, prefix: string, path: string): Record<string, string> {
  const passed: Record<string, string> = { 'x-forwarded-uri': prefix + path }
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || NOT_PASSED.has(name) || name.startsWith('impersonate-')) continue
    passed[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return passed
}

/** Headers for the client; several of one name are separated by line feeds. */
export function passedBack(headers: Headers, prefix: string, hosts: readonly string[]): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || NOT_PASSED.has(name)) continue
    passed[name] = typeof value === 'string' ? value : value.join('\n')
  }
  if (passed.location !== undefined) passed.location = throughProxy(passed.location, prefix, hosts)
  return passed
}

/** A redirect of the backend to itself leads through the proxy again. */
function throughProxy(location: string, prefix: string, hosts: readonly string[]): string {
  const [, host = '', path = location] = /^[a-z]+:\/\/([^/?#]*)(.*)$/i.exec(location) ?? []
  if (host !== '' && !hosts.includes(host)) return location
  if (!path.startsWith('/') || path.startsWith(prefix)) return location
  return prefix + path
}

/** What a stand-in tells a client about itself and the request. */
export interface Told {
  readonly pod: string
  readonly namespace: string
  readonly node: string
  readonly container: string
  readonly image: string
  readonly podIPs: readonly string[]
  readonly port: number
  readonly client: string
  readonly method: string
  readonly host: string
  readonly path: string
  readonly proto: string
  readonly tls?: { readonly serverName: string; readonly version: string; readonly alpn: string }
  readonly headers: readonly (readonly [string, string])[]
  readonly bodyBytes: number
}

const HEALTH =
  /^\/(health|healthz|healthcheck|ready|readyz|readiness|live|livez|liveness|ping|startup|startupz|status|up)\/?$/i
const HEALTH_BELOW =
  /^\/(-|actuator\/health|actuator|api\/health|_)\/?(health|healthy|healthz|ready|readyz|live|livez|liveness|readiness)?\/?$/i

/** Paths that probes commonly ask for. */
export const isHealthPath = (path: string): boolean => HEALTH.test(path) || HEALTH_BELOW.test(path)

/** JSON for those who ask for it, else text. */
export const wantsJson = (accept: string | undefined, query: URLSearchParams): boolean =>
  query.get('format') === 'json' || /\bapplication\/([\w.-]+\+)?json\b/.test(accept ?? '')

export function toldJson(told: Told): string {
  const headers: Record<string, string[]> = {}
  for (const [name, value] of told.headers) headers[name] = [...(headers[name] ?? []), value]
  return `${JSON.stringify({ ...told, headers }, null, 1)}\n`
}

export function toldText(told: Told): string {
  const lines = [
    `pod:       ${told.pod}`,
    `namespace: ${told.namespace}`,
    `node:      ${told.node}`,
    `container: ${told.container} (${told.image}; a stand-in)`,
    `address:   ${told.podIPs.join(', ')} port ${told.port}`,
    `client:    ${told.client}`,
    ...(told.tls
      ? [`tls:       ${told.tls.version}, SNI ${told.tls.serverName || 'none'}, ALPN ${told.tls.alpn || 'none'}`]
      : []),
    `request:   ${told.method} ${told.path} ${told.proto}`,
    ...told.headers.map(([name, value]) => `           ${name}: ${value}`),
    ...(told.bodyBytes > 0 ? [`body:      ${told.bodyBytes} bytes`] : []),
  ]
  return `${lines.join('\n')}\n`
}

import { createServer } from 'node:http'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'

/** As kube-proxy's: a change that has waited for so long is a fault (twice its syncPeriod). */
const TIMEOUT_MS = 60_000
export const HEALTHZ_PORT = 10256
export const METRICS_PORT = 10249

/** Whether the rules follow the API. */
export interface ProxyHealth {
  /** Something changed that is not applied yet. */
  queued(): void
  /** All of it is. */
  updated(): void
  /** Rules stand, and no change waits for too long. */
  readonly isHealthy: boolean
  /** Healthy, and not about to go: else load balancers are to look elsewhere. */
  readonly isEligible: boolean
}

export function createProxyHealth(clock: Clock, isLeaving: () => boolean): ProxyHealth {
  let queuedMs: number | undefined
  let isStarted = false
  const isHealthy = (): boolean => isStarted && (queuedMs === undefined || clock.monotonic() - queuedMs < TIMEOUT_MS)
  return {
    queued() {
      queuedMs ??= clock.monotonic()
    },
    updated() {
      isStarted = true
      queuedMs = undefined
    },
    get isHealthy() {
      return isHealthy()
    },
    get isEligible() {
      return isHealthy() && !isLeaving()
    },
  }
}

/** GET /healthz, /livez, /metrics and /proxyMode where kube-proxy has them. Resolves with the way to stop; rejects with EADDRINUSE. */
export async function serveProxyHealth(
  { sockets, netns, clock }: { readonly sockets: SocketDriver; readonly netns: Netns; readonly clock: Clock },
  health: ProxyHealth,
  metrics: () => string,
): Promise<() => void> {
  const started = new Date(clock.now()).toISOString()
  const answer = (path: string): { status: number; text: string } => {
    const isFine = path === '/healthz' ? health.isEligible : path === '/livez' ? health.isHealthy : undefined
    if (isFine === undefined) return { status: 404, text: 'there are /healthz and /livez\n' }
    const currentTime = new Date(clock.now()).toISOString()
    const text = `${JSON.stringify({ lastUpdated: isFine ? currentTime : started, currentTime, nodeEligible: health.isEligible })}\n`
    return { status: isFine ? 200 : 503, text }
  }
  const serve = async (port: number, of: (path: string) => { status: number; text: string }): Promise<() => void> => {
    const server = createServer((request, response) => {
      const { status, text } = of(request.url?.split('?')[0] ?? '')
      response.writeHead(status, { 'content-type': text.startsWith('{') ? 'application/json' : 'text/plain' })
      response.end(text)
    })
    await sockets.listen(server, { netns, port })
    return () => {
      server.close()
      server.closeAllConnections()
    }
  }
  const closeHealth = await serve(HEALTHZ_PORT, answer)
  try {
    const closeMetrics = await serve(METRICS_PORT, path => {
      if (path === '/metrics') return { status: 200, text: metrics() }
      if (path === '/proxyMode') return { status: 200, text: 'nftables' }
      return { status: 404, text: 'there are /metrics and /proxyMode\n' }
    })
    return () => {
      closeHealth()
      closeMetrics()
    }
  } catch (error) {
    closeHealth()
    throw error
  }
}

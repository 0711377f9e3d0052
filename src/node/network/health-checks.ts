import { createServer } from 'node:http'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { HealthCheck } from '../../model/services/health-check.ts'

/** The servers at Services' health check node ports, by which load balancers find nodes that have endpoints. */
export interface HealthChecks {
  /** Makes the Service's server say so; undefined ends it. `service` is "namespace/name". */
  set(service: string, check: HealthCheck | undefined): Promise<void>
  close(): void
}

export interface HealthCheckDeps {
  readonly sockets: SocketDriver
  readonly netns: Netns
  readonly log: Logger
  /** Whether the node does what the API says. */
  readonly isHealthy: () => boolean
}

interface Running {
  check: HealthCheck
  readonly close: () => void
}

/** A port that cannot be taken is logged; all else goes on. */
export function createHealthChecks(deps: HealthCheckDeps): HealthChecks {
  const running = new Map<string, Running>()
  const stop = (service: string): void => {
    running.get(service)?.close()
    running.delete(service)
  }
  return {
    async set(service, check) {
      const known = running.get(service)
      if (known && check?.port === known.check.port) {
        known.check = check
        return
      }
      stop(service)
      if (!check) return
      try {
        const close = await serve(deps, service, check.port, () => running.get(service)?.check.localEndpoints ?? 0)
        running.set(service, { check, close })
      } catch (error) {
        deps.log.warn({ service, port: check.port, error: messageOf(error) }, 'the health check port cannot be served')
      }
    },
    close() {
      for (const service of [...running.keys()]) stop(service)
    },
  }
}

/** Any path is answered: 200 with endpoints here, else 503; the body and the header are kube-proxy's. */
async function serve(
  { sockets, netns, isHealthy }: HealthCheckDeps,
  service: string,
  port: number,
  localEndpoints: () => number,
): Promise<() => void> {
  const [namespace, name] = service.split('/')
  const server = createServer((_, response) => {
    const count = localEndpoints()
    const serviceProxyHealthy = isHealthy()
    response.writeHead(count > 0 && serviceProxyHealthy ? 200 : 503, {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-load-balancing-endpoint-weight': String(count),
    })
    response.end(`${JSON.stringify({ service: { namespace, name }, localEndpoints: count, serviceProxyHealthy })}\n`)
  })
  await sockets.listen(server, { netns, port })
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname } from 'node:path'
import type { Registry } from 'prom-client'
import type { Progress } from '../client/mod.ts'

/** Where every role of a twin can be asked how far it is: one Unix socket each. */
export const ADMIN_FOLDER = '/run/fairlead/admin'

/** What a role can be asked. */
export interface Admin {
  progress(): Progress
  /** Prometheus text of its own, beside the process's. */
  readonly metrics?: () => string
  /** JSON by path. */
  readonly more?: Readonly<Record<string, () => string>>
}

/** Serves GET /progress and what else there is (JSON) and /metrics (Prometheus text) until the signal aborts. */
export function serveAdmin(path: string, admin: Admin | (() => Progress), signal: AbortSignal): void {
  const { progress, metrics, more = {} }: Admin = typeof admin === 'function' ? { progress: admin } : admin
  const json: Readonly<Record<string, () => string>> = { '/progress': () => JSON.stringify(progress()), ...more }
  const server = createServer(async (request, response) => {
    const { url = '' } = request
    if (Object.hasOwn(json, url)) {
      response.setHeader('content-type', 'application/json')
      response.end(json[url]!())
    } else if (url === '/metrics') {
      const register = await processMetrics()
      response.setHeader('content-type', register.contentType)
      response.end((await register.metrics()) + (metrics?.() ?? ''))
    } else {
      response.statusCode = 404
      response.end(`there are ${Object.keys(json).join(', ')} and /metrics\n`)
    }
  })
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  server.listen(path)
  server.unref()
  signal.addEventListener('abort', () => server.close(), { once: true })
}

let collecting = false
/** The process's own metrics take time to load and hook into the garbage collector: only once somebody asks. */
export async function processMetrics(): Promise<Registry> {
  const { collectDefaultMetrics, register } = await import('prom-client')
  if (!collecting) collectDefaultMetrics()
  collecting = true
  return register
}

import type { Route } from './mod.ts'
import { textPage } from './page.ts'

/** The process's metrics in Prometheus' text form. */
export type Metrics = () => Promise<string> | string

export const metricsRoute =
  (metrics: Metrics): Route =>
  async request => {
    if (request.path !== '/metrics' || request.method !== 'GET') return undefined
    const page = textPage(200, await metrics())
    return { ...page, headers: { ...page.headers, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } }
  }

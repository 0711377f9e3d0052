import type { Route } from './mod.ts'
import { textPage } from './page.ts'

/** A named condition; undefined when it is well, else what is wrong. */
export type HealthCheck = readonly [name: string, problem: () => string | undefined]

const PATHS = new Set(['healthz', 'livez', 'readyz'])

/** /healthz, /livez, /readyz; each check also at /readyz/<name>. */
export const healthRoute =
  (checks: readonly HealthCheck[]): Route =>
  request => {
    const [page = '', ...rest] = request.path.slice(1).split('/')
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    if (!PATHS.has(page)) return undefined
    const asked = rest.filter(part => part !== '').join('/')
    const chosen = asked === '' ? checks : checks.filter(([name]) => name === asked)
    if (asked !== '' && chosen.length === 0) return undefined
    const results = chosen.map(([name, problem]) => [name, problem()] as const)
    const failed = results.some(([, problem]) => problem !== undefined)
    if (!failed && !request.query.has('verbose')) return textPage(200, 'ok')
    const lines = results.map(([name, problem]) =>
      problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
    )
    return textPage(failed ? 500 : 200, `${lines.join('\n')}\n${page} check ${failed ? 'failed' : 'passed'}\n`)
  }

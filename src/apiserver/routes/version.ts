import type { Route } from './mod.ts'
import { jsonPage } from './page.ts'

export interface VersionInfo {
  readonly major: string
  readonly minor: string
  readonly gitVersion: string
  readonly gitCommit: string
  readonly gitTreeState: string
  readonly buildDate: string
  readonly goVersion: string
  readonly compiler: string
  readonly platform: string
}

/** The Kubernetes version whose API this is; kubectl compares it with its own. */
export const KUBERNETES_VERSION: VersionInfo = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.13',
  gitCommit: 'fairlead',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `node${process.version.slice(1)}`,
  compiler: 'v8',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
}

export const versionRoute: Route = request => (request.path === '/version' ? jsonPage(KUBERNETES_VERSION) : undefined)

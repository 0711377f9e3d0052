import type { Balance, RouteFacts, RouteTarget } from '../../model/routes/types.ts'
import { optionsOf } from './options.ts'
import type { ClassSpec } from './types.ts'

/** Several Services have turns. */
export const isSharedAmong = (targets: readonly RouteTarget[]): boolean =>
  targets.filter(({ weight }) => weight > 0).length > 1

/** The class of backends a Route needs. Defaults as on OKD: by turns where Services share, else `usual`, or by source for TCP. */
export function classOf(route: RouteFacts, isShared: boolean, usual: Balance = 'random'): ClassSpec {
  if (route.termination === 'passthrough') {
    const tunnelMs = route.tunnelMs ?? route.timeoutMs
    return {
      mode: 'tcp',
      balance: route.balance ?? (isShared ? 'roundrobin' : 'source'),
      ...(tunnelMs === undefined ? {} : { tunnelMs }),
    }
  }
  const { rewrite, headers, forwarded, adjustCase, web } = route
  return {
    mode: 'http',
    balance: route.balance ?? (isShared ? 'roundrobin' : usual),
    ...(optionsOf(route) === undefined ? {} : { options: true }),
    ...(rewrite === undefined ? {} : { rewrite: { path: route.path, target: rewrite } }),
    ...(headers ? { headers } : {}),
    ...(forwarded ? { forwarded } : {}),
    ...(adjustCase ? { adjustCase } : {}),
    ...(web ? { web } : {}),
  }
}

import type { Route } from '../../api/route/route.ts'
import type { RouteIngress, RouteIngressCondition } from '../../api/route/route-status.ts'
import type { Rejection, RouteProblem, RouterPolicy, RouteService } from './types.ts'

/** What a router has to say of a Route. */
export interface Verdict {
  /** Lower case; empty when it has none. */
  readonly host: string
  readonly rejection?: Rejection
  /** Of an admitted Route. */
  readonly services?: readonly RouteService[]
  /** Of an admitted Route: what is wrong with it all the same. */
  readonly problems?: readonly RouteProblem[]
  /** What is set but has no effect: for events, not for status. */
  readonly warnings?: readonly string[]
}

/**
 * The router's entry in status.ingress. Times are not decided here: `transition` keeps those of conditions that did not change.
 * Admitted is as on OKD, where a Route without its Service is admitted (and answers 503); ResolvedRefs says so.
 */
export function ingressOf(route: Route, policy: RouterPolicy, verdict: Verdict): RouteIngress {
  return {
    host: verdict.host,
    routerName: policy.name,
    conditions: conditionsOf(verdict),
    wildcardPolicy: route.spec.wildcardPolicy || 'None',
    routerCanonicalHostname: policy.canonicalHostname,
  }
}

function conditionsOf({ rejection, services = [], problems = [] }: Verdict): RouteIngressCondition[] {
  if (rejection) return [{ type: 'Admitted', status: 'False', reason: rejection.reason, message: rejection.message }]
  const problem = problemOf(services)
  return [
    { type: 'Admitted', status: 'True' },
    ...(problem ? [{ type: 'ResolvedRefs', status: 'False', ...problem }] : []),
    ...problems.map(one => ({ ...one, status: 'False' })),
  ]
}

/** Endpoints come and go; only what needs a hand is told in status. */
export function problemOf(services: readonly RouteService[]): { reason: string; message: string } | undefined {
  const missing = services.find(({ problem }) => problem === 'ServiceNotFound')
  if (missing) return { reason: 'ServiceNotFound', message: `Service ${missing.service} does not exist` }
  const unmatched = services.find(({ problem }) => problem === 'PortNotFound')
  if (!unmatched) return undefined
  return {
    reason: 'PortNotFound',
    message: `no endpoint of Service ${unmatched.service} has the port that spec.port.targetPort names`,
  }
}

/**
 * status.ingress with this router's entry in place of its old one, or undefined when it says the same already. Entries of
 * other routers are kept as they are.
 */
export function transition(route: Route, wanted: RouteIngress, now: string): readonly RouteIngress[] | undefined {
  const entries = route.status?.ingress ?? []
  const index = entries.findIndex(entry => entry.routerName === wanted.routerName)
  const old = entries[index]
  if (old && signature(old) === signature(wanted)) return undefined
  const conditions = (wanted.conditions ?? []).map(condition => {
    const before = old?.conditions?.find(({ type }) => type === condition.type)
    const isSame = before?.status === condition.status && before?.lastTransitionTime
    return { ...condition, lastTransitionTime: isSame ? before.lastTransitionTime! : now }
  })
  const entry = { ...wanted, conditions }
  return index < 0 ? [...entries, entry] : entries.map((other, at) => (at === index ? entry : other))
}

const signature = ({ host, wildcardPolicy, routerCanonicalHostname, conditions = [] }: RouteIngress): string =>
  JSON.stringify([
    host,
    wildcardPolicy,
    routerCanonicalHostname,
    conditions.map(({ type, status, reason = '', message = '' }) => [type, status, reason, message]),
  ])

import type { ComponentRouteSpec, ComponentRouteStatus, Ingress } from '../../api/config/ingress.ts'
import type { Secret } from '../../api/core/secret.ts'
import type { Condition } from '../../api/meta/condition.ts'
import type { Route } from '../../api/route/route.ts'
import type { Draft } from '../../client/mod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { type CertificateText, pairOf } from '../../model/routes/certificate.ts'
import { withCondition } from '../shared/conditions.ts'

/** What there is, by name. */
export interface ComponentView {
  route(namespace: string, name: string): Route | undefined
  /** Of openshift-config. */
  secret(name: string): Secret | undefined
  readonly nowMs: number
}

export interface ComponentDecision {
  /** Beside the component's own, with the host that is asked for. */
  readonly routes: readonly Draft<Route>[]
  readonly status: readonly ComponentRouteStatus[]
}

export const COMPONENT_LABEL = 'ingress.fairlead.dev/component-route'
const CONFIG_NAMESPACE = 'openshift-config'
const RESOURCE = { group: 'route.openshift.io', resource: 'routes' }

/** As the operators of OKD's own components do it: the component's Route stays, and another beside it has the host. */
export function decideComponents({ spec, status }: Ingress, view: ComponentView): ComponentDecision {
  const made = (spec.componentRoutes ?? []).map(one => component(one, spec.domain ?? '', status, view))
  const named = new Set(made.map(({ status: { namespace, name } }) => `${namespace}/${name}`))
  // What operators of components say of theirs, which nobody asked to change.
  const others = (status?.componentRoutes ?? []).filter(
    ({ namespace, name, consumingUsers }) => consumingUsers?.length && !named.has(`${namespace}/${name}`),
  )
  return {
    routes: made.flatMap(({ route }) => (route ? [route] : [])),
    status: [...made.map(one => one.status), ...others],
  }
}

interface Made {
  readonly route?: Draft<Route>
  readonly status: ComponentRouteStatus
}

function component(wanted: ComponentRouteSpec, domain: string, status: Ingress['status'], view: ComponentView): Made {
  const { namespace, name } = wanted
  const own = view.route(namespace, name)
  const custom = view.route(namespace, customName(name))
  const certificate = certificateOf(wanted, view)
  const old = status?.componentRoutes?.find(one => one.namespace === namespace && one.name === name)
  const problem = !own
    ? (['RouteNotFound', `there is no Route ${namespace}/${name}`] as const)
    : typeof certificate === 'string'
      ? (['CertificateNotFound', certificate] as const)
      : refusal(custom)
  const current = [own, custom].flatMap(route => (route && isAdmitted(route) ? [route.spec.host ?? ''] : []))
  return {
    ...(own && typeof certificate !== 'string' ? { route: customRoute(wanted, own, certificate) } : {}),
    status: {
      namespace,
      name,
      defaultHostname: own?.spec.host || `${name}-${namespace}.${domain}`,
      ...(old?.consumingUsers ? { consumingUsers: old.consumingUsers } : {}),
      currentHostnames: current,
      conditions: conditions(old, problem, current.includes(wanted.hostname), view.nowMs),
      relatedObjects: [
        { ...RESOURCE, namespace, name },
        ...(custom ? [{ ...RESOURCE, namespace, name: customName(name) }] : []),
        ...(wanted.servingCertKeyPairSecret?.name
          ? [
              {
                group: '',
                resource: 'secrets',
                namespace: CONFIG_NAMESPACE,
                name: wanted.servingCertKeyPairSecret.name,
              },
            ]
          : []),
      ],
    },
  }
}

const customName = (name: string): string => `${name}-custom`

type Problem = readonly [reason: string, message: string]

const admissionOf = (route: Route) => (route.status?.ingress ?? []).flatMap(({ conditions = [] }) => conditions)
const isAdmitted = (route: Route): boolean =>
  admissionOf(route).some(({ type, status }) => type === 'Admitted' && status === 'True')

/** Of the routers, when none of them serves it. */
function refusal(route: Route | undefined): Problem | undefined {
  if (!route || isAdmitted(route)) return undefined
  const said = admissionOf(route).find(({ type, status }) => type === 'Admitted' && status === 'False')
  return said && [said.reason ?? 'NotAdmitted', said.message ?? '']
}

function conditions(
  old: ComponentRouteStatus | undefined,
  problem: Problem | undefined,
  isServed: boolean,
  nowMs: number,
): readonly Condition[] {
  const say = (type: string, isTrue: boolean, reason: string, message: string): Condition => ({
    type,
    status: isTrue ? 'True' : 'False',
    reason,
    message,
    lastTransitionTime: rfc3339(nowMs),
  })
  const [reason, message] = problem ?? ['AsExpected', 'All is well']
  const isUnderWay = !problem && !isServed
  return [
    say('Degraded', problem !== undefined, reason, message),
    isUnderWay
      ? say('Progressing', true, 'WaitingForRouters', 'no router serves the host yet')
      : say('Progressing', false, 'AsExpected', 'All is well'),
  ].reduce<readonly Condition[]>((all, one) => withCondition(all, one), old?.conditions ?? [])
}

type Pair = Partial<CertificateText>

function certificateOf({ servingCertKeyPairSecret }: ComponentRouteSpec, view: ComponentView): Pair | string {
  const name = servingCertKeyPairSecret?.name
  if (!name) return {}
  const pair = pairOf(view.secret(name))
  return pair.certificate && pair.key
    ? pair
    : `Secret ${CONFIG_NAMESPACE}/${name} is not there, or has no tls.crt and tls.key`
}

function customRoute({ namespace, name, hostname, labels }: ComponentRouteSpec, own: Route, pair: Pair): Draft<Route> {
  const { host: _host, subdomain: _subdomain, tls, ...spec } = own.spec
  const {
    certificate: _certificate,
    key: _key,
    externalCertificate: _external,
    caCertificate: _ca,
    ...rest
  } = tls ?? {}
  return {
    metadata: { namespace, name: customName(name), labels: { ...labels, [COMPONENT_LABEL]: name } },
    spec: {
      ...spec,
      host: hostname,
      ...(tls || pair.certificate ? { tls: { termination: 'edge', ...rest, ...pair } } : {}),
    },
  }
}

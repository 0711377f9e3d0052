import type { Service, ServicePort, ServiceSpec, ServiceStatus } from '../service.ts'

const AFFINITY_SECONDS = 10_800

/** The defaults of a Service that follow from its type. Source: k8s.io/kubernetes/pkg/apis/core/v1. */
export function completeService(service: Service, old?: Service): Service {
  const spec = old ? withoutLeftovers(service.spec, old.spec) : service.spec
  const completed: ServiceSpec = {
    ...spec,
    ...(spec.ports ? { ports: spec.ports.map(completePort) } : {}),
    ...(isExternal(spec) && !spec.externalTrafficPolicy ? { externalTrafficPolicy: 'Cluster' } : {}),
    ...(spec.type !== 'ExternalName' && !spec.internalTrafficPolicy ? { internalTrafficPolicy: 'Cluster' } : {}),
    ...(spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === undefined
      ? { allocateLoadBalancerNodePorts: true }
      : {}),
  }
  return { ...service, spec: withAffinity(withoutPolicy(completed)), status: statusOf(service) }
}

/** A name has no policy, whoever gave it one. */
function withoutPolicy(spec: ServiceSpec): ServiceSpec {
  const { internalTrafficPolicy: _, ...rest } = spec
  return spec.type === 'ExternalName' ? rest : spec
}

/** What only the old type had goes with it, unless the update changed it too. */
function withoutLeftovers(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const dropped = [
    ...(isExternal(old) && !isExternal(spec) ? (['externalTrafficPolicy'] as const) : []),
    ...(old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer'
      ? (['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const)
      : []),
  ].filter(name => spec[name] === old[name])
  if (dropped.length === 0) return spec
  const rest: Partial<Record<keyof ServiceSpec, unknown>> = { ...spec }
  for (const name of dropped) delete rest[name]
  return rest as ServiceSpec
}

/** Reachable by something else than its cluster address. */
export const isExternal = ({ type, externalIPs = [] }: ServiceSpec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0)

const completePort = (port: ServicePort): ServicePort => (port.targetPort ? port : { ...port, targetPort: port.port })

function withAffinity(spec: ServiceSpec): ServiceSpec {
  const { sessionAffinityConfig, ...rest } = spec
  if (spec.sessionAffinity !== 'ClientIP') return rest
  const timeoutSeconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS
  return { ...rest, sessionAffinityConfig: { clientIP: { timeoutSeconds } } }
}

function statusOf({ spec, status }: Service): ServiceStatus {
  const ingress = status?.loadBalancer?.ingress
  if (spec.type !== 'LoadBalancer' || !ingress) return { ...status, loadBalancer: status?.loadBalancer ?? {} }
  const completed = ingress.map(one => (one.ip && !one.ipMode ? { ...one, ipMode: 'VIP' } : one))
  return { ...status, loadBalancer: { ...status.loadBalancer, ingress: completed } }
}

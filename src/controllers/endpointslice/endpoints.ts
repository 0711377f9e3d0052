import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Service, ServicePort } from '../../api/core/service.ts'
import type { Endpoint, EndpointPort } from '../../api/discovery/endpoint-slice.ts'
import { type Family, familyOf, type Ip, parseIp } from '../../lib/ip.ts'
import { isPodReady, isPodTerminal } from '../shared/pods.ts'

export interface Resolved {
  readonly endpoint: Endpoint
  readonly ports: readonly EndpointPort[]
}

const ZONE = 'topology.kubernetes.io/zone'

/** Whether the pod may stand behind a Service at all: it has an address and is not over. Those being ended still do. */
export const isEligible = (pod: Pod): boolean => !isPodTerminal(pod) && addressesOf(pod).length > 0

const addressesOf = ({ status }: Pod): readonly Ip[] => {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : [])
  return all.flatMap(text => parseIp(text) ?? [])
}

/** podutil.FindPort for every port of the Service; a name that no container of the pod has is left out. */
export function portsFor(service: Service, pod: Pod): readonly EndpointPort[] {
  return (service.spec.ports ?? []).flatMap(port => {
    const number = findPort(pod, port)
    if (number === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
}

export function findPort({ spec }: Pod, { port, targetPort, protocol = 'TCP' }: ServicePort): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port
  if (typeof targetPort === 'number') return targetPort
  const sidecars = (spec.initContainers ?? []).filter(container => container.restartPolicy === 'Always')
  for (const container of [...spec.containers, ...sidecars])
    for (const declared of container.ports ?? [])
      if (declared.name === targetPort && (declared.protocol ?? 'TCP') === protocol) return declared.containerPort
  return undefined
}

/** podToEndpoint; undefined where the pod has no address of this family. */
export function endpointFor(service: Service, pod: Pod, node: Node | undefined, family: Family): Endpoint | undefined {
  const addresses = addressesOf(pod).filter(address => familyOf(address) === family)
  if (addresses.length === 0) return undefined
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = Boolean(service.spec.publishNotReadyAddresses) || (serving && !terminating)
  const { hostname, subdomain, nodeName } = pod.spec
  const { name, namespace, uid } = pod.metadata
  const zone = node?.metadata.labels?.[ZONE]
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: { kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...hintsFor(service, ready, zone, nodeName),
  }
}

const TOPOLOGY_ANNOTATIONS = ['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints']

/** The older annotation, which comes before spec.trafficDistribution. */
export const isTopologyAware = ({ metadata }: Service): boolean =>
  TOPOLOGY_ANNOTATIONS.some(name => ['Auto', 'auto'].includes(metadata.annotations?.[name] ?? ''))

/** KEP-4444, KEP-3015: who should use a ready endpoint is its own zone, and with PreferSameNode its own node too. */
function hintsFor(
  service: Service,
  ready: boolean,
  zone: string | undefined,
  node: string | undefined,
): Pick<Endpoint, 'hints'> {
  const wanted = service.spec.trafficDistribution
  if (!wanted || !ready || isTopologyAware(service)) return {}
  const forNodes = wanted === 'PreferSameNode' && node ? { forNodes: [{ name: node }] } : {}
  const forZones = zone ? { forZones: [{ name: zone }] } : {}
  const hints = { ...forZones, ...forNodes }
  return Object.keys(hints).length > 0 ? { hints } : {}
}

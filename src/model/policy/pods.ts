import type { Pod } from '../../api/core/pod.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'
import type { HostPod, NamedPort, PodFacts, PortProtocol } from './types.ts'

/** What policy sees of a Pod: one with an address of its own, one of the host network, or none that counts. */
export type PodView = { readonly is: 'pod'; readonly pod: PodFacts } | { readonly is: 'host'; readonly pod: HostPod }

/**
 * `given` are addresses that the node has just assigned and the API does not show yet. A pod that has run to its end is
 * nobody: its address may be another's already.
 */
export function podView(pod: Pod, given?: readonly Ip[]): PodView | undefined {
  const { metadata, spec, status } = pod
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed' || !spec.nodeName) return undefined
  const shown = status?.podIPs?.length ? status.podIPs.map(({ ip }) => ip) : [status?.podIP ?? '']
  const addresses = given ?? shown.map(text => parseIp(text ?? '')).filter(address => address !== undefined)
  if (addresses.length === 0) return undefined
  const common = { namespace: metadata.namespace ?? '', labels: metadata.labels ?? {}, ports: namedPorts(pod) }
  if (spec.hostNetwork) return { is: 'host', pod: { member: { kind: 'host-pod', ...common }, addresses } }
  return {
    is: 'pod',
    pod: { kind: 'pod', ...common, name: metadata.name, uid: metadata.uid, node: spec.nodeName, addresses },
  }
}

const isPortProtocol = (text: string): text is PortProtocol => text === 'TCP' || text === 'UDP' || text === 'SCTP'

const namedPorts = ({ spec }: Pod): readonly NamedPort[] =>
  [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter(one => one.restartPolicy === 'Always')].flatMap(
    ({ ports = [] }) =>
      ports.flatMap(({ name, containerPort, protocol = 'TCP' }) =>
        name && isPortProtocol(protocol) ? [{ name, protocol, port: containerPort }] : [],
      ),
  )

import type { LabelSelector } from '../../api/meta/selector.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/networking/network-policy.ts'
import { parseCidr } from '../../lib/cidr.ts'
import type { Peer, Policy, PortMatch, PortProtocol, Ports, Rule } from './types.ts'

const ALL: LabelSelector = {}
const LAST_PORT = 65_535

/** Source: the documentation of k8s.io/api/networking/v1. What cannot be read of a rule is left out: it allows nothing. */
export function readNetworkPolicy({ metadata, spec }: NetworkPolicy): Policy {
  const namespace = metadata.namespace ?? ''
  // The API fills them in; whoever reads another's objects may find none.
  const types = spec.policyTypes?.length ? spec.policyTypes : ['Ingress', ...(spec.egress?.length ? ['Egress'] : [])]
  const rule = (ports: readonly NetworkPolicyPort[] | undefined, peers: readonly NetworkPolicyPeer[] | undefined) =>
    ({ action: 'allow', peers: readPeers(peers, namespace), ports: readPorts(ports) }) satisfies Rule
  return {
    tier: 'network',
    key: `networkpolicy ${namespace}/${metadata.name}`,
    priority: 0,
    subject: { kind: 'pods', scope: { namespace }, pods: spec.podSelector ?? ALL },
    ...(types.includes('Ingress') ? { ingress: (spec.ingress ?? []).map(({ ports, from }) => rule(ports, from)) } : {}),
    ...(types.includes('Egress') ? { egress: (spec.egress ?? []).map(({ ports, to }) => rule(ports, to)) } : {}),
  }
}

const readPeers = (peers: readonly NetworkPolicyPeer[] | undefined, namespace: string): Rule['peers'] =>
  peers?.length ? peers.flatMap(peer => readPeer(peer, namespace)) : 'any'

function readPeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, namespace: string): readonly Peer[] {
  if (ipBlock) {
    const cidr = parseCidr(ipBlock.cidr)
    const except = (ipBlock.except ?? []).map(parseCidr)
    // An exception that cannot be read must not let in what it was to keep out.
    if (!cidr || except.includes(undefined)) return []
    return [{ kind: 'net', cidr, except: except.filter(part => part !== undefined) }]
  }
  if (!podSelector && !namespaceSelector) return []
  const scope = namespaceSelector ? { selector: namespaceSelector } : { namespace }
  return [{ kind: 'pods', scope, ...(podSelector ? { pods: podSelector } : {}) }]
}

const readPorts = (ports: readonly NetworkPolicyPort[] | undefined): Ports =>
  ports?.length ? ports.flatMap(readPort) : 'any'

function readPort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): readonly PortMatch[] {
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') return []
  const known: PortProtocol = protocol
  if (port === undefined) return [{ protocol: known, from: 0, to: LAST_PORT }]
  if (typeof port === 'string') return [{ protocol: known, name: port }]
  return [{ protocol: known, from: port, to: endPort ?? port }]
}

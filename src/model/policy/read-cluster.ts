import type { AdminNetworkPolicy } from '../../api/cluster-policy/admin-network-policy.ts'
import type { BaselineAdminNetworkPolicy } from '../../api/cluster-policy/baseline-admin-network-policy.ts'
import type { ClusterNetworkPolicy } from '../../api/cluster-policy/cluster-network-policy.ts'
import type { CnpPort, CnpProtocol } from '../../api/cluster-policy/cnp-parts.ts'
import type { AnyRule, AnySpec, PolicyEgressPeer, PolicyPort, PolicySubject } from '../../api/cluster-policy/parts.ts'
import { parseCidr } from '../../lib/cidr.ts'
import { plainName } from './names.ts'
import type { Peer, PodsPeer, Policy, PortMatch, PortProtocol, Rule } from './types.ts'

/** Source: network-policy-api, v1alpha1. */
export const readAdminNetworkPolicy = ({ metadata, spec }: AdminNetworkPolicy): Policy => ({
  tier: 'admin',
  key: `adminnetworkpolicy ${metadata.name}`,
  priority: spec.priority,
  ...readSpec(spec),
})

/** Above every priority of the API: whatever has one is asked before. */
const LAST = 1001

export const readBaselineAdminNetworkPolicy = ({ metadata, spec }: BaselineAdminNetworkPolicy): Policy => ({
  tier: 'baseline',
  key: `baselineadminnetworkpolicy ${metadata.name}`,
  priority: LAST,
  ...readSpec(spec),
})

/** Source: network-policy-api, v1alpha2. Among AdminNetworkPolicies those of the tier Admin stand by their priority. */
export const readClusterNetworkPolicy = ({ metadata, spec }: ClusterNetworkPolicy): Policy => ({
  tier: spec.tier === 'Admin' ? 'admin' : 'baseline',
  key: `clusternetworkpolicy ${metadata.name}`,
  priority: spec.priority ?? 0,
  ...readSpec(spec),
})

const readSpec = ({ subject, ingress = [], egress = [] }: AnySpec): Pick<Policy, 'subject' | 'ingress' | 'egress'> => ({
  subject: podsPeer(subject) ?? NOBODY,
  ...(ingress.length > 0 ? { ingress: ingress.map(readRule) } : {}),
  ...(egress.length > 0 ? { egress: egress.map(readRule) } : {}),
})

const NOBODY: PodsPeer = { kind: 'pods', scope: { namespace: '' } }

function podsPeer({ namespaces, pods }: PolicySubject): PodsPeer | undefined {
  if (namespaces) return { kind: 'pods', scope: { selector: namespaces } }
  return pods && { kind: 'pods', scope: { selector: pods.namespaceSelector }, pods: pods.podSelector }
}

const isAllow = (action: string): boolean => action === 'Allow' || action === 'Accept'

/**
 * A peer or a port that is not understood, as one of a later version, must not open anything: a rule that allows leaves it out,
 * any other denies all that it may have meant.
 */
function readRule(rule: AnyRule): Rule {
  const { name, action, from, to } = rule
  const allows = isAllow(action)
  const peers = (from ?? to ?? []).map(peer => readPeer(peer, allows))
  const ports = readPorts(rule)
  const isDoubtful = !allows && (peers.includes(undefined) || (ports !== 'any' && ports.includes(undefined)))
  const verdict = allows ? 'allow' : action === 'Pass' && !isDoubtful ? 'pass' : 'deny'
  return {
    ...(name === undefined ? {} : { name }),
    action: verdict,
    peers: !allows && peers.includes(undefined) ? 'any' : peers.filter(some => some !== undefined).flat(),
    ports: isDoubtful || ports === 'any' ? 'any' : ports.filter(some => some !== undefined),
  }
}

/** Undefined: not understood. Names are for what is allowed alone. */
function readPeer(peer: PolicyEgressPeer, allows: boolean): readonly Peer[] | undefined {
  const pods = podsPeer(peer)
  if (pods) return [pods]
  if (peer.nodes) return [{ kind: 'nodes', selector: peer.nodes }]
  if (peer.domainNames && allows) return [{ kind: 'names', names: peer.domainNames.map(plainName) }]
  const networks = peer.networks?.map(parseCidr)
  if (!networks || (!allows && networks.includes(undefined))) return undefined
  return networks.filter(cidr => cidr !== undefined).map((cidr): Peer => ({ kind: 'net', cidr, except: [] }))
}

type ReadPort = PortMatch | undefined

const readPorts = ({ ports = [], protocols = [] }: AnyRule): 'any' | readonly ReadPort[] =>
  ports.length + protocols.length > 0 ? [...ports.map(readPort), ...protocols.map(readProtocol)] : 'any'

function readPort({ portNumber, portRange, namedPort }: PolicyPort): ReadPort {
  if (portNumber) return { protocol: portNumber.protocol ?? 'TCP', from: portNumber.port, to: portNumber.port }
  if (portRange) return { protocol: portRange.protocol ?? 'TCP', from: portRange.start, to: portRange.end }
  return namedPort === undefined ? undefined : { name: namedPort }
}

function readProtocol({ tcp, udp, sctp, destinationNamedPort }: CnpProtocol): ReadPort {
  if (tcp) return numbersOf('TCP', tcp.destinationPort)
  if (udp) return numbersOf('UDP', udp.destinationPort)
  if (sctp) return numbersOf('SCTP', sctp.destinationPort)
  return destinationNamedPort === undefined ? undefined : { name: destinationNamedPort }
}

/** Without ports the whole protocol is meant. */
function numbersOf(protocol: PortProtocol, port: CnpPort | undefined): ReadPort {
  if (!port) return { protocol, from: 0, to: 65_535 }
  if (port.range) return { protocol, from: port.range.start, to: port.range.end }
  return port.number === undefined ? undefined : { protocol, from: port.number, to: port.number }
}

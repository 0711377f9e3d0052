import type { AdminNetworkPolicy } from '../../api/cluster-policy/admin-network-policy.ts'
import type { BaselineAdminNetworkPolicy } from '../../api/cluster-policy/baseline-admin-network-policy.ts'
import type { ClusterNetworkPolicy } from '../../api/cluster-policy/cluster-network-policy.ts'
import type { CnpPort, CnpProtocol } from '../../api/cluster-policy/cnp-parts.ts'
import type { PolicyEgressPeer, PolicyPort, PolicySubject } from '../../api/cluster-policy/parts.ts'
import { parseCidr } from '../../lib/cidr.ts'
import { plainName } from './names.ts'
import type { Peer, PodsPeer, Policy, PortMatch, PortProtocol, Ports, Rule } from './types.ts'

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

interface AnyRule {
  readonly name?: string
  readonly action: string
  readonly ports?: readonly PolicyPort[]
  readonly protocols?: readonly CnpProtocol[]
  readonly from?: readonly PolicyEgressPeer[]
  readonly to?: readonly PolicyEgressPeer[]
}

interface AnySpec {
  readonly subject: PolicySubject
  readonly ingress?: readonly AnyRule[]
  readonly egress?: readonly AnyRule[]
}

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

/** A peer or a port of a later version that is not understood must not open anything: then it denies everybody, or allows nobody. */
function readRule(rule: AnyRule): Rule {
  const { name, action, from, to } = rule
  const allows = isAllow(action)
  const peers = (from ?? to ?? []).map(peer => readPeer(peer, allows))
  const read = { ...(name === undefined ? {} : { name }), ports: readPorts(rule) }
  if (!allows && peers.includes(undefined)) return { ...read, ports: 'any', action: 'deny', peers: 'any' }
  const verdict = allows ? 'allow' : action === 'Pass' ? 'pass' : 'deny'
  return { ...read, action: verdict, peers: peers.filter(some => some !== undefined).flat() }
}

/** Undefined: not understood. Names are for what is allowed alone. */
function readPeer(peer: PolicyEgressPeer, allows: boolean): readonly Peer[] | undefined {
  const pods = podsPeer(peer)
  if (pods) return [pods]
  if (peer.nodes) return [{ kind: 'nodes', selector: peer.nodes }]
  if (peer.domainNames && allows) return [{ kind: 'names', names: peer.domainNames.map(plainName) }]
  if (!peer.networks) return undefined
  return peer.networks.flatMap((text): readonly Peer[] => {
    const cidr = parseCidr(text)
    return cidr ? [{ kind: 'net', cidr, except: [] }] : []
  })
}

function readPorts({ ports, protocols }: AnyRule): Ports {
  const read = [...(ports ?? []).flatMap(readPort), ...(protocols ?? []).flatMap(readProtocol)]
  return ports?.length || protocols?.length ? read : 'any'
}

function readPort({ portNumber, portRange, namedPort }: PolicyPort): readonly PortMatch[] {
  if (portNumber) return [{ protocol: portNumber.protocol ?? 'TCP', from: portNumber.port, to: portNumber.port }]
  if (portRange) return [{ protocol: portRange.protocol ?? 'TCP', from: portRange.start, to: portRange.end }]
  return namedPort === undefined ? [] : [{ name: namedPort }]
}

function readProtocol({ tcp, udp, sctp, destinationNamedPort }: CnpProtocol): readonly PortMatch[] {
  if (tcp) return numbersOf('TCP', tcp.destinationPort)
  if (udp) return numbersOf('UDP', udp.destinationPort)
  if (sctp) return numbersOf('SCTP', sctp.destinationPort)
  return destinationNamedPort === undefined ? [] : [{ name: destinationNamedPort }]
}

/** Without ports the whole protocol is meant; ports of a form that is not understood are none. */
function numbersOf(protocol: PortProtocol, port: CnpPort | undefined): readonly PortMatch[] {
  if (!port) return [{ protocol, from: 0, to: 65_535 }]
  if (port.range) return [{ protocol, from: port.range.start, to: port.range.end }]
  return port.number === undefined ? [] : [{ protocol, from: port.number, to: port.number }]
}

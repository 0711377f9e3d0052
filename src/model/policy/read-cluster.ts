import type { AdminNetworkPolicy } from '../../api/cluster-policy/admin-network-policy.ts'
import type { BaselineAdminNetworkPolicy } from '../../api/cluster-policy/baseline-admin-network-policy.ts'
import type { PolicyEgressPeer, PolicyPort, PolicySubject } from '../../api/cluster-policy/parts.ts'
import { parseCidr } from '../../lib/cidr.ts'
import type { Peer, PodsPeer, Policy, PortMatch, Ports, Rule } from './types.ts'

/** Source: network-policy-api, v1alpha1. */
export const readAdminNetworkPolicy = ({ metadata, spec }: AdminNetworkPolicy): Policy => ({
  tier: 'admin',
  key: `adminnetworkpolicy ${metadata.name}`,
  priority: spec.priority,
  ...readSpec(spec),
})

export const readBaselineAdminNetworkPolicy = ({ metadata, spec }: BaselineAdminNetworkPolicy): Policy => ({
  tier: 'baseline',
  key: `baselineadminnetworkpolicy ${metadata.name}`,
  priority: 0,
  ...readSpec(spec),
})

interface AnyRule {
  readonly name?: string
  readonly action: 'Allow' | 'Deny' | 'Pass'
  readonly ports?: readonly PolicyPort[]
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

const ACTIONS = { Allow: 'allow', Deny: 'deny', Pass: 'pass' } as const

/** A peer or a port of a later version that is not understood must not open anything: then it denies everybody, or allows nobody. */
function readRule({ name, action, ports, from, to }: AnyRule): Rule {
  const peers = (from ?? to ?? []).map(readPeer)
  const named = name === undefined ? {} : { name }
  const read = { ...named, ports: readPorts(ports) }
  if (action !== 'Allow' && peers.includes(undefined)) return { ...read, action: 'deny', peers: 'any' }
  return { ...read, action: ACTIONS[action], peers: peers.filter(some => some !== undefined).flat() }
}

/** Undefined: not understood. Names lead to addresses that nobody has looked up here; they allow nobody. */
function readPeer(peer: PolicyEgressPeer): readonly Peer[] | undefined {
  const pods = podsPeer(peer)
  if (pods) return [pods]
  if (peer.nodes) return [{ kind: 'nodes', selector: peer.nodes }]
  if (!peer.networks) return undefined
  return peer.networks.flatMap((text): readonly Peer[] => {
    const cidr = parseCidr(text)
    return cidr ? [{ kind: 'net', cidr, except: [] }] : []
  })
}

const readPorts = (ports: readonly PolicyPort[] | undefined): Ports =>
  ports?.length
    ? ports.flatMap(({ portNumber, portRange, namedPort }): readonly PortMatch[] => {
        if (portNumber) return [{ protocol: portNumber.protocol ?? 'TCP', from: portNumber.port, to: portNumber.port }]
        if (portRange) return [{ protocol: portRange.protocol ?? 'TCP', from: portRange.start, to: portRange.end }]
        return namedPort === undefined ? [] : [{ name: namedPort }]
      })
    : 'any'

import { contains } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { selects } from './selector.ts'
import type { Labels, Member, NetPeer, PodsPeer, Scope, Tier } from './types.ts'

export type NamespaceLabels = ReadonlyMap<string, Labels>

export const inScope = (scope: Scope, namespace: string, namespaces: NamespaceLabels): boolean => {
  if ('namespace' in scope) return scope.namespace === namespace
  const labels = namespaces.get(namespace)
  return labels !== undefined && selects(scope.selector, labels)
}

/**
 * Whether a peer means somebody. Pods of the host network are meant where a podSelector stands, and only there; what nodes
 * send themselves is meant where a namespaceSelector stands alone. Both as OVN-Kubernetes has it. The tiers of
 * administrators know neither.
 */
export function means(peer: PodsPeer, member: Member, namespaces: NamespaceLabels, tier: Tier): boolean {
  if (member.kind !== 'pod' && tier !== 'network') return false
  if (member.kind === 'host-pod' && !peer.pods) return false
  if (member.kind === 'host' && (peer.pods || 'namespace' in peer.scope)) return false
  if (!inScope(peer.scope, member.namespace, namespaces)) return false
  return !peer.pods || selects(peer.pods, member.labels)
}

export const isInNet = ({ cidr, except }: NetPeer, address: Ip): boolean =>
  contains(cidr, address) && !except.some(part => contains(part, address))

import { AdminNetworkPolicy } from '../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../api/cluster-policy/baseline-admin-network-policy.ts'
import { ClusterNetworkPolicy } from '../../api/cluster-policy/cluster-network-policy.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { EgressNetworkPolicy } from '../../api/network/egress-network-policy.ts'
import { NetworkPolicy } from '../../api/networking/network-policy.ts'
import { EgressFirewall } from '../../api/ovn/egress-firewall.ts'
import type { Client } from '../../client/mod.ts'
import { managementOf } from '../../datapath/options.ts'
import { nodeFacts } from '../../model/nodes/facts.ts'
import { firewallsOf, readEgressFirewall, readEgressNetworkPolicy } from '../../model/policy/firewall.ts'
import { isMulticastOn } from '../../model/policy/multicast.ts'
import { podView } from '../../model/policy/pods.ts'
import { readNetworkPolicy } from '../../model/policy/read.ts'
import {
  readAdminNetworkPolicy,
  readBaselineAdminNetworkPolicy,
  readClusterNetworkPolicy,
} from '../../model/policy/read-cluster.ts'
import type { PolicyWorld } from '../../model/policy/types.ts'

/** What policy depends on, as the API has it now. */
export async function loadWorld(client: Client, pods: readonly Pod[], policesOwnNode: boolean): Promise<PolicyWorld> {
  const [nodes, namespaces, network, admin, cluster, baseline, firewalls, legacy] = await Promise.all([
    client.list(Node),
    client.list(Namespace),
    client.list(NetworkPolicy),
    client.list(AdminNetworkPolicy),
    client.list(ClusterNetworkPolicy),
    client.list(BaselineAdminNetworkPolicy),
    client.list(EgressFirewall),
    client.list(EgressNetworkPolicy),
  ])
  const views = pods.map(pod => podView(pod)).filter(view => view !== undefined)
  const facts = nodes.items.map(node => ({ ...nodeFacts(node), labels: node.metadata.labels ?? {} }))
  return {
    namespaces: new Map(namespaces.items.map(({ metadata }) => [metadata.name, metadata.labels ?? {}] as const)),
    pods: views.flatMap(view => (view.is === 'pod' ? [view.pod] : [])),
    hostPods: views.flatMap(view => (view.is === 'host' ? [view.pod] : [])),
    // Clients outside are not traced: what they look like inside does not matter.
    nodes: facts.map(({ podNetworks, ...node }) => ({ ...node, management: podNetworks.map(managementOf), join: [] })),
    policies: [
      ...network.items.map(readNetworkPolicy),
      ...admin.items.map(readAdminNetworkPolicy),
      ...cluster.items.map(readClusterNetworkPolicy),
      ...baseline.items.map(readBaselineAdminNetworkPolicy),
    ],
    firewalls: firewallsOf(firewalls.items.map(readEgressFirewall), legacy.items.map(readEgressNetworkPolicy)),
    clusterNetworks: facts.flatMap(({ podNetworks }) => podNetworks),
    policesOwnNode,
    multicast: new Set(namespaces.items.filter(isMulticastOn).map(({ metadata }) => metadata.name)),
  }
}

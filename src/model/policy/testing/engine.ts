/** An oracle's world as the engine is given it, by the same ways as objects of the API. */
import type { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import type { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import type { ClusterNetworkPolicy } from '../../../api/cluster-policy/cluster-network-policy.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import type { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import { cidr } from '../../../lib/cidr.ts'
import { ip } from '../../../lib/ip.ts'
import { createEngine } from '../evaluate.ts'
import { readEgressFirewall } from '../firewall.ts'
import { podView } from '../pods.ts'
import { readNetworkPolicy } from '../read.ts'
import { readAdminNetworkPolicy, readBaselineAdminNetworkPolicy, readClusterNetworkPolicy } from '../read-cluster.ts'
import type { PolicyWorld } from '../types.ts'
import type { OracleFlow, OraclePod, OracleWorld } from './oracle.ts'

const podOf = (pod: OraclePod): Pod =>
  ({
    metadata: { name: pod.name, namespace: pod.namespace, uid: pod.name, labels: pod.labels },
    spec: { nodeName: pod.node, hostNetwork: pod.hostNetwork, containers: [{ name: 'c', ports: pod.ports }] },
    status: { phase: pod.phase, podIP: pod.ip, podIPs: [{ ip: pod.ip }] },
  }) as unknown as Pod

export function worldOf(world: OracleWorld): PolicyWorld {
  const views = world.pods.map(pod => podView(podOf(pod))).filter(view => view !== undefined)
  return {
    namespaces: new Map(Object.entries(world.namespaces)),
    pods: views.flatMap(view => (view.is === 'pod' ? [view.pod] : [])),
    hostPods: views.flatMap(view => (view.is === 'host' ? [view.pod] : [])),
    nodes: world.nodes.map(node => ({
      name: node.name,
      labels: node.labels,
      addresses: [ip(node.ip)],
      management: [ip(node.management)],
      join: [ip(node.join)],
    })),
    policies: [
      ...world.networkPolicies.map(policy => readNetworkPolicy(policy as unknown as NetworkPolicy)),
      ...world.adminPolicies.map(policy => readAdminNetworkPolicy(policy as unknown as AdminNetworkPolicy)),
      ...world.baselinePolicies.map(policy =>
        readBaselineAdminNetworkPolicy(policy as unknown as BaselineAdminNetworkPolicy),
      ),
      ...world.clusterNetworkPolicies.map(policy =>
        readClusterNetworkPolicy(policy as unknown as ClusterNetworkPolicy),
      ),
    ],
    firewalls: world.firewalls.map(firewall => readEgressFirewall(firewall as unknown as EgressFirewall)),
    clusterNetworks: [cidr(world.podNetwork)],
    policesOwnNode: world.policesOwnNode,
  }
}

/** Answers about flows as the oracle is asked. */
export function engineOf(world: OracleWorld): (flow: OracleFlow) => boolean {
  const engine = createEngine(worldOf(world))
  return ({ from, to, protocol, port }) =>
    engine.decide({ source: ip(from), destination: ip(to), protocol, port }).verdict === 'allow'
}

import { AdminNetworkPolicy } from '../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../api/cluster-policy/baseline-admin-network-policy.ts'
import { ClusterNetworkPolicy } from '../api/cluster-policy/cluster-network-policy.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Node } from '../api/core/node.ts'
import { Pod } from '../api/core/pod.ts'
import { EgressNetworkPolicy } from '../api/network/egress-network-policy.ts'
import { NetworkPolicy } from '../api/networking/network-policy.ts'
import { EgressFirewall } from '../api/ovn/egress-firewall.ts'
import type { Client } from '../client/mod.ts'
import { managementOf } from '../datapath/options.ts'
import { UserError } from '../lib/errors.ts'
import type { Ip } from '../lib/ip.ts'
import { familyOf, parseIp } from '../lib/ip.ts'
import { nodeFacts } from '../model/nodes/facts.ts'
import { describe } from '../model/policy/describe.ts'
import { createEngine } from '../model/policy/evaluate.ts'
import { firewallsOf, readEgressFirewall, readEgressNetworkPolicy } from '../model/policy/firewall.ts'
import { podView } from '../model/policy/pods.ts'
import { readNetworkPolicy } from '../model/policy/read.ts'
import {
  readAdminNetworkPolicy,
  readBaselineAdminNetworkPolicy,
  readClusterNetworkPolicy,
} from '../model/policy/read-cluster.ts'
import type { PolicyWorld } from '../model/policy/types.ts'
import type { CliDeps, NamedOption } from './deps.ts'

export interface TraceOptions extends NamedOption {
  readonly port: string
  readonly protocol: string
}

/**
 * Whether policy lets a pod talk to another pod or an address, and which tier, object and rule decides at each end. It asks
 * the model that the nodes compile their rules from. The exit code is 1 when the answer is no.
 */
export async function trace(deps: CliDeps, from: string, to: string, options: TraceOptions): Promise<number> {
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UserError('Usage', `${JSON.stringify(options.port)} is not a port`)
  const control = await deps.twins.control(options.name)
  const client = await deps.api(options.name)
  try {
    const { profile } = await control.status()
    const { world, addressOf } = await load(client, profile === 'okd')
    const protocol = options.protocol.toUpperCase()
    const [source, destination] = [addressOf(from, 4), addressOf(to, 4)]
    const { verdict, egress, ingress } = createEngine(world).decide({ source, destination, protocol, port })
    deps.out(`${from} (${source}) to ${to} (${destination}), ${protocol} ${port}: ${verdict}\n`)
    deps.out(`  leaves   ${describe(egress, 'egress')}\n  enters   ${describe(ingress, 'ingress')}\n`)
    return verdict === 'allow' ? 0 : 1
  } finally {
    control.close()
    client.close()
  }
}

async function load(
  client: Client,
  policesOwnNode: boolean,
): Promise<{ readonly world: PolicyWorld; addressOf(end: string, family: 4 | 6): Ip }> {
  const [pods, nodes, namespaces, network, admin, cluster, baseline, firewalls, legacy] = await Promise.all([
    client.list(Pod),
    client.list(Node),
    client.list(Namespace),
    client.list(NetworkPolicy),
    client.list(AdminNetworkPolicy),
    client.list(ClusterNetworkPolicy),
    client.list(BaselineAdminNetworkPolicy),
    client.list(EgressFirewall),
    client.list(EgressNetworkPolicy),
  ])
  const views = pods.items.map(pod => podView(pod)).filter(view => view !== undefined)
  const facts = nodes.items.map(node => ({ ...nodeFacts(node), labels: node.metadata.labels ?? {} }))
  const world: PolicyWorld = {
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
  }
  return { world, addressOf: (end, family) => endAddress(pods.items, end, family) }
}

function endAddress(pods: readonly Pod[], end: string, family: 4 | 6): Ip {
  const address = parseIp(end)
  if (address !== undefined) return address
  const [name = '', namespace = 'default'] = end.split('/').toReversed()
  const pod = pods.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
  if (!pod)
    throw new UserError('Usage', `there is no pod ${namespace}/${name}`, { hint: 'give namespace/pod, or an address' })
  const own = (pod.status?.podIPs ?? []).map(({ ip }) => parseIp(ip ?? ''))
  const found = own.find(one => one !== undefined && familyOf(one) === family) ?? own[0]
  if (found === undefined) throw new UserError('Usage', `the pod ${namespace}/${name} has no address yet`)
  return found
}

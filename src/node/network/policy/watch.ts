import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import { ClusterNetworkPolicy } from '../../../api/cluster-policy/cluster-network-policy.ts'
import { Namespace } from '../../../api/core/namespace.ts'
import { Node } from '../../../api/core/node.ts'
import { Pod } from '../../../api/core/pod.ts'
import type { KubeObject } from '../../../api/meta/meta.ts'
import { EgressNetworkPolicy } from '../../../api/network/egress-network-policy.ts'
import { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import type { Change, Informer, Informers } from '../../../client/mod.ts'
import type { DatapathOptions } from '../../../datapath/options.ts'
import { joinAddressOf, managementOf } from '../../../datapath/options.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Ip } from '../../../lib/ip.ts'
import { nodeFacts } from '../../../model/nodes/facts.ts'
import type { AclLogging } from '../../../model/policy/acl-logging.ts'
import { ACL_LOGGING, ACL_LOGGING_HINT, readAclLogging } from '../../../model/policy/acl-logging.ts'
import { firewallsOf, readEgressFirewall, readEgressNetworkPolicy } from '../../../model/policy/firewall.ts'
import type { PodView } from '../../../model/policy/pods.ts'
import { podView } from '../../../model/policy/pods.ts'
import { readNetworkPolicy } from '../../../model/policy/read.ts'
import {
  readAdminNetworkPolicy,
  readBaselineAdminNetworkPolicy,
  readClusterNetworkPolicy,
} from '../../../model/policy/read-cluster.ts'
import type { Labels, PolicyNode, PolicyWorld } from '../../../model/policy/types.ts'

/** A pod whose addresses this node has just given out; the API may not show them yet, nor even the cache the pod. */
export interface Given {
  readonly pod: Pod
  readonly addresses: readonly Ip[]
}

/** The caches that policy depends on. Parts of the world that did not change stay the same objects. */
export interface PolicyWatch {
  world(given: ReadonlyMap<string, Given>): PolicyWorld
  /** What of a namespace's policies is to be logged. */
  logging(namespace: string): AclLogging
  /** Called in the turn in which something that matters changed. */
  onChange(handler: () => void): () => void
  /** Called with the uid of a pod that is no more. */
  onPodGone(handler: (uid: string) => void): void
}

export interface PolicyWatchOptions extends DatapathOptions {
  readonly policesOwnNode: boolean
}

/** Told of an object that cannot be read: it alone does not count. */
export type Unread = (object: KubeObject, why: string) => void

/** Not every cluster has these kinds. */
const OPTIONAL = { optional: true } as const

/** Informers are made here; the caller syncs them. */
export function createPolicyWatch(
  informers: Informers,
  options: PolicyWatchOptions,
  unread: Unread = () => {},
): PolicyWatch {
  const pods = informers.of(Pod, { trim: trimPod })
  const handlers = new Set<() => void>()
  const tell = (): void => {
    for (const handler of handlers) handler()
  }
  const views = remembered((pod: Pod) => podView(pod))
  const tiers = [
    partOf(informers.of(NetworkPolicy), readNetworkPolicy, tell, unread),
    partOf(informers.of(AdminNetworkPolicy, OPTIONAL), readAdminNetworkPolicy, tell, unread),
    partOf(informers.of(ClusterNetworkPolicy, OPTIONAL), readClusterNetworkPolicy, tell, unread),
    partOf(informers.of(BaselineAdminNetworkPolicy, OPTIONAL), readBaselineAdminNetworkPolicy, tell, unread),
  ]
  const firewalls = partOf(informers.of(EgressFirewall, OPTIONAL), readEgressFirewall, tell, unread)
  const legacy = partOf(informers.of(EgressNetworkPolicy, OPTIONAL), readEgressNetworkPolicy, tell, unread)
  const sameFirewalls = whenChanged(
    () => [...firewalls.all(), ...legacy.all()],
    () => firewallsOf(firewalls.all(), legacy.all()),
  )
  // What other nodes say in a status, and a new generation that means the same, are told of too.
  informers.of(EgressFirewall).onChange(tell)
  informers.of(AdminNetworkPolicy).onChange(tell)
  informers.of(BaselineAdminNetworkPolicy).onChange(tell)
  informers.of(ClusterNetworkPolicy).onChange(tell)
  const clusterNetworks = options.clusterNetworks.map(({ cidr }) => cidr)
  const namespaces = partOf(informers.of(Namespace), namespaceOf, tell, unread)
  const nodes = partOf(informers.of(Node), node => policyNode(node, options), tell, unread)
  const logging = partOf(informers.of(Namespace), loggingOf, tell, unread)
  const allLogging = whenChanged(logging.all, all => new Map(all))
  const allowLogged = whenChanged(
    logging.all,
    all => new Set(all.filter(([, wanted]) => wanted.allow).map(([name]) => name)),
  )
  const labels = whenChanged(namespaces.all, all => new Map(all))
  const sameNodes = whenChanged(nodes.all, all => all)
  const samePolicies = whenChanged(
    () => tiers.flatMap(tier => tier.all()),
    all => all,
  )
  pods.onChange(({ type, object, old }) => {
    const before = old && JSON.stringify(views(old))
    if (type === 'deleted' || before !== JSON.stringify(views(object))) tell()
  })
  return {
    world(given) {
      const seen = viewsOf(pods, given, views)
      return {
        namespaces: labels(),
        pods: seen.flatMap(view => (view.is === 'pod' ? [view.pod] : [])),
        hostPods: seen.flatMap(view => (view.is === 'host' ? [view.pod] : [])),
        nodes: sameNodes(),
        policies: samePolicies(),
        firewalls: sameFirewalls(),
        clusterNetworks,
        policesOwnNode: options.policesOwnNode,
        allowLogged: allowLogged(),
      }
    },
    logging: namespace => allLogging().get(namespace) ?? NO_LOGGING,
    onChange(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    onPodGone: handler =>
      void pods.onChange(({ type, object, old }) => {
        if (type === 'deleted') handler(object.metadata.uid)
        else if (old && old.metadata.uid !== object.metadata.uid) handler(old.metadata.uid)
      }),
  }
}

/** Pods as the API shows them, with the addresses that this node knows first. */
function viewsOf(
  pods: Informer<Pod>,
  given: ReadonlyMap<string, Given>,
  views: (pod: Pod) => PodView | undefined,
): readonly PodView[] {
  const here = new Set<string>()
  const shown = pods.list().map(pod => {
    const { uid } = pod.metadata
    here.add(uid)
    const known = given.get(uid)
    return known && !pod.status?.podIPs?.length ? podView(pod, known.addresses) : views(pod)
  })
  const unseen = [...given].filter(([uid]) => !here.has(uid)).map(([, { pod, addresses }]) => podView(pod, addresses))
  return [...shown, ...unseen].filter(view => view !== undefined)
}

/** Only what policy and egress read; pods are many and large. */
export const trimPod = (pod: Pod): Pod => {
  const { name, namespace, uid, resourceVersion, labels } = pod.metadata
  const { nodeName, hostNetwork, containers, initContainers } = pod.spec
  const ports = (some: typeof containers) =>
    some
      .filter(one => one.ports?.some(port => port.name))
      .map(one => ({
        name: one.name,
        ports: one.ports!,
        ...(one.restartPolicy ? { restartPolicy: one.restartPolicy } : {}),
      }))
  const { phase, podIP, podIPs } = pod.status ?? {}
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata: { name, namespace, uid, resourceVersion, labels },
    spec: {
      nodeName,
      hostNetwork,
      containers: ports(containers),
      initContainers: initContainers && ports(initContainers),
    },
    status: { phase, podIP, podIPs },
  } as unknown as Pod
}

const namespaceOf = ({ metadata }: Namespace): readonly [string, Labels] => [metadata.name, metadata.labels ?? {}]

const NO_LOGGING: AclLogging = {}

/** Throws on what nobody understands, so that it is told of. */
function loggingOf({ metadata }: Namespace): readonly [string, AclLogging] {
  const logging = readAclLogging(metadata.annotations?.[ACL_LOGGING])
  if (!logging) throw new Error(ACL_LOGGING_HINT)
  return [metadata.name, logging]
}

function policyNode(node: Node, options: DatapathOptions): PolicyNode {
  const { name, addresses, podNetworks } = nodeFacts(node)
  return {
    name,
    labels: node.metadata.labels ?? {},
    addresses,
    management: podNetworks.map(managementOf),
    join: podNetworks.map(network => joinAddressOf(options, network)).filter(address => address !== undefined),
  }
}

function remembered<A extends object, B>(make: (from: A) => B): (from: A) => B {
  const known = new WeakMap<A, { readonly is: B }>()
  return from => {
    const found = known.get(from) ?? { is: make(from) }
    known.set(from, found)
    return found.is
  }
}

/** What is read of each object of a kind; a change that leaves it as it was is none, and leaves the same object. */
function partOf<
  K extends
    | Namespace
    | Node
    | NetworkPolicy
    | AdminNetworkPolicy
    | BaselineAdminNetworkPolicy
    | ClusterNetworkPolicy
    | EgressFirewall,
  P,
>(informer: Informer<K>, read: (object: K) => P, changed: () => void, unread: Unread): { all(): readonly P[] } {
  const parts = new Map<string, P>()
  const keyOf = ({ metadata }: K): string => `${metadata.namespace ?? ''}/${metadata.name}`
  const note = (object: K): boolean => {
    const key = keyOf(object)
    const next = attempt(object)
    if (next === undefined) return parts.delete(key)
    if (JSON.stringify(next) === JSON.stringify(parts.get(key))) return false
    parts.set(key, next)
    return true
  }
  const attempt = (object: K): P | undefined => {
    try {
      return read(object)
    } catch (error) {
      unread(object, messageOf(error))
      return undefined
    }
  }
  for (const object of informer.list()) note(object)
  informer.onChange(({ type, object }: Change<K>) => {
    const isChanged = type === 'deleted' ? parts.delete(keyOf(object)) : note(object)
    if (isChanged) changed()
  })
  return { all: () => [...parts.values()] }
}

/** The same result as long as the parts are the same objects. */
function whenChanged<P, R>(all: () => readonly P[], make: (all: readonly P[]) => R): () => R {
  let before: { readonly parts: readonly P[]; readonly result: R } | undefined
  return () => {
    const parts = all()
    const isSame = before && before.parts.length === parts.length && before.parts.every((part, i) => part === parts[i])
    if (!isSame) before = { parts, result: make(parts) }
    return before!.result
  }
}

import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { WorldPlan } from '../plan.ts'

/** What a twin must have before its network serves, how far it is, and what is missing in words. */
export interface Readiness {
  readonly ready: boolean
  /** As in "nodes 2/3, DNS 1/3, router 0/1". */
  readonly text: string
}

interface Part {
  readonly name: string
  readonly have: number
  readonly want: number
}

/** Where the platform's own pods are. */
export const platformNamespaces = (plan: WorldPlan): readonly string[] =>
  plan.config.profile === 'okd' ? ['openshift-dns', 'openshift-ingress'] : ['kube-system']

/**
 * Every node Ready, a DNS server on each (one at all, in the kubernetes profile), a router. What was written before `sinceMs` (the
 * objects of an earlier run say that all is well) does not count.
 */
export function readiness(plan: WorldPlan, nodes: readonly Node[], pods: readonly Pod[], sinceMs: number): Readiness {
  const okd = plan.config.profile === 'okd'
  const live = pods.filter(pod => podReady(pod, sinceMs))
  const inNamespace = (namespace: string): number => live.filter(pod => pod.metadata.namespace === namespace).length
  const [dns, ingress] = platformNamespaces(plan)
  const names = new Set(plan.nodes.map(node => node.name))
  const parts: Part[] = [
    {
      name: 'nodes',
      have: nodes.filter(node => names.has(node.metadata.name) && nodeReady(node, sinceMs)).length,
      want: names.size,
    },
    { name: 'DNS', have: inNamespace(dns!), want: okd ? names.size : 1 },
    ...(ingress === undefined ? [] : [{ name: 'router', have: inNamespace(ingress), want: 1 }]),
  ]
  return {
    ready: parts.every(part => part.have >= part.want),
    text: parts.map(part => `${part.name} ${Math.min(part.have, part.want)}/${part.want}`).join(', '),
  }
}

/** Times in the API have whole seconds. */
const since = (time: string | null | undefined, sinceMs: number): boolean =>
  typeof time === 'string' && Date.parse(time) >= Math.floor(sinceMs / 1000) * 1000

const nodeReady = (node: Node, sinceMs: number): boolean =>
  (node.status?.conditions ?? []).some(
    ({ type, status, lastHeartbeatTime }) => type === 'Ready' && status === 'True' && since(lastHeartbeatTime, sinceMs),
  )

function podReady(pod: Pod, sinceMs: number): boolean {
  const { conditions = [], containerStatuses = [] } = pod.status ?? {}
  return (
    pod.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True') &&
    containerStatuses.length > 0 &&
    containerStatuses.every(({ state }) => since(state?.running?.startedAt, sinceMs))
  )
}

import type { Node } from '../../api/core/node.ts'
import { type Amounts, amountsOf, podRequests } from '../../api/core/pod/requests.ts'
import type { Pod } from '../../api/core/pod.ts'
import { matchesNode } from '../placement/affinity.ts'
import { UNSCHEDULABLE, untolerated } from '../placement/taints.ts'

/** What of a node's room is taken. Grows as pods are placed within one round. */
export interface NodeState {
  readonly node: Node
  readonly room: Amounts
  readonly used: Record<string, number>
  /** The same for scores: containers that ask for nothing ask for a little. */
  readonly asks: { cpu: number; memory: number }
  pods: number
  /** Host ports in use: protocol/address/port. */
  readonly hostPorts: Set<string>
}

const DEFAULT_MAX_PODS = 110

export function nodeState(node: Node, pods: readonly Pod[]): NodeState {
  const room = amountsOf(node.status?.allocatable ?? node.status?.capacity)
  const state: NodeState = { node, room, used: {}, asks: { cpu: 0, memory: 0 }, pods: 0, hostPorts: new Set() }
  for (const pod of pods) occupy(state, pod)
  return state
}

const known = new WeakMap<Pod, Amounts>()

/** Every round asks of every pod, and pods in the cache do not change. */
export function requestsOf(pod: Pod): Amounts {
  const amounts = known.get(pod) ?? podRequests(pod.spec)
  known.set(pod, amounts)
  return amounts
}

/** Counts the pod as running on the node. */
export function occupy(state: NodeState, pod: Pod): void {
  state.pods++
  for (const [name, amount] of Object.entries(requestsOf(pod))) state.used[name] = (state.used[name] ?? 0) + amount
  const { cpu, memory } = asked(pod)
  state.asks.cpu += cpu
  state.asks.memory += memory
  for (const port of hostPortsOf(pod)) state.hostPorts.add(port)
}

const LEAST = { cpu: 0.1, memory: 200 * 2 ** 20 } as const

/** GetNonzeroRequests. */
export function asked(pod: Pod): { readonly cpu: number; readonly memory: number } {
  const silent = (name: 'cpu' | 'memory'): number =>
    pod.spec.containers.filter(({ resources }) => resources?.requests?.[name] === undefined).length * LEAST[name]
  const { cpu = 0, memory = 0 } = requestsOf(pod)
  return { cpu: cpu + silent('cpu'), memory: memory + silent('memory') }
}

/** Why the pod cannot go to the node, in the scheduler's words; empty where it can. In upstream's order of plugins: the first to refuse speaks. */
export function refusals(pod: Pod, state: NodeState): readonly string[] {
  const { spec } = state.node
  const cordon = { key: UNSCHEDULABLE, effect: 'NoSchedule' } as const
  if (spec.unschedulable && untolerated([cordon], pod.spec.tolerations, ['NoSchedule']))
    return ['node(s) were unschedulable']
  const taint = untolerated(spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute'])
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`]
  if (!matchesNode(pod.spec, state.node)) return ["node(s) didn't match Pod's node affinity/selector"]
  if (hostPortsOf(pod).some(port => isTaken(port, state.hostPorts)))
    return ["node(s) didn't have free ports for the requested pod ports"]
  return shortages(pod, state)
}

function shortages(pod: Pod, { room, used, pods }: NodeState): readonly string[] {
  const result: string[] = []
  if (pods + 1 > (room.pods ?? DEFAULT_MAX_PODS)) result.push('Too many pods')
  for (const [name, amount] of Object.entries(requestsOf(pod))) {
    const limit = room[name]
    // A node that does not say how much it has is not asked about cpu and memory; other resources it then lacks.
    if (limit === undefined && (name === 'cpu' || name === 'memory')) continue
    if (amount > 0 && (used[name] ?? 0) + amount > (limit ?? 0)) result.push(`Insufficient ${name}`)
  }
  return result
}

function hostPortsOf({ spec }: Pod): readonly string[] {
  const result: string[] = []
  for (const { ports = [] } of spec.containers)
    for (const { hostPort, containerPort, hostIP, protocol } of ports) {
      const port = hostPort || (spec.hostNetwork ? containerPort : 0)
      if (port) result.push(`${protocol ?? 'TCP'}/${hostIP || '0.0.0.0'}/${port}`)
    }
  return result
}

/** A port on all addresses collides with the same on any. */
function isTaken(wanted: string, taken: ReadonlySet<string>): boolean {
  if (taken.size === 0) return false
  const [protocol, address, port] = wanted.split('/')
  if (address !== '0.0.0.0') return taken.has(wanted) || taken.has(`${protocol}/0.0.0.0/${port}`)
  return [...taken].some(other => other.startsWith(`${protocol}/`) && other.endsWith(`/${port}`))
}

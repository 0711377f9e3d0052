import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { isPodTerminal } from '../shared/pods.ts'

export interface GarbageOptions {
  /** Ended pods beyond so many go, the oldest first. */
  readonly threshold: number
  /** A pod whose node does not exist stays for so long: the node may only be late. */
  readonly quarantineMs: number
}

export const DEFAULTS: GarbageOptions = { threshold: 12_500, quarantineMs: 40_000 }

export interface Plan {
  /** Deleted by force: nobody else will end them. */
  readonly remove: readonly { readonly pod: Pod; readonly isOrphan: boolean }[]
  readonly recheckMs: number | undefined
}

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

/** pkg/controller/podgc. missingSinceMs: since when a node that pods name was not there. */
export function decide(
  pods: readonly Pod[],
  nodes: ReadonlyMap<string, Node>,
  missingSinceMs: ReadonlyMap<string, number>,
  options: GarbageOptions,
  nowMs: number,
): Plan {
  const remove = new Map<Pod, boolean>()
  let recheckMs: number | undefined
  for (const pod of pods) {
    const { nodeName } = pod.spec
    const isEnding = pod.metadata.deletionTimestamp !== undefined
    if (!nodeName) {
      if (isEnding) remove.set(pod, false)
      continue
    }
    const node = nodes.get(nodeName)
    if (node) {
      if (isEnding && isOutOfService(node)) remove.set(pod, true)
      continue
    }
    const restMs = (missingSinceMs.get(nodeName) ?? nowMs) + options.quarantineMs - nowMs
    if (restMs <= 0) remove.set(pod, true)
    else recheckMs = Math.min(recheckMs ?? restMs, restMs)
  }
  for (const pod of surplus(pods, options.threshold)) if (!remove.has(pod)) remove.set(pod, false)
  return { remove: [...remove].map(([pod, isOrphan]) => ({ pod, isOrphan })), recheckMs }
}

function isOutOfService({ spec, status }: Node): boolean {
  const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
  return !isReady && (spec.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE)
}

function surplus(pods: readonly Pod[], threshold: number): readonly Pod[] {
  if (pods.length <= threshold) return []
  const ended = pods.filter(pod => isPodTerminal(pod) && !pod.metadata.deletionTimestamp)
  const born = (pod: Pod): string => pod.metadata.creationTimestamp ?? ''
  ended.sort((a, b) =>
    born(a) === born(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : born(a) < born(b) ? -1 : 1,
  )
  return ended.slice(0, Math.max(0, ended.length - threshold))
}

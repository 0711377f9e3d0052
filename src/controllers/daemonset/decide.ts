import type { DaemonSet, DaemonSetStatus } from '../../api/apps/daemon-set.ts'
import type { Node } from '../../api/core/node.ts'
import type { Toleration } from '../../api/core/pod/parts.ts'
import type { Pod } from '../../api/core/pod.ts'
import { matchesNode } from '../placement/affinity.ts'
import { NOT_READY, UNREACHABLE, UNSCHEDULABLE, untolerated } from '../placement/taints.ts'
import { isPodActive, isPodReady, msUntilAvailable } from '../shared/pods.ts'
import { hashName, scaled } from '../shared/values.ts'

export const HASH_LABEL = 'controller-revision-hash'

/** A failed pod is replaced only after so long, so that one that fails at once does not spin. */
const FAILED_REST_MS = 5000

export interface Plan {
  /** Names of nodes that lack their pod. */
  readonly create: readonly string[]
  readonly remove: readonly Pod[]
  readonly status: DaemonSetStatus
  /** When something changes by time alone. */
  readonly recheckMs: number | undefined
}

export const templateHash = (set: DaemonSet): string => hashName(set.spec.template)

/** util.AddOrUpdateDaemonPodTolerations: daemons stay where other pods must leave. */
export function tolerationsOf(spec: Pod['spec']): readonly Toleration[] {
  const always: readonly (readonly [string, NonNullable<Toleration['effect']>])[] = [
    [NOT_READY, 'NoExecute'],
    [UNREACHABLE, 'NoExecute'],
    ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
    ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
    ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
    [UNSCHEDULABLE, 'NoSchedule'],
    ...(spec.hostNetwork ? ([['node.kubernetes.io/network-unavailable', 'NoSchedule']] as const) : []),
  ]
  return [...(spec.tolerations ?? []), ...always.map(([key, effect]) => ({ key, operator: 'Exists' as const, effect }))]
}

/** The template as the pod of one node has it: bound to that node by affinity, so that the scheduler still has its say. */
export function specFor(template: Pod['spec'], node: string): Pod['spec'] {
  const field = { key: 'metadata.name', operator: 'In' as const, values: [node] }
  const nodeAffinity = template.affinity?.nodeAffinity
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const nodeSelectorTerms = (terms ?? [{}]).map(term => ({ ...term, matchFields: [field] }))
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
  const affinity = { ...template.affinity, nodeAffinity: { ...nodeAffinity, ...required } }
  return { ...template, affinity, tolerations: tolerationsOf(template) }
}

/** The node a daemon pod belongs to, bound or not. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const field = terms?.[0]?.matchFields?.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
  return field?.values?.[0]
}

interface Wish {
  readonly run: boolean
  readonly keep: boolean
}

/** NodeShouldRunDaemonPod: NoSchedule taints keep new pods away, NoExecute ones drive those that run out too. */
export function wishFor(template: Pod['spec'], node: Node): Wish {
  if (template.nodeName && template.nodeName !== node.metadata.name) return { run: false, keep: false }
  if (!matchesNode(template, node)) return { run: false, keep: false }
  const tolerations = tolerationsOf(template)
  const keep = untolerated(node.spec.taints, tolerations, ['NoExecute']) === undefined
  return { run: keep && untolerated(node.spec.taints, tolerations, ['NoSchedule']) === undefined, keep }
}

/** pods: those the set owns, ended ones too. hash: that of the present template's revision. */
export function decide(
  set: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  nowMs: number,
  hash = templateHash(set),
): Plan {
  const template = set.spec.template.spec!
  const here = groupByNode(pods)
  const create: string[] = []
  const remove: Pod[] = []
  const tally = createTally(set, nowMs, hash)
  for (const node of nodes) {
    const name = node.metadata.name
    const wish = wishFor(template, node)
    const active = (here.get(name) ?? []).filter(isPodActive).sort(olderFirst)
    tally.failed(here.get(name) ?? [], remove)
    if (wish.run && active.length === 0 && !isEndingAt(here.get(name))) create.push(name)
    if (!wish.keep) remove.push(...active)
    else remove.push(...surplus(set, active, tally))
    tally.node({ ...wish, name }, active)
  }
  const names = new Set(nodes.map(node => node.metadata.name))
  for (const [name, stray] of here) if (!names.has(name)) remove.push(...stray.filter(isPodActive))
  if (set.metadata.deletionTimestamp) return { create: [], remove: [], ...tally.result() }
  const update = updates(set, here, tally, remove)
  return { create: [...create, ...update.create], remove: [...remove, ...update.remove], ...tally.result() }
}

const surgeOf = (set: DaemonSet, desired: number): number =>
  scaled(set.spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0, desired, 'up')
const allowsSurge = (set: DaemonSet): boolean => set.spec.updateStrategy?.type !== 'OnDelete' && surgeOf(set, 100) > 0

/** podsShouldBeOnNode: all but one; with surge an old one stays beside a new one until that is available. */
function surplus(set: DaemonSet, active: readonly Pod[], tally: Tally): readonly Pod[] {
  if (active.length <= 1 || !allowsSurge(set)) return active.slice(1)
  const fresh = active.find(tally.isUpdated)
  const old = active.find(pod => !tally.isUpdated(pod))
  const rest = active.filter(pod => pod !== fresh && pod !== old)
  const isOver = fresh && old && (!isPodReady(old) || tally.isAvailable(fresh))
  return isOver ? [...rest, old] : rest
}

interface Update {
  /** Nodes that get a new pod beside their old one. */
  readonly create: readonly string[]
  readonly remove: readonly Pod[]
}

function updates(
  set: DaemonSet,
  here: ReadonlyMap<string, readonly Pod[]>,
  tally: Tally,
  leaving: readonly Pod[],
): Update {
  if (set.spec.updateStrategy?.type === 'OnDelete') return { create: [], remove: [] }
  const most = surgeOf(set, tally.desired)
  if (most === 0) return { create: [], remove: outdated(set, here, tally, leaving) }
  return { create: surged(here, tally, leaving, most), remove: [] }
}

/** rollingUpdate with maxSurge: new pods come beside old ones; where the old one is broken, at once. */
function surged(
  here: ReadonlyMap<string, readonly Pod[]>,
  tally: Tally,
  leaving: readonly Pod[],
  most: number,
): readonly string[] {
  const broken: string[] = []
  const working: string[] = []
  let surging = 0
  for (const [node, pods] of here) {
    const staying = pods.filter(pod => isPodActive(pod) && !leaving.includes(pod))
    const old = staying.find(pod => !tally.isUpdated(pod))
    const fresh = staying.find(tally.isUpdated)
    if (!old || !tally.runs(node)) continue
    if (fresh) surging += tally.isAvailable(fresh) ? 0 : 1
    else if (isEndingAt(pods)) surging++
    else if (tally.isAvailable(old)) working.push(node)
    else broken.push(node)
  }
  return [...broken, ...working.sort().slice(0, Math.max(0, most - surging))]
}

/** The next pod waits until the last is gone: they may use the same host ports. */
const isEndingAt = (pods: readonly Pod[] | undefined): boolean =>
  (pods ?? []).some(pod => pod.metadata.deletionTimestamp || pod.status?.phase === 'Failed')

const olderFirst = (a: Pod, b: Pod): number =>
  Number(Boolean(b.spec.nodeName)) - Number(Boolean(a.spec.nodeName)) ||
  ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1)

function groupByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const groups = new Map<string, Pod[]>()
  for (const pod of pods) {
    const node = nodeOf(pod) ?? ''
    const group = groups.get(node)
    if (group) group.push(pod)
    else groups.set(node, [pod])
  }
  return groups
}

/** rollingUpdate: pods of an older template go while no more nodes than allowed lack an available one. */
function outdated(
  set: DaemonSet,
  here: ReadonlyMap<string, readonly Pod[]>,
  tally: Tally,
  leaving: readonly Pod[],
): readonly Pod[] {
  const most = scaled(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, tally.desired, 'up')
  const old = [...here.values()]
    .flat()
    .filter(pod => isPodActive(pod) && !tally.isUpdated(pod) && !leaving.includes(pod))
  const broken = old.filter(pod => !tally.isAvailable(pod))
  const working = old.filter(pod => tally.isAvailable(pod)).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  // Those that serve nobody cost nothing, but they count against what the others may take.
  const room = Math.max(0, Math.max(most, 1) - (tally.desired - tally.available))
  return [...broken, ...working.slice(0, room)]
}

interface Tally {
  /** active: its pods, the one that counts first. */
  node(wish: Wish & { readonly name: string }, active: readonly Pod[]): void
  failed(pods: readonly Pod[], remove: Pod[]): void
  isAvailable(pod: Pod): boolean
  isUpdated(pod: Pod): boolean
  /** Whether the node should have a pod. */
  runs(node: string): boolean
  readonly desired: number
  readonly available: number
  result(): { readonly status: DaemonSetStatus; readonly recheckMs: number | undefined }
}

function createTally(set: DaemonSet, nowMs: number, hash: string): Tally {
  const isUpdated = (pod: Pod): boolean => pod.metadata.labels?.[HASH_LABEL] === hash
  const running = new Set<string>()
  const minReadySeconds = set.spec.minReadySeconds ?? 0
  const counts = { desired: 0, current: 0, mis: 0, ready: 0, available: 0, updated: 0 }
  const waits: number[] = []
  return {
    get desired() {
      return counts.desired
    },
    get available() {
      return counts.available
    },
    isUpdated,
    runs: node => running.has(node),
    isAvailable: pod => msUntilAvailable(pod, minReadySeconds, nowMs) === 0,
    failed(pods, remove) {
      for (const pod of pods) {
        if (pod.status?.phase !== 'Failed' || pod.metadata.deletionTimestamp) continue
        const restMs = Date.parse(pod.metadata.creationTimestamp ?? '') + FAILED_REST_MS - nowMs
        if (restMs > 0) waits.push(restMs)
        else remove.push(pod)
      }
    },
    node(wish, [pod]) {
      if (!wish.run) {
        if (pod) counts.mis++
        return
      }
      counts.desired++
      running.add(wish.name)
      if (!pod) return
      counts.current++
      const wait = msUntilAvailable(pod, minReadySeconds, nowMs)
      if (wait !== undefined) counts.ready++
      if (wait === 0) counts.available++
      else if (wait !== undefined) waits.push(wait)
      if (isUpdated(pod)) counts.updated++
    },
    result: () => ({
      status: {
        currentNumberScheduled: counts.current,
        numberMisscheduled: counts.mis,
        desiredNumberScheduled: counts.desired,
        numberReady: counts.ready,
        observedGeneration: set.metadata.generation ?? 0,
        ...(counts.updated ? { updatedNumberScheduled: counts.updated } : {}),
        ...(counts.available ? { numberAvailable: counts.available } : {}),
        ...(counts.desired > counts.available ? { numberUnavailable: counts.desired - counts.available } : {}),
        ...(set.status?.collisionCount ? { collisionCount: set.status.collisionCount } : {}),
        ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
      },
      recheckMs: waits.length > 0 ? Math.min(...waits) : undefined,
    }),
  }
}

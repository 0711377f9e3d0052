/** What one line says of a pod: its state in a word, ready containers, restarts. Source: kubectl's pod table. */
import { age } from '../../../lib/human-duration.ts'
import type { ContainerStatus } from './container-status.ts'
import type { PodSpec } from './spec.ts'
import type { PodStatus } from './status.ts'

export interface PodLike {
  readonly metadata: { readonly deletionTimestamp?: string }
  readonly spec: PodSpec
  readonly status?: PodStatus
}

export interface PodSummary {
  readonly ready: number
  readonly total: number
  /** Such as Running, Completed, CrashLoopBackOff, Init:0/1, Terminating. */
  readonly state: string
  readonly restarts: number
  readonly lastRestart: string | undefined
}

interface Tally {
  ready: number
  restarts: number
  lastRestart: string | undefined
}

export function podSummary(pod: PodLike): PodSummary {
  const status = pod.status ?? {}
  const sidecars = new Set(
    (pod.spec.initContainers ?? []).filter(one => one.restartPolicy === 'Always').map(one => one.name),
  )
  const total = pod.spec.containers.length + sidecars.size
  const init = initState(pod, sidecars)
  if (init.state !== undefined && !isTrue(status, 'Initialized'))
    return { ...init.all, total, state: ending(pod) ?? init.state }
  const { tally, state } = mainState(status, init.sidecars)
  return { ...tally, total, state: ending(pod) ?? state ?? baseState(status) }
}

function baseState(status: PodStatus): string {
  const gated = status.conditions?.some(one => one.type === 'PodScheduled' && one.reason === 'SchedulingGated')
  if (gated) return 'SchedulingGated'
  return status.reason || status.phase || 'Unknown'
}

function ending({ metadata, status }: PodLike): string | undefined {
  if (!metadata.deletionTimestamp) return undefined
  if (status?.reason === 'NodeLost') return 'Unknown'
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? undefined : 'Terminating'
}

interface InitState {
  /** Of all init containers; of those that run beside the others. */
  readonly all: Tally
  readonly sidecars: Tally
  /** Set while init containers are not done. */
  readonly state: string | undefined
}

function initState({ spec, status }: PodLike, sidecarNames: ReadonlySet<string>): InitState {
  const all = newTally()
  const sidecars = newTally()
  const statuses = status?.initContainerStatuses ?? []
  for (const [index, one] of statuses.entries()) {
    const isSidecar = sidecarNames.has(one.name)
    count(all, one)
    if (isSidecar) count(sidecars, one)
    if (one.state?.terminated?.exitCode === 0) continue
    if (isSidecar && one.started) {
      if (one.ready) {
        all.ready++
        sidecars.ready++
      }
      continue
    }
    return { all, sidecars, state: unfinished(one, index, spec.initContainers?.length ?? 0) }
  }
  return { all, sidecars, state: undefined }
}

function unfinished({ state }: ContainerStatus, index: number, total: number): string {
  if (state?.terminated) return `Init:${endText(state.terminated)}`
  const waiting = state?.waiting?.reason
  return waiting && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`
}

function mainState(status: PodStatus, start: Tally): { readonly tally: Tally; readonly state: string | undefined } {
  const tally = { ...start }
  let state: string | undefined
  let running = false
  for (const one of [...(status.containerStatuses ?? [])].reverse()) {
    count(tally, one)
    const { waiting, terminated } = one.state ?? {}
    if (waiting?.reason) state = waiting.reason
    else if (terminated) state = endText(terminated)
    else if (one.ready && one.state?.running) {
      running = true
      tally.ready++
    }
  }
  if (state === 'Completed' && running) state = isTrue(status, 'Ready') ? 'Running' : 'NotReady'
  return { tally, state }
}

const endText = ({ reason, signal, exitCode }: { reason?: string; signal?: number; exitCode: number }): string =>
  reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)

const newTally = (): Tally => ({ ready: 0, restarts: 0, lastRestart: undefined })

function count(tally: Tally, { restartCount, lastState }: ContainerStatus): void {
  tally.restarts += restartCount
  const finished = lastState?.terminated?.finishedAt
  if (finished && (tally.lastRestart === undefined || finished > tally.lastRestart)) tally.lastRestart = finished
}

const isTrue = ({ conditions }: PodStatus, type: string): boolean =>
  conditions?.some(one => one.type === type && one.status === 'True') ?? false

/** "3 (5m ago)" */
export const restartsText = ({ restarts, lastRestart }: PodSummary, nowMs: number): string =>
  restarts > 0 && lastRestart ? `${restarts} (${age(lastRestart, nowMs)} ago)` : String(restarts)

/** "1/2": how many of the extra conditions a pod waits for are true. */
export function readinessGatesText({ spec, status }: PodLike): string {
  const gates = spec.readinessGates ?? []
  const open = gates.filter(gate => isTrue(status ?? {}, gate.conditionType))
  return gates.length === 0 ? '<none>' : `${open.length}/${gates.length}`
}

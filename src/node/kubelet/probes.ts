import type { Container } from '../../api/core/pod/container.ts'
import type { Probe } from '../../api/core/pod/probe.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ProbeDeps } from '../probe/mod.ts'
import { probe as carryOut } from '../probe/probe.ts'
import type { Checked } from './facts.ts'
import { checkOf } from './spec/checks.ts'

type Kind = 'Startup' | 'Liveness' | 'Readiness'

/** A running attempt of a container, whose probes are to be carried out. */
export interface Probed {
  readonly container: Container
  readonly attempt: number
  readonly startedAtMs: number
  /** What was known of it before this agent looked: a restart of the agent must not take a pod out of its Services. */
  readonly before: { readonly started: boolean; readonly ready: boolean }
}

export interface ProbeManager {
  /** Starts and ends checks, so that those of exactly these containers run. */
  follow(pod: Pod, podIp: string, probed: readonly Probed[]): void
  forget(podUid: string): void
  /** By container. */
  checked(podUid: string): ReadonlyMap<string, Checked>
}

export interface ProbeManagerOptions {
  /** Something about the pod's checks is different now. */
  readonly changed: (podUid: string) => void
  readonly unhealthy: (pod: Pod, container: string, kind: Kind, message: string) => void
}

/** For so long after a container's start, a failed readiness check is only a reason to look again soon. */
const EAGER_MS = 1000
const EAGER_FIRST_MS = 10

interface Following {
  readonly attempt: number
  readonly stop: AbortController
  pod: Pod
  podIp: string
  checked: Checked
}

export function createProbeManager(deps: ProbeDeps, options: ProbeManagerOptions): ProbeManager {
  const pods = new Map<string, Map<string, Following>>()
  const begin = (pod: Pod, podIp: string, probed: Probed): Following => {
    const { startupProbe, readinessProbe } = probed.container
    const started = !startupProbe || probed.before.started
    const ready = started && (!readinessProbe || probed.before.ready)
    const following: Following = {
      attempt: probed.attempt,
      stop: new AbortController(),
      pod,
      podIp,
      checked: { started, ready, pending: !started || (readinessProbe !== undefined && !ready) },
    }
    const update = (next: Partial<Checked>): void => {
      const before = following.checked
      following.checked = { ...before, ...next }
      const isSame = (Object.keys(next) as (keyof Checked)[]).every(key => before[key] === following.checked[key])
      if (!isSame && !following.stop.signal.aborted) options.changed(pod.metadata.uid)
    }
    void runProbes(deps, options, following, probed, update)
    return following
  }
  return {
    follow(pod, podIp, probed) {
      const known = pods.get(pod.metadata.uid) ?? new Map<string, Following>()
      pods.set(pod.metadata.uid, known)
      for (const [name, following] of known) {
        if (probed.some(({ container, attempt }) => container.name === name && attempt === following.attempt)) continue
        following.stop.abort()
        known.delete(name)
      }
      for (const one of probed) {
        const following = known.get(one.container.name)
        if (following) Object.assign(following, { pod, podIp })
        else known.set(one.container.name, begin(pod, podIp, one))
      }
    },
    forget(podUid) {
      for (const following of pods.get(podUid)?.values() ?? []) following.stop.abort()
      pods.delete(podUid)
    },
    checked: podUid => new Map([...(pods.get(podUid) ?? [])].map(([name, following]) => [name, following.checked])),
  }
}

type Update = (next: Partial<Checked>) => void

/** The startup probe first, then the others side by side. */
async function runProbes(
  deps: ProbeDeps,
  options: ProbeManagerOptions,
  following: Following,
  probed: Probed,
  update: Update,
): Promise<void> {
  const { startupProbe, livenessProbe, readinessProbe } = probed.container
  const of = (kind: Kind, probe: Probe, on: Handlers): Promise<void> =>
    repeat(deps, options, following, probed, { kind, probe, ...on })
  if (startupProbe && !following.checked.started) {
    let isStarted = false
    await of('Startup', startupProbe, {
      passed: () => {
        isStarted = true
        update({ started: true, ...(readinessProbe ? {} : { ready: true, pending: false }) })
        return 'enough'
      },
      failed: () => {
        update({ failed: failure('Startup', startupProbe), pending: false })
        return 'enough'
      },
      doubtful: () => update({ pending: false }),
    })
    if (!isStarted) return
  }
  if (livenessProbe)
    void of('Liveness', livenessProbe, {
      passed: () => 'go on',
      failed: () => {
        update({ failed: failure('Liveness', livenessProbe) })
        return 'enough'
      },
    })
  if (readinessProbe)
    void of('Readiness', readinessProbe, {
      passed: () => {
        update({ ready: true, pending: false })
        return 'go on'
      },
      failed: () => {
        update({ ready: false, pending: false })
        return 'go on'
      },
      eager: () => !following.checked.ready,
      doubtful: () => update({ pending: false }),
    })
}

const failure = (
  probe: 'Liveness' | 'Startup',
  { terminationGracePeriodSeconds: grace }: Probe,
): Checked['failed'] & {} => ({
  probe,
  ...(grace === undefined ? {} : { graceSeconds: Number(grace) }),
})

interface Handlers {
  /** So many successes, or failures, in a row as the probe's threshold asks for. */
  readonly passed: () => 'go on' | 'enough'
  readonly failed: () => 'go on' | 'enough'
  /** Look more often than the period asks, right after the start. */
  readonly eager?: () => boolean
  /** A check has failed, though not yet often enough to count. */
  readonly doubtful?: () => void
}

interface Repeated extends Handlers {
  readonly kind: Kind
  readonly probe: Probe
}

async function repeat(
  deps: ProbeDeps,
  options: ProbeManagerOptions,
  following: Following,
  probed: Probed,
  { kind, probe, ...on }: Repeated,
): Promise<void> {
  const { signal } = following.stop
  const { clock } = deps
  const eagerUntilMs = probed.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000 + EAGER_MS
  const limits = { passed: probe.successThreshold ?? 1, failed: probe.failureThreshold ?? 3 }
  const streak = { ok: true, length: 0 }
  let eagerMs = EAGER_FIRST_MS
  if (!(await waitFor(clock, eagerUntilMs - EAGER_MS - clock.now(), signal))) return
  for (;;) {
    const check = checkOf(following.pod.metadata.uid, probed.container, probe, following.podIp)
    const outcome = await carryOut(deps, check, (probe.timeoutSeconds ?? 1) * 1000)
    // A pod that is to end is no longer restarted, though it may still be asked whether it is ready.
    if (signal.aborted || (kind !== 'Readiness' && following.pod.metadata.deletionTimestamp)) return
    const isEager = !outcome.ok && on.eager?.() === true && clock.now() < eagerUntilMs
    if (!isEager) {
      streak.length = streak.ok === outcome.ok ? streak.length + 1 : 1
      streak.ok = outcome.ok
      if (!outcome.ok) options.unhealthy(following.pod, probed.container.name, kind, outcome.message)
      const isEnough = streak.length >= (outcome.ok ? limits.passed : limits.failed)
      if (isEnough && (outcome.ok ? on.passed() : on.failed()) === 'enough') return
      if (!isEnough && !outcome.ok) on.doubtful?.()
    }
    const periodMs = (probe.periodSeconds ?? 10) * 1000
    if (!(await waitFor(clock, isEager ? Math.min(eagerMs, periodMs) : periodMs, signal))) return
    eagerMs *= 2
  }
}

/** False when the signal came first. */
function waitFor(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  if (ms <= 0) return Promise.resolve(true)
  return new Promise(resolve => {
    const aborted = (): void => {
      cancel()
      resolve(false)
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', aborted)
      resolve(true)
    })
    signal.addEventListener('abort', aborted, { once: true })
  })
}

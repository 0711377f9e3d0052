import { createBackoff } from '../../client/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { ContainerStatus, PodRuntime, SandboxStatus } from '../runtime/mod.ts'

/** What runs on the node, as the runtime tells. */
export interface RuntimeView {
  /** False while the runtime cannot be reached: then what is known may be old, and nothing can be done. */
  readonly isConnected: boolean
  get(podUid: string): SandboxStatus | undefined
  all(): readonly SandboxStatus[]
  /** Notes what an own call to the runtime has answered or done, which may be ahead of its events. */
  noteContainer(status: ContainerStatus): void
  noteSandbox(sandbox: Omit<SandboxStatus, 'containers'>): void
  noteRemoved(podUid: string): void
  /** Resolves when that attempt does not run any more, as far as was told; at once when nothing is known of it. */
  ended(podUid: string, attempt: { readonly name: string; readonly attempt: number }): Promise<void>
  /** Resolves when everything is known for the first time. */
  readonly ready: Promise<void>
  readonly done: Promise<void>
}

export interface RuntimeViewDeps {
  readonly runtime: PodRuntime
  readonly clock: Clock
  readonly log: Logger
}

/** Every pod of the node waits for it, and trying costs a system call. */
const RECONNECT = { minMs: 20, maxMs: 50 }

/** `changed` is called with a pod's UID, or without one when everything may be different. */
export function followRuntime(
  deps: RuntimeViewDeps,
  node: string,
  changed: (podUid?: string) => void,
  signal: AbortSignal,
): RuntimeView {
  const sandboxes = new Map<string, SandboxStatus>()
  let isConnected = false
  let isReady = (): void => {}
  const ready = new Promise<void>(resolve => {
    isReady = resolve
  })
  /** By pod: those who wait for ends. */
  const waiting = new Map<string, Set<() => boolean>>()
  const wake = (podUid: string): void => {
    const waiters = waiting.get(podUid)
    for (const isDone of waiters ?? []) if (isDone()) waiters!.delete(isDone)
    if (waiters?.size === 0) waiting.delete(podUid)
  }
  const note = (status: ContainerStatus): void => {
    const sandbox = sandboxes.get(status.podUid)
    if (sandbox) sandboxes.set(status.podUid, { ...sandbox, containers: withStatus(sandbox.containers, status) })
    wake(status.podUid)
  }
  const replace = (all: readonly SandboxStatus[]): void => {
    sandboxes.clear()
    for (const sandbox of all) sandboxes.set(sandbox.spec.podUid, sandbox)
    isConnected = true
    isReady()
    for (const podUid of [...waiting.keys()]) wake(podUid)
    changed()
  }
  const follow = async (): Promise<void> => {
    const backoff = createBackoff(RECONNECT, deps.clock.monotonic())
    while (!signal.aborted) {
      try {
        for await (const event of deps.runtime.events(node, signal)) {
          backoff.reset()
          if (event.type === 'all') replace(event.sandboxes)
          else {
            note(event.status)
            changed(event.status.podUid)
          }
        }
      } catch (error) {
        if (isConnected) deps.log.warn({ error: messageOf(error) }, 'the pod runtime has gone; waiting for it')
      }
      isConnected = false
      await deps.clock.sleep(backoff.next(), signal).catch(() => {})
    }
  }
  return {
    get isConnected() {
      return isConnected
    },
    get: podUid => sandboxes.get(podUid),
    all: () => [...sandboxes.values()],
    noteContainer: note,
    noteSandbox: sandbox => {
      const { podUid } = sandbox.spec
      sandboxes.set(podUid, { ...sandbox, containers: sandboxes.get(podUid)?.containers ?? [] })
    },
    noteRemoved: podUid => {
      sandboxes.delete(podUid)
      wake(podUid)
    },
    ended: (podUid, { name, attempt }) =>
      new Promise(resolve => {
        const isDone = (): boolean => {
          const known = sandboxes.get(podUid)?.containers ?? []
          const isRunning = known.some(
            status => status.name === name && status.attempt === attempt && status.phase.state === 'running',
          )
          if (!isRunning) resolve()
          return !isRunning
        }
        if (isDone()) return
        const waiters = waiting.get(podUid) ?? new Set()
        waiting.set(podUid, waiters.add(isDone))
      }),
    ready,
    done: follow(),
  }
}

/** The latest attempt and the one before it. What has ended does not run again, in whatever order news arrive. */
function withStatus(statuses: readonly ContainerStatus[], next: ContainerStatus): readonly ContainerStatus[] {
  const own = statuses.filter(({ name }) => name === next.name)
  const known = own.find(({ attempt }) => attempt === next.attempt)
  const latest = known?.phase.state === 'exited' ? known : next
  const attempts = [...own.filter(status => status !== known), latest].sort((a, b) => a.attempt - b.attempt).slice(-2)
  return [...statuses.filter(({ name }) => name !== next.name), ...attempts]
}

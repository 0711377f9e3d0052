import type { Container } from '../../../api/core/pod/container.ts'
import type { Pod } from '../../../api/core/pod.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { ContainerStatus } from '../../runtime/mod.ts'
import type { Action } from '../decide.ts'
import { isSidecar } from '../runs.ts'
import type { Tracked } from '../tracked.ts'
import { block } from '../tracked.ts'
import { volumesFolder } from '../volumes/places.ts'
import { runHook } from './hooks.ts'
import type { ActDeps } from './mod.ts'

/** However long hooks and other containers took, a container gets so long between SIGTERM and SIGKILL. Source: kubelet. */
const MIN_GRACE_SECONDS = 2

/**
 * Ends all containers of a pod: all but sidecars at once, sidecars one after another from the last to the first. Hooks run at
 * once; all of it together takes no longer than the grace period. Source: kuberuntime's killContainersWithSyncResult.
 */
export async function endContainers(deps: ActDeps, tracked: Tracked, pod: Pod, graceSeconds: number): Promise<void> {
  const running = (deps.view.get(tracked.podUid)?.containers ?? []).filter(({ phase }) => phase.state === 'running')
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name)
  const endMs = deps.clock.monotonic() + graceSeconds * 1000
  const end = (status: ContainerStatus, turn?: Promise<unknown>): Promise<void> =>
    endOne(deps, tracked, pod, status, { message: `Stopping container ${status.name}`, graceSeconds, endMs, turn })
  const others = running.filter(({ name }) => !sidecars.includes(name)).map(status => end(status))
  let turn: Promise<unknown> = Promise.all(others)
  const all = [turn]
  for (const name of sidecars.toReversed()) {
    const status = running.find(one => one.name === name)
    if (!status) continue
    turn = end(status, turn)
    all.push(turn)
  }
  await Promise.all(all)
}

interface End {
  readonly message: string
  readonly graceSeconds: number
  /** When the time is up, on the monotonic clock. */
  readonly endMs: number
  /** What ends before this one is told to. */
  readonly turn?: Promise<unknown> | undefined
}

/** Hook, then SIGTERM, then SIGKILL. Resolves when the end has been told of. Told again, the hook is not waited for. */
async function endOne(
  deps: ActDeps,
  tracked: Tracked,
  pod: Pod,
  { name, attempt }: ContainerStatus,
  { message, graceSeconds, endMs, turn }: End,
): Promise<void> {
  const { podUid } = tracked
  const key = `${name}#${attempt}`
  const ended = deps.view.ended(podUid, { name, attempt })
  const timeIsUp = new AbortController()
  const cancel = deps.clock.after(Math.max(0, endMs - deps.clock.monotonic()), () => timeIsUp.abort())
  const up = new Promise<void>(resolve => timeIsUp.signal.addEventListener('abort', () => resolve(), { once: true }))
  if (!tracked.ending.has(key)) {
    tracked.ending.add(key)
    deps.events.record(pod, 'Normal', 'Killing', message)
    const container = containerOf(pod, name)
    if (container && graceSeconds > 0) await Promise.race([beforeStop(deps, tracked, pod, container, ended), up])
  }
  if (turn && graceSeconds > 0) await Promise.race([turn, up])
  cancel()
  const leftSeconds = (endMs - deps.clock.monotonic()) / 1000
  await deps.runtime.stopContainer(podUid, name, graceSeconds > 0 ? Math.max(leftSeconds, MIN_GRACE_SECONDS) : 0)
  await ended
}

const containerOf = ({ spec }: Pod, name: string): Container | undefined =>
  [...(spec.initContainers ?? []), ...spec.containers].find(container => container.name === name)

async function beforeStop(
  deps: ActDeps,
  tracked: Tracked,
  pod: Pod,
  container: Container,
  ended: Promise<void>,
): Promise<void> {
  const hook = container.lifecycle?.preStop
  if (!hook) return
  const failure = await runHook(deps, tracked, container, hook, ended)
  if (failure !== undefined) deps.events.record(pod, 'Warning', 'FailedPreStopHook', `PreStopHook failed: ${failure}`)
}

/** Ends a container whose check has failed. */
export async function restart(
  deps: ActDeps,
  tracked: Tracked,
  pod: Pod,
  { container, graceSeconds, because }: Extract<Action, { do: 'stop' }>,
): Promise<void> {
  const status = deps.view.get(tracked.podUid)?.containers.findLast(({ name }) => name === container)
  if (!status) return
  tracked.changing.add(container)
  const message = `Container ${container} failed ${because.toLowerCase()} probe, will be restarted`
  const endMs = deps.clock.monotonic() + graceSeconds * 1000
  try {
    await endOne(deps, tracked, pod, status, { message, graceSeconds, endMs })
  } catch (error) {
    deps.log.debug({ pod: pod.metadata.name, container, error: messageOf(error) }, 'a container could not be stopped')
  } finally {
    tracked.changing.delete(container)
  }
}

export async function release(deps: ActDeps, tracked: Tracked, pod: Pod, graceSeconds: number): Promise<void> {
  tracked.isSettingUp = true
  try {
    await endContainers(deps, tracked, pod, graceSeconds)
    await deps.runtime.stopSandbox(tracked.podUid, 0)
    forgetNetwork(deps, tracked)
    const sandbox = deps.view.get(tracked.podUid)
    if (sandbox) deps.view.noteSandbox({ spec: sandbox.spec, stopped: true })
    tracked.isSetUp = false
  } catch (error) {
    deps.log.debug({ pod: pod.metadata.name, error: messageOf(error) }, 'a pod could not be released')
    block(tracked, '', 'ContainerCreating', messageOf(error), deps.clock.now())
  } finally {
    tracked.isSettingUp = false
  }
}

export async function tearDown(deps: ActDeps, tracked: Tracked, graceSeconds: number): Promise<boolean> {
  try {
    await deps.runtime.removeSandbox(tracked.podUid, graceSeconds)
    deps.view.noteRemoved(tracked.podUid)
    forgetNetwork(deps, tracked)
    deps.tokens.forget(tracked.podUid)
    deps.fs.remove(volumesFolder(deps.options.stateDir, tracked.podUid))
    return true
  } catch (error) {
    deps.log.debug({ podUid: tracked.podUid, error: messageOf(error) }, 'a pod could not be taken down')
    return false
  }
}

/** Without a CNI nothing was made; what an earlier agent made for pods that are gone is collected when there is one. */
function forgetNetwork(deps: ActDeps, tracked: Tracked): void {
  const isOnHost = tracked.pod?.spec.hostNetwork ?? deps.view.get(tracked.podUid)?.spec.hostNetwork
  if (isOnHost) return
  deps.hostPorts()?.remove(tracked.podUid)
  deps.cni()?.remove(tracked.podUid)
  deps.gate?.forget(tracked.podUid)
}

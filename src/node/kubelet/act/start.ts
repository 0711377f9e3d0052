import type { Container } from '../../../api/core/pod/container.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { EventRecorder } from '../../../client/events.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { ContainerStatus } from '../../runtime/mod.ts'
import { RuntimeError } from '../../runtime/mod.ts'
import type { Action } from '../decide.ts'
import { readSources } from '../sources.ts'
import { appProtocolsOf, containerSpec } from '../spec/container.ts'
import { ConfigError, containerEnv, envSources } from '../spec/env.ts'
import { linkedServices, serviceEnv } from '../spec/service-env.ts'
import type { Tracked } from '../tracked.ts'
import { block } from '../tracked.ts'
import { mountsOf } from '../volumes/mounts.ts'
import { runHook } from './hooks.ts'
import type { ActDeps } from './mod.ts'
import { isUnavailable, whereabouts } from './mod.ts'

/** One attempt of a container, and what it is to do right after its start. */
export async function start(
  deps: ActDeps,
  tracked: Tracked,
  pod: Pod,
  { container, attempt, restarts }: Extract<Action, { do: 'start' }>,
): Promise<void> {
  const { name } = container
  tracked.changing.add(name)
  try {
    const status = await deps.runtime.startContainer(await describe(deps, tracked, pod, container, attempt))
    tracked.restarts.set(name, restarts)
    tracked.blocked.delete(name)
    deps.view.noteContainer(status)
    tellStarted(deps.events, pod, container, status)
    await afterStart(deps, tracked, pod, container, status)
  } catch (error) {
    if (isUnavailable(error)) return
    if (error instanceof RuntimeError && error.reason === 'NotFound') tracked.isSetUp = false
    const reason = error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError'
    deps.events.record(pod, 'Warning', 'Failed', `Error: ${messageOf(error)}`)
    block(tracked, name, reason, messageOf(error), deps.clock.now())
  } finally {
    tracked.changing.delete(name)
  }
}

async function describe(deps: ActDeps, tracked: Tracked, pod: Pod, container: Container, attempt: number) {
  const { namespace = '' } = pod.metadata
  const services = deps.services.list(namespace)
  const api = namespace === 'default' ? undefined : deps.services.get({ namespace: 'default', name: 'kubernetes' })
  const links = linkedServices(api ? [...services, api] : services, namespace, pod.spec.enableServiceLinks ?? true)
  const sources = await readSources(deps.client, namespace, envSources(container))
  const where = whereabouts(deps.options, tracked.addresses)
  const env = containerEnv(pod, container, serviceEnv(links), sources, where)
  const mounts = mountsOf(deps.fs, deps.options.stateDir, pod, container, env)
  return containerSpec(pod, container, attempt, env, mounts, appProtocolsOf(pod, container, services))
}

const RUNS_AS = { builtin: 'built-in', process: 'process', 'stand-in': 'stand-in' } as const

/** The events of a kubelet, and with the last one how the container runs and why. */
function tellStarted(events: EventRecorder, pod: Pod, { name, image = '' }: Container, status: ContainerStatus): void {
  const { phase, runsAs, why } = status
  if (phase.state === 'exited' && phase.reason === 'ContainerCannotRun') {
    events.record(
      pod,
      'Warning',
      'Failed',
      `Error: failed to start container ${JSON.stringify(name)}: ${phase.message ?? 'it cannot run'}`,
    )
    return
  }
  events.record(pod, 'Normal', 'Pulled', `Container image ${JSON.stringify(image)} needs no pulling here`)
  events.record(pod, 'Normal', 'Created', `Created container ${name}`)
  events.record(pod, 'Normal', 'Started', `Started container ${name} (${RUNS_AS[runsAs]}: ${why})`)
}

/** A container whose hook fails is ended, and starts again by the pod's restart policy. */
async function afterStart(
  deps: ActDeps,
  tracked: Tracked,
  pod: Pod,
  container: Container,
  { attempt, phase }: ContainerStatus,
): Promise<void> {
  const hook = container.lifecycle?.postStart
  if (!hook || phase.state !== 'running') return
  const { name } = container
  tracked.hooking.add(name)
  try {
    const failure = await runHook(deps, tracked, container, hook, deps.view.ended(tracked.podUid, { name, attempt }))
    if (failure === undefined) return
    deps.events.record(pod, 'Warning', 'FailedPostStartHook', `PostStartHook failed: ${failure}`)
    deps.events.record(pod, 'Normal', 'Killing', `FailedPostStartHook`)
    await deps.runtime.stopContainer(tracked.podUid, name, pod.spec.terminationGracePeriodSeconds ?? 30)
    await deps.view.ended(tracked.podUid, { name, attempt })
  } finally {
    tracked.hooking.delete(name)
  }
}

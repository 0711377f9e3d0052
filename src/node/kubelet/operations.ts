import type { Container } from '../../api/core/pod/container.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Informer } from '../../client/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import type { Cni, PodNetwork } from '../cni/mod.ts'
import type { ContainerStatus } from '../runtime/mod.ts'
import { RuntimeError } from '../runtime/mod.ts'
import type { Action } from './decide.ts'
import type { KubeletDeps, KubeletOptions } from './options.ts'
import type { RuntimeView } from './runtime-view.ts'
import { readSources } from './sources.ts'
import { appProtocolsOf, containerSpec } from './spec/container.ts'
import { resolvConf } from './spec/dns.ts'
import { ConfigError, containerEnv, envSources } from './spec/env.ts'
import type { Whereabouts } from './spec/fields.ts'
import { hostnameOf, hostsFile } from './spec/hosts.ts'
import { linkedServices, serviceEnv } from './spec/service-env.ts'
import { VolumeError, volumeSources } from './spec/volumes.ts'
import type { Tracked } from './tracked.ts'
import { block } from './tracked.ts'
import { makeVolumes } from './volumes/make.ts'
import { mountsOf } from './volumes/mounts.ts'
import { volumesFolder } from './volumes/places.ts'
import type { Tokens } from './volumes/tokens.ts'

export interface OperationsDeps extends KubeletDeps {
  readonly options: KubeletOptions
  readonly events: EventRecorder
  readonly view: RuntimeView
  readonly services: Informer<Service>
  readonly tokens: Tokens
  /** Absent until the node's pod network is known and stands. */
  readonly cni: () => Cni | undefined
}

type Start = Extract<Action, { do: 'start' }>
type Stop = Extract<Action, { do: 'stop' }>

/** What is done to pods. Each notes what it found out in what is tracked; none rejects. */
export interface Operations {
  setUp(tracked: Tracked, pod: Pod): Promise<void>
  start(tracked: Tracked, pod: Pod, action: Start): Promise<void>
  stop(tracked: Tracked, pod: Pod, action: Stop): Promise<void>
  /** Stops everything and gives the network back; logs stay. */
  release(tracked: Tracked, graceSeconds: number): Promise<void>
  /** Nothing is left on the node. False when it has to be tried again. */
  tearDown(tracked: Tracked, graceSeconds: number): Promise<boolean>
}

export function createOperations(deps: OperationsDeps): Operations {
  return {
    setUp: (tracked, pod) => setUp(deps, tracked, pod),
    start: (tracked, pod, action) => start(deps, tracked, pod, action),
    stop: (tracked, pod, action) => stop(deps, tracked, pod, action),
    release: (tracked, graceSeconds) => release(deps, tracked, graceSeconds),
    tearDown: (tracked, graceSeconds) => tearDown(deps, tracked, graceSeconds),
  }
}

const isUnavailable = (error: unknown): boolean => error instanceof RuntimeError && error.reason === 'Unavailable'

const whereabouts = (options: KubeletOptions, podIps: readonly string[]): Whereabouts => ({
  node: options.node,
  hostIps: options.addresses,
  podIps,
})

async function setUp(deps: OperationsDeps, tracked: Tracked, pod: Pod): Promise<void> {
  const { options, clock, events } = deps
  tracked.isSettingUp = true
  try {
    const network = pod.spec.hostNetwork ? undefined : addNetwork(deps, tracked.podUid)
    tracked.addresses = network?.addresses ?? options.addresses
    if (pod.spec.volumes?.length) {
      const sources = await readSources(deps.client, pod.metadata.namespace!, volumeSources(pod))
      await makeVolumes(deps, options.stateDir, pod, sources, whereabouts(options, tracked.addresses))
    }
    const { text, problems } = resolvConf(pod, { ...options, nodeResolvConf: options.resolvConf })
    for (const problem of problems) events.record(pod, 'Warning', 'DNSConfigForming', problem)
    const names = { ...options, nodeHosts: options.hosts }
    const spec = {
      podUid: tracked.podUid,
      namespace: pod.metadata.namespace!,
      name: pod.metadata.name,
      node: options.node,
      netns: network?.netns ?? options.netns,
      hostname: hostnameOf(pod, names),
      podIps: tracked.addresses,
      hostNetwork: pod.spec.hostNetwork ?? false,
      resolvConf: text,
      hosts: hostsFile(pod, tracked.addresses, names),
    }
    await deps.runtime.runSandbox(spec)
    deps.view.noteSandbox({ spec, stopped: false })
    tracked.isSetUp = true
    tracked.blocked.delete('')
  } catch (error) {
    if (isUnavailable(error)) return
    const isVolume = error instanceof VolumeError
    const message = isVolume ? error.message : `Failed to create pod sandbox: ${messageOf(error)}`
    events.record(pod, 'Warning', isVolume ? 'FailedMount' : 'FailedCreatePodSandBox', message)
    block(tracked, '', 'ContainerCreating', message, clock.now())
  } finally {
    tracked.isSettingUp = false
  }
}

async function start(
  deps: OperationsDeps,
  tracked: Tracked,
  pod: Pod,
  { container, attempt, restarts }: Start,
): Promise<void> {
  const { name } = container
  tracked.changing.add(name)
  try {
    const status = await deps.runtime.startContainer(await describe(deps, tracked, pod, container, attempt))
    tracked.restarts.set(name, restarts)
    tracked.blocked.delete(name)
    deps.view.noteContainer(status)
    tellStarted(deps.events, pod, container, status)
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

async function describe(deps: OperationsDeps, tracked: Tracked, pod: Pod, container: Container, attempt: number) {
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

async function stop(deps: OperationsDeps, tracked: Tracked, pod: Pod, action: Stop): Promise<void> {
  const { container, graceSeconds, because } = action
  tracked.changing.add(container)
  const message = `Container ${container} failed ${because.toLowerCase()} probe, will be restarted`
  deps.events.record(pod, 'Normal', 'Killing', message)
  try {
    await deps.runtime.stopContainer(tracked.podUid, container, graceSeconds)
  } catch (error) {
    deps.log.debug({ pod: pod.metadata.name, container, error: messageOf(error) }, 'a container could not be stopped')
  } finally {
    tracked.changing.delete(container)
  }
}

async function release(deps: OperationsDeps, tracked: Tracked, graceSeconds: number): Promise<void> {
  tracked.isSettingUp = true
  try {
    await deps.runtime.stopSandbox(tracked.podUid, graceSeconds)
    forgetNetwork(deps, tracked)
    const sandbox = deps.view.get(tracked.podUid)
    if (sandbox) deps.view.noteSandbox({ spec: sandbox.spec, stopped: true })
    tracked.isSetUp = false
  } catch (error) {
    deps.log.debug({ pod: tracked.pod?.metadata.name, error: messageOf(error) }, 'a pod could not be released')
    block(tracked, '', 'ContainerCreating', messageOf(error), deps.clock.now())
  } finally {
    tracked.isSettingUp = false
  }
}

async function tearDown(deps: OperationsDeps, tracked: Tracked, graceSeconds: number): Promise<boolean> {
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

function addNetwork(deps: OperationsDeps, podUid: string): PodNetwork {
  const cni = deps.cni()
  if (!cni) throw new Error('the network of the node does not stand yet')
  return cni.add(podUid)
}

/** Without a CNI nothing was made; what an earlier agent made for pods that are gone is collected when there is one. */
function forgetNetwork(deps: OperationsDeps, tracked: Tracked): void {
  const isOnHost = tracked.pod?.spec.hostNetwork ?? deps.view.get(tracked.podUid)?.spec.hostNetwork
  if (!isOnHost) deps.cni()?.remove(tracked.podUid)
}

/** The addresses of pods that run, for a CNI that has lost its ledger. */
export const livePods = (view: RuntimeView): ReadonlyMap<string, readonly Ip[]> =>
  new Map(
    view
      .all()
      .flatMap(({ spec, stopped }) =>
        stopped || spec.hostNetwork ? [] : [[spec.podUid, spec.podIps.map(ip)] as const],
      ),
  )

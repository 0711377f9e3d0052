import type { SecureContext } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { messageOf } from '../../lib/errors.ts'
import { createApplets } from './applets.ts'
import { BUILTINS } from './builtins/all.ts'
import { createHub } from './builtins/hub.ts'
import { collect } from './collect.ts'
import type { BuiltinDeps } from './container/builtin.ts'
import { attachTo, execIn } from './container/exec.ts'
import { spawnSpec } from './container/process.ts'
import { startAttempt } from './container/start.ts'
import { stopAttempt } from './container/stop.ts'
import { broadcaster } from './events.ts'
import { entriesInVolumes, inVolumes, logPath, podFolder, writePodFiles } from './files.ts'
import { readAndFollow } from './logs/follow.ts'
import type { ContainerSpec, LogOptions, PodRuntime, SandboxSpec, SandboxStatus } from './mod.ts'
import { RuntimeError } from './mod.ts'
import type { Attempt, Container, Pod } from './pod.ts'
import { restorePods, sandboxStatus, savePod, statusesOf } from './pod.ts'
import { portForward } from './port-forward.ts'
import { standIn } from './stand-in/stand-in.ts'
import type { Runtime, RuntimeDeps, RuntimeOptions } from './state.ts'

/** The runtime itself, in this process. Takes over what an earlier one with the same state folder left. */
export function createRuntime(deps: RuntimeDeps, options: RuntimeOptions): PodRuntime {
  const runtime = assemble(deps, options)
  const events = broadcaster(runtime)
  const state: Runtime = {
    ...runtime,
    changed: (pod, status) => {
      if (runtime.pods.get(pod.spec.podUid) !== pod) return
      savePod(deps.fs, deps.process, options.stateDir, pod)
      events.send(pod.spec.node, { type: 'container', status })
    },
  }
  const starting = new Map<string, Promise<Attempt>>()
  return {
    runSandbox: async spec => runSandbox(state, spec),
    stopSandbox: (podUid, graceSeconds) => stopSandbox(state, podUid, graceSeconds),
    removeSandbox: async (podUid, graceSeconds) => {
      await stopSandbox(state, podUid, graceSeconds)
      state.pods.delete(podUid)
      deps.fs.remove(podFolder(options.stateDir, podUid))
    },
    startContainer: spec => startContainer(state, starting, spec),
    stopContainer: async (podUid, name, graceSeconds) => {
      const attempt = state.pods.get(podUid)?.containers.get(name)?.current
      if (attempt) await stopAttempt(deps.clock, attempt, graceSeconds)
    },
    list: async node => listed(state, node),
    events: events.listen,
    logs: (log, signal) => logs(state, log, signal),
    exec: async exec => {
      const { pod, attempt } = running(state, exec.podUid, exec.container)
      if (exec.command.length === 0) throw new RuntimeError('Invalid', 'no command was given')
      return execIn(state, pod, attempt, exec)
    },
    attach: async (podUid, container) => {
      const attempt = containerOf(state, podUid, container).container.current
      if (!attempt) throw new RuntimeError('Invalid', `container ${container} is not running`)
      return attachTo(attempt)
    },
    portForward: async (podUid, port) => portForward(deps, podOf(state, podUid), port),
    close: () => events.close(),
  }
}

function assemble(deps: RuntimeDeps, options: RuntimeOptions): Omit<Runtime, 'changed'> {
  const applets = createApplets(deps, options.stateDir)
  let secure: Promise<SecureContext> | undefined
  const context = (): Promise<SecureContext> => {
    secure ??= options.certificate().then(createSecureContext)
    return secure
  }
  const builtinDeps: BuiltinDeps = {
    socket: deps.socket,
    clock: deps.clock,
    hub: createHub(),
    certificate: context,
    run: async (spec, place, command, signal) => {
      await applets()
      return collect(await deps.process.spawn(spawnSpec(spec, place, command, false)), signal)
    },
    file: (spec, path) => inVolumes(deps.fs, spec, path),
    entries: (spec, path) => entriesInVolumes(deps.fs, spec, path),
  }
  const restored = restorePods(deps.fs, deps.process, options.stateDir, deps.clock.now())
  const pods = new Map(restored.map(pod => [pod.spec.podUid, pod]))
  return {
    deps: { ...deps, soon: f => void setImmediate(f) },
    options,
    pods,
    builtinDeps,
    standIn: standIn({ context }),
    builtin: name => {
      const found = options.builtins.get(name) ?? BUILTINS.get(name)
      if (!found) throw new Error(`there is no built-in ${name}`)
      return found
    },
    applets,
  }
}

function podOf(state: Runtime, podUid: string): Pod {
  const pod = state.pods.get(podUid)
  if (!pod) throw new RuntimeError('NotFound', `the runtime knows no pod ${podUid}`)
  return pod
}

function containerOf(state: Runtime, podUid: string, name: string): { pod: Pod; container: Container } {
  const pod = podOf(state, podUid)
  const container = pod.containers.get(name)
  if (!container) throw new RuntimeError('NotFound', `container ${name} of pod ${pod.spec.name} has not been started`)
  return { pod, container }
}

function running(state: Runtime, podUid: string, name: string): { pod: Pod; attempt: Attempt } {
  const { pod, container } = containerOf(state, podUid, name)
  const attempt = container.current
  if (!attempt?.workload || !pod.netns)
    throw new RuntimeError('Invalid', `container ${name} of pod ${pod.spec.name} is not running`)
  return { pod, attempt }
}

/** A sandbox that is there keeps its containers; after a restart of the runtime it gets its namespace back. */
function runSandbox(state: Runtime, spec: SandboxSpec): void {
  const { deps, options, pods } = state
  const known = pods.get(spec.podUid)
  try {
    const netns = known?.netns && known.spec.netns === spec.netns ? known.netns : deps.netns.open(spec.netns)
    if (known?.netns && known.netns !== netns) deps.netns.close(known.netns)
    const pod: Pod = known ?? { spec, netns, containers: new Map() }
    pod.spec = spec
    pod.netns = netns
    writePodFiles(deps.fs, options.stateDir, spec)
    pods.set(spec.podUid, pod)
    savePod(deps.fs, deps.process, options.stateDir, pod)
  } catch (error) {
    throw new RuntimeError('Failed', `cannot make the sandbox of pod ${spec.name}: ${messageOf(error)}`, error)
  }
}

async function stopSandbox(state: Runtime, podUid: string, graceSeconds: number): Promise<void> {
  const pod = state.pods.get(podUid)
  if (!pod) return
  const attempts = [...pod.containers.values()].flatMap(container => container.current ?? [])
  await Promise.all(attempts.map(attempt => stopAttempt(state.deps.clock, attempt, graceSeconds)))
  if (!pod.netns) return
  state.deps.netns.close(pod.netns)
  pod.netns = undefined
  savePod(state.deps.fs, state.deps.process, state.options.stateDir, pod)
}

async function startContainer(state: Runtime, starting: Map<string, Promise<Attempt>>, spec: ContainerSpec) {
  const pod = podOf(state, spec.podUid)
  if (!pod.netns) throw new RuntimeError('NotFound', `the sandbox of pod ${pod.spec.name} does not run`)
  const container = pod.containers.get(spec.name) ?? { current: undefined, past: [] }
  const before = statusesOf(container).find(status => status.attempt === spec.attempt)
  if (before) return before
  const key = `${spec.podUid}/${spec.name}`
  if (container.current?.workload || starting.has(key))
    throw new RuntimeError('Invalid', `another attempt of container ${spec.name} of pod ${pod.spec.name} still runs`)
  const start = startAttempt(state, pod, spec)
  starting.set(key, start)
  try {
    const attempt = await start
    dropOldLogs(state, pod, container)
    if (container.current) container.past = [container.current.status]
    container.current = attempt
    pod.containers.set(spec.name, container)
    if (!pod.netns || state.pods.get(spec.podUid) !== pod) await stopAttempt(state.deps.clock, attempt, 0)
    else state.changed(pod, attempt.status)
    return attempt.status
  } finally {
    starting.delete(key)
  }
}

/** The log before the previous one goes. */
function dropOldLogs(state: Runtime, pod: Pod, container: Container): void {
  for (const status of statusesOf(container).slice(0, -1))
    for (const suffix of ['', '.1'])
      state.deps.fs.remove(`${logPath(state.options.stateDir, pod.spec.podUid, status.name, status.attempt)}${suffix}`)
}

function listed(state: Runtime, node: string | undefined): readonly SandboxStatus[] {
  return [...state.pods.values()].filter(pod => node === undefined || pod.spec.node === node).map(sandboxStatus)
}

async function* logs(state: Runtime, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { container } = containerOf(state, options.podUid, options.container)
  const statuses = statusesOf(container)
  const status = options.previous ? statuses.at(-2) : statuses.at(-1)
  if (!status)
    throw new RuntimeError(
      'NotFound',
      `previous terminated container ${JSON.stringify(options.container)} in pod not found`,
    )
  const path = logPath(state.options.stateDir, options.podUid, options.container, status.attempt)
  const current = container.current?.status.attempt === status.attempt ? container.current : undefined
  current?.log.flush()
  const live = current &&
    options.follow && {
      state: current.log.state,
      flush: () => current.log.flush(),
      onChange: (f: () => void) => {
        current.logChanged.add(f)
        return () => void current.logChanged.delete(f)
      },
    }
  yield* readAndFollow(state.deps.fs, path, options, live || undefined, signal)
}

import type { Mount } from '../../../host/process/mod.ts'
import { codeOf, messageOf } from '../../../lib/errors.ts'
import type { Choice } from '../choose.ts'
import { choose } from '../choose.ts'
import { logPath, mountsOf, searchPath } from '../files.ts'
import { openLog } from '../logs/file.ts'
import type { ContainerSpec, RunsAs } from '../mod.ts'
import type { Attempt, Pod } from '../pod.ts'
import { containerId } from '../pod.ts'
import { speechText } from '../stand-in/protocol.ts'
import type { Runtime } from '../state.ts'
import { startBuiltin } from './builtin.ts'
import { createOutput } from './output.ts'
import type { Place } from './process.ts'
import { startProcess } from './process.ts'
import { messageOfEnd, terminationMount } from './termination.ts'
import type { Workload } from './workload.ts'

const REPLAY_BYTES = 64 * 1024

export function placeOf(
  runtime: Runtime,
  pod: Pod,
  spec: ContainerSpec,
  choice: { readonly applets: boolean; readonly role: boolean; readonly argv?: readonly string[] },
): Place {
  const extra: readonly Mount[] = choice.role ? [...runtime.options.roleMounts, ...programMount(choice.argv)] : []
  return {
    netns: pod.netns!,
    hostname: pod.spec.hostname,
    mounts: mountsOf(runtime.options.stateDir, spec, [...extra, ...terminationMount(runtime, spec)]),
    env: { PATH: searchPath(choice.applets), HOME: spec.uid ? '/' : '/root', HOSTNAME: pod.spec.hostname, ...spec.env },
    readOnlyRoot: spec.readOnlyRoot === true,
    isRole: choice.role,
  }
}

/** Homes are hidden from containers, and Node.js may lie in one. */
const programMount = ([program = ''] = [] as readonly string[]): readonly Mount[] =>
  /^\/(home|root)\//.test(program) ? [{ source: program, target: program, readOnly: true }] : []

export async function chooseFor(runtime: Runtime, pod: Pod, spec: ContainerSpec): Promise<Choice> {
  const applets = await runtime.applets()
  const { process, fs } = runtime.deps
  return choose(spec, {
    runs: command =>
      process.which(command, spec.env.PATH ?? searchPath(false)) !== undefined ||
      applets.has(command.replace(/^\/(usr\/)?s?bin\//, '')),
    exists: path => fs.size(path) !== undefined || spec.mounts.some(mount => path.startsWith(`${mount.target}/`)),
    namespace: pod.spec.namespace,
    builtins: new Set(runtime.options.builtins.keys()),
    roles: runtime.options.roles,
  })
}

/** Starts one attempt. It never rejects: what cannot run has ended. */
export async function startAttempt(runtime: Runtime, pod: Pod, spec: ContainerSpec): Promise<Attempt> {
  const choice = await chooseFor(runtime, pod, spec)
  const attempt = newAttempt(runtime, spec, choice)
  if (choice.as === 'cannot') {
    end(runtime, attempt, { exitCode: choice.exitCode, reason: 'ContainerCannotRun', message: choice.why })
    return attempt
  }
  let workload: Workload
  try {
    workload = await launch(runtime, pod, spec, choice, attempt)
  } catch (error) {
    const exitCode = codeOf(error) === 'EACCES' ? 126 : 128
    end(runtime, attempt, { exitCode, reason: 'ContainerCannotRun', message: messageOf(error) })
    return attempt
  }
  attempt.workload = workload
  workload.exited.then(exit => {
    const exitCode = exit.code
    attempt.workload = undefined
    attempt.output.end()
    attempt.log.end()
    end(runtime, attempt, {
      exitCode,
      ...(exit.signal === undefined ? {} : { signal: exit.signal }),
      reason: exitCode === 0 ? 'Completed' : 'Error',
      ...messageOfEnd(runtime, spec, exitCode, workload.failure?.()),
    })
    runtime.changed(pod, attempt.status)
  })
  return attempt
}

function launch(runtime: Runtime, pod: Pod, spec: ContainerSpec, choice: Choice, attempt: Attempt): Promise<Workload> {
  if (choice.as === 'process') {
    const target = spec.target === undefined ? undefined : pod.containers.get(spec.target)?.current?.workload?.child
    const where = placeOf(runtime, pod, spec, choice)
    return startProcess(runtime.deps.process, spec, where, choice.argv, attempt.output, target)
  }
  const place = placeOf(runtime, pod, spec, { applets: false, role: false })
  const builtin = choice.as === 'builtin' ? runtime.builtin(choice.builtin) : runtime.standIn
  const args = choice.as === 'builtin' ? choice.args : []
  return startBuiltin(runtime.builtinDeps, pod.spec, spec, place, { builtin, args }, attempt.output)
}

const RUNS_AS: Readonly<Record<Choice['as'], RunsAs>> = {
  builtin: 'builtin',
  process: 'process',
  'stand-in': 'stand-in',
  cannot: 'process',
}

function newAttempt(runtime: Runtime, spec: ContainerSpec, choice: Choice): Attempt {
  const { podUid, name, attempt } = spec
  const logChanged = new Set<() => void>()
  const log = openLog(runtime.deps, {
    path: logPath(runtime.options.stateDir, podUid, name, attempt),
    limitBytes: runtime.options.logLimitBytes,
    changed: () => {
      for (const f of [...logChanged]) f()
    },
  })
  let finish = (): void => {}
  const done = new Promise<void>(resolve => {
    finish = resolve
  })
  const why = choice.as === 'stand-in' ? `${choice.why}; ${speechText(spec.ports, spec.appProtocols)}` : choice.why
  return {
    spec,
    log,
    logChanged,
    output: createOutput({
      log: (stream, chunk) => log.write(stream, chunk),
      keepBytes: spec.stdin ? REPLAY_BYTES : 0,
    }),
    workload: undefined,
    done,
    finish,
    status: {
      podUid,
      name,
      attempt,
      id: containerId(podUid, name, attempt),
      runsAs: RUNS_AS[choice.as],
      why,
      phase: { state: 'running', startedAtMs: runtime.deps.clock.now() },
    },
  }
}

interface Ending {
  readonly exitCode: number
  readonly signal?: string
  readonly reason: 'Completed' | 'Error' | 'ContainerCannotRun'
  readonly message?: string
}

function end(runtime: Runtime, attempt: Attempt, ending: Ending): void {
  const startedAtMs = attempt.status.phase.startedAtMs
  attempt.status = {
    ...attempt.status,
    phase: { state: 'exited', startedAtMs, finishedAtMs: runtime.deps.clock.now(), ...ending },
  }
  attempt.output.end()
  attempt.log.end()
  attempt.finish()
}

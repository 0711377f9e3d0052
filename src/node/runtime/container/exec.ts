import { PassThrough } from 'node:stream'
import type { Child, ExitStatus, ProcessDriver } from '../../../host/process/mod.ts'
import { codeOf, messageOf } from '../../../lib/errors.ts'
import { imageKind } from '../images.ts'
import type { ExecSpec, ProcessStreams } from '../mod.ts'
import { RuntimeError } from '../mod.ts'
import type { Attempt, Pod } from '../pod.ts'
import type { Runtime } from '../state.ts'
import { startBuiltin } from './builtin.ts'
import type { Place } from './process.ts'
import { commandSpec, spawnSpec } from './process.ts'
import { placeOf } from './start.ts'

/** A further command in a running container: in its process's namespaces, or in the pod's as its process would see them. */
export async function execIn(runtime: Runtime, pod: Pod, attempt: Attempt, exec: ExecSpec): Promise<ProcessStreams> {
  const kind = imageKind(attempt.spec.image)
  if (kind?.as === 'builtin' && kind.entrypoints.includes(exec.command[0]!))
    return execBuiltin(runtime, pod, attempt, kind.builtin, exec)
  const applets = kind?.as === 'tools' && kind.applets
  const place = placeOf(runtime, pod, attempt.spec, { applets, role: false })
  const { process } = runtime.deps
  await runtime.applets()
  const child = attempt.workload?.child ?? (await holderOf(process, attempt, place))
  try {
    const started = child
      ? process.enter(child, commandSpec(attempt.spec, place, exec.command, exec.tty))
      : process.spawn(spawnSpec(attempt.spec, place, exec.command, exec.tty))
    return streamsOf(await started, exec)
  } catch (error) {
    throw execError(error, exec.command[0]!)
  }
}

/** One command after another sees what the one before it wrote, as in a container with a process of its own. */
function holderOf(driver: ProcessDriver, attempt: Attempt, place: Place): Promise<Child | undefined> {
  const hold = async (): Promise<Child | undefined> => {
    const child = await driver.spawn(spawnSpec(attempt.spec, place, ['sleep', FOREVER], false))
    child.exited.then(() => {
      delete attempt.holder
    })
    attempt.done.then(() => child.kill('SIGKILL'))
    return child
  }
  attempt.holder ??= hold().catch(() => undefined)
  return attempt.holder
}

const FOREVER = '2147483647'

function execError(error: unknown, command: string): RuntimeError {
  const code = codeOf(error)
  const prefix = `failed to exec in container: ${JSON.stringify(command)}`
  if (code === 'ENOENT') return new RuntimeError('Failed', `${prefix}: executable file not found in $PATH`, error)
  if (code === 'EACCES') return new RuntimeError('Failed', `${prefix}: permission denied`, error)
  return new RuntimeError('Failed', `${prefix}: ${messageOf(error)}`, error)
}

const exitOf = (exit: ExitStatus): { code: number; signal?: string } => ({
  code: exit.code,
  ...(exit.signal === undefined ? {} : { signal: exit.signal }),
})

function streamsOf(child: Child, exec: ExecSpec): ProcessStreams {
  const stdin = exec.stdin ? new PassThrough() : null
  child.stdin.on('error', () => {})
  if (stdin) stdin.pipe(child.stdin)
  else if (!exec.tty) child.stdin.end()
  return {
    stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    resize: (columns, rows) => child.resize(columns, rows),
    exit: child.exited.then(exitOf),
    close: () => child.kill('SIGKILL'),
  }
}

async function execBuiltin(
  runtime: Runtime,
  pod: Pod,
  attempt: Attempt,
  name: string,
  exec: ExecSpec,
): Promise<ProcessStreams> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  const output = { write: (stream: 'stdout' | 'stderr', chunk: Buffer) => streams[stream].write(chunk) }
  const place = placeOf(runtime, pod, attempt.spec, { applets: false, role: false })
  const what = { builtin: runtime.builtin(name), args: exec.command.slice(1) }
  const workload = await startBuiltin(runtime.builtinDeps, pod.spec, attempt.spec, place, what, output)
  // What a container runs ends with it.
  attempt.workload?.exited.then(() => workload.kill())
  return {
    stdin: exec.stdin ? new PassThrough().resume() : null,
    ...streams,
    resize: () => {},
    exit: workload.exited.then(exit => {
      streams.stdout.end()
      streams.stderr.end()
      return exitOf(exit)
    }),
    close: () => workload.kill(),
  }
}

/** The streams of the container's own process. One that has ended can still be heard when nobody was attached to it. */
export function attachTo(attempt: Attempt): ProcessStreams {
  const child = attempt.workload?.child
  if (!attempt.workload && !attempt.output.replayable)
    throw new RuntimeError('Invalid', `container ${attempt.spec.name} is not running`)
  const stdin = attempt.spec.stdin ? new PassThrough() : null
  if (stdin && child) stdin.pipe(child.stdin, { end: attempt.spec.stdinOnce })
  else stdin?.resume()
  const tap = attempt.output.attach()
  const exit = attempt.done.then(() => {
    const { phase } = attempt.status
    return phase.state === 'exited'
      ? { code: phase.exitCode, ...(phase.signal === undefined ? {} : { signal: phase.signal }) }
      : { code: 0 }
  })
  return {
    stdin,
    stdout: tap.stdout,
    stderr: attempt.spec.tty ? null : tap.stderr,
    resize: (columns, rows) => child?.resize(columns, rows),
    exit,
    close: () => {
      tap.detach()
      stdin?.end()
    },
  }
}

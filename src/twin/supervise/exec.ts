import type { ProcessDriver } from '../../host/process/mod.ts'
import { codeOf, UserError } from '../../lib/errors.ts'
import type { PodRuntime, SandboxStatus } from '../../node/runtime/mod.ts'
import type { RunningCommand } from '../control/server.ts'
import type { World } from '../world/world.ts'

export interface ExecDeps {
  readonly processes: ProcessDriver
  readonly world: World
  readonly env: Readonly<Record<string, string>>
  runtime(): PodRuntime
}

const TERMINAL = { columns: 80, rows: 24 }

/**
 * A command of this machine in the network of a node or an outside host; or in a pod (namespace/name), as kubectl exec would run it in
 * its first container. Throws UserError for an unknown place or command.
 */
export async function exec(
  deps: ExecDeps,
  target: string,
  command: readonly string[],
  tty: boolean,
): Promise<RunningCommand> {
  return target.includes('/') ? execInPod(deps, target, command, tty) : execOnHost(deps, target, command, tty)
}

async function execOnHost(
  { processes, world, env }: ExecDeps,
  host: string,
  [command = '', ...args]: readonly string[],
  tty: boolean,
): Promise<RunningCommand> {
  const spec = { command, args, env: { TERM: 'xterm-256color', ...env }, ...(tty ? { tty: TERMINAL } : {}) }
  try {
    return await processes.spawn({ ...spec, netns: world.netns(host) })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EACCES') throw error
    throw new UserError('NoCommand', `${command}: cannot be run on this machine`, {
      hint: 'nodes and outside hosts have the programs of this machine: see what `command -v` finds',
      cause: error,
    })
  }
}

async function execInPod(
  deps: ExecDeps,
  target: string,
  command: readonly string[],
  tty: boolean,
): Promise<RunningCommand> {
  const runtime = deps.runtime()
  try {
    const { podUid, container } = containerOf(await runtime.list(), target)
    const streams = await runtime.exec({ podUid, container, command, stdin: true, tty })
    const { stdin, stdout, stderr } = streams
    const exited = streams.exit.finally(() => runtime.close())
    return { stdin, stdout, stderr, exited, kill: () => streams.close(), resize: streams.resize }
  } catch (error) {
    runtime.close()
    throw error
  }
}

function containerOf(pods: readonly SandboxStatus[], target: string): { podUid: string; container: string } {
  const pod = pods.find(({ spec }) => `${spec.namespace}/${spec.name}` === target)
  const container = pod?.containers.find(({ phase }) => phase.state === 'running')
  if (pod && container) return { podUid: pod.spec.podUid, container: container.name }
  throw new UserError('NoPod', pod ? `no container of ${target} runs` : `no pod ${target} runs`, {
    hint: 'name it as namespace/name: kubectl get pods -A',
  })
}

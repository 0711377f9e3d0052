import type { FsDriver } from '../../host/fs/mod.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import type { Child, ProcessDriver, SpawnSpec } from '../../host/process/mod.ts'
import { codeOf, UserError } from '../../lib/errors.ts'
import type { PodRuntime, SandboxSpec } from '../../node/runtime/mod.ts'
import { RUN } from '../roles.ts'
import type { World } from '../world/world.ts'

export interface ExecDeps {
  readonly fs: FsDriver
  readonly netns: NetnsDriver
  readonly processes: ProcessDriver
  readonly world: World
  readonly env: Readonly<Record<string, string>>
  runtime(): PodRuntime
}

const TERMINAL = { columns: 80, rows: 24 }

/**
 * A command of this machine in the network of a node, an outside host or a pod (namespace/name). In a pod it also has the pod's name,
 * resolver and hosts. Throws UserError for an unknown place or command.
 */
export async function exec(
  deps: ExecDeps,
  target: string,
  [command = '', ...args]: readonly string[],
  tty: boolean,
): Promise<Child> {
  const spec = { command, args, env: { TERM: 'xterm-256color', ...deps.env }, ...(tty ? { tty: TERMINAL } : {}) }
  try {
    return target.includes('/')
      ? await execInPod(deps, target, spec)
      : await deps.processes.spawn({ ...spec, netns: deps.world.netns(target) })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EACCES') throw error
    throw new UserError('NoCommand', `${command}: cannot be run on this machine`, {
      hint: 'containers of this machine have its own programs: see what `command -v` finds',
      cause: error,
    })
  }
}

async function execInPod(deps: ExecDeps, target: string, spec: SpawnSpec): Promise<Child> {
  const pod = await findPod(deps, target)
  let netns: Netns
  try {
    netns = deps.netns.open(pod.netns)
  } catch (cause) {
    throw new UserError('NoPod', `the pod ${target} has no network any more`, { hint: 'kubectl get pods -A', cause })
  }
  try {
    return await deps.processes.spawn({
      ...spec,
      netns,
      sandbox: { hostname: pod.hostname, mounts: podFiles(deps.fs, pod) },
    })
  } finally {
    deps.netns.close(netns)
  }
}

async function findPod(deps: ExecDeps, target: string): Promise<SandboxSpec> {
  const runtime = deps.runtime()
  try {
    const found = (await runtime.list()).find(({ spec }) => `${spec.namespace}/${spec.name}` === target)
    if (found) return found.spec
  } finally {
    runtime.close()
  }
  throw new UserError('NoPod', `no pod ${target} runs`, { hint: 'name it as namespace/name: kubectl get pods -A' })
}

function podFiles(fs: FsDriver, pod: SandboxSpec): { source: string; target: string }[] {
  const files = { 'resolv.conf': pod.resolvConf, hosts: pod.hosts }
  return Object.entries(files).map(([name, text]) => {
    const source = `${RUN}/exec/${pod.podUid}/${name}`
    fs.write(source, text)
    return { source, target: `/etc/${name}` }
  })
}

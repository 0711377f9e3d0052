import type { Netns } from '../../../host/netns/mod.ts'
import type { Child, Mount, ProcessDriver, SpawnSpec } from '../../../host/process/mod.ts'
import type { ContainerSpec } from '../mod.ts'
import type { Output } from './output.ts'
import type { Workload } from './workload.ts'

/** Where and as what a command of a container runs. */
export interface Place {
  readonly netns: Netns
  readonly hostname: string
  readonly mounts: readonly Mount[]
  readonly env: Readonly<Record<string, string>>
  readonly readOnlyRoot: boolean
  /** A part of Fairlead: nothing is taken from it. */
  readonly isRole: boolean
}

const privilegesOf = ({
  groups,
  capabilities,
  noNewPrivileges,
}: ContainerSpec): Pick<SpawnSpec, 'groups' | 'capabilities' | 'noNewPrivileges'> => ({
  ...(groups ? { groups } : {}),
  ...(capabilities ? { capabilities } : {}),
  ...(noNewPrivileges ? { noNewPrivileges } : {}),
})

const TERMINAL = { columns: 80, rows: 24 }

/** What every command of the container has in common, the first and those exec'd into it. */
export function commandSpec(
  spec: ContainerSpec,
  place: Place,
  argv: readonly string[],
  tty: boolean,
): Omit<SpawnSpec, 'netns' | 'sandbox'> {
  return {
    command: argv[0]!,
    args: argv.slice(1),
    env: { ...place.env, ...(tty ? { TERM: place.env.TERM ?? 'xterm' } : {}) },
    cwd: spec.workingDir ?? '/',
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    ...(place.isRole ? {} : privilegesOf(spec)),
    ...(tty ? { tty: TERMINAL } : {}),
  }
}

/** A command with namespaces of its own, beside the pod's network. */
export function spawnSpec(spec: ContainerSpec, place: Place, argv: readonly string[], tty: boolean): SpawnSpec {
  const { netns, hostname, mounts, readOnlyRoot } = place
  return { ...commandSpec(spec, place, argv, tty), netns, sandbox: { hostname, mounts, readOnlyRoot } }
}

/** Rejects as ProcessDriver.spawn does. target: whose namespaces it runs in instead of its own. */
export async function startProcess(
  driver: ProcessDriver,
  spec: ContainerSpec,
  place: Place,
  argv: readonly string[],
  output: Output,
  target?: Child,
): Promise<Workload> {
  const child = target
    ? await driver.enter(target, commandSpec(spec, place, argv, spec.tty))
    : await driver.spawn(spawnSpec(spec, place, argv, spec.tty))
  const sources = { stdout: child.stdout, stderr: child.stderr }
  for (const name of ['stdout', 'stderr'] as const)
    sources[name]?.on('data', (chunk: Buffer) => {
      if (!output.write(name, chunk)) for (const source of [child.stdout, child.stderr]) source?.pause()
    })
  output.onDrain(() => {
    for (const source of [child.stdout, child.stderr]) source?.resume()
  })
  child.stdin.on('error', () => {})
  if (!spec.stdin && !spec.tty) child.stdin.end()
  return {
    child,
    exited: child.exited,
    isRole: place.isRole,
    terminate: () => child.kill('SIGTERM'),
    kill: () => child.kill('SIGKILL'),
  }
}

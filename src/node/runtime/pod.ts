import { createHash } from 'node:crypto'
import type { FsDriver } from '../../host/fs/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Child, ProcessDriver } from '../../host/process/mod.ts'
import type { Output } from './container/output.ts'
import type { Workload } from './container/workload.ts'
import { statePath } from './files.ts'
import type { LogFile, LogState } from './logs/file.ts'
import type { ContainerSpec, ContainerStatus, SandboxSpec, SandboxStatus } from './mod.ts'

/** One run of a container. */
export interface Attempt {
  readonly spec: ContainerSpec
  status: ContainerStatus
  readonly log: LogFile & { readonly state: LogState; flush(): void }
  readonly logChanged: Set<() => void>
  readonly output: Output
  /** While it runs. */
  workload: Workload | undefined
  /** Of a server of ours, once something was run beside it: whose files such commands have. */
  holder?: Promise<Child | undefined>
  /** Resolves when it has ended. */
  readonly done: Promise<void>
  finish(): void
}

export interface Container {
  current: Attempt | undefined
  /** Statuses of attempts that nothing runs of any more, the latest last; at most two. */
  past: readonly ContainerStatus[]
}

export interface Pod {
  spec: SandboxSpec
  /** Absent once the sandbox is stopped. */
  netns: Netns | undefined
  readonly containers: Map<string, Container>
}

export const containerId = (podUid: string, name: string, attempt: number): string =>
  createHash('sha256').update(`${podUid}/${name}/${attempt}`).digest('hex')

export const statusesOf = (container: Container): readonly ContainerStatus[] =>
  [...container.past, ...(container.current ? [container.current.status] : [])].slice(-2)

export const sandboxStatus = (pod: Pod): SandboxStatus => ({
  spec: pod.spec,
  stopped: pod.netns === undefined,
  containers: [...pod.containers.values()].flatMap(statusesOf),
})

/** What a later runtime needs to know about a pod. */
interface Stored {
  readonly spec: SandboxSpec
  readonly stopped: boolean
  readonly containers: readonly (ContainerStatus & { readonly pid?: number; readonly identity?: string })[]
}

export function savePod(fs: FsDriver, process: ProcessDriver, stateDir: string, pod: Pod): void {
  const stored: Stored = {
    spec: pod.spec,
    stopped: pod.netns === undefined,
    containers: [...pod.containers.values()].flatMap(container =>
      statusesOf(container).map(status => {
        const pid = status.phase.state === 'running' ? container.current?.workload?.child?.pid : undefined
        const identity = pid === undefined ? undefined : process.identity(pid)
        return { ...status, ...(identity === undefined ? {} : { pid: pid!, identity }) }
      }),
    ),
  }
  fs.write(statePath(stateDir, pod.spec.podUid), JSON.stringify(stored))
}

/**
 * What the runtime before this one left: its servers ended with it, its processes are ended now. Their containers count as
 * ended by a signal, so that the agents start them again. Unreadable records are passed over.
 */
export function restorePods(fs: FsDriver, process: ProcessDriver, stateDir: string, nowMs: number): readonly Pod[] {
  return fs.list(`${stateDir}/pods`).flatMap(podUid => {
    const stored = parseStored(fs.read(statePath(stateDir, podUid)))
    if (!stored) return []
    const containers = new Map<string, Container>()
    for (const { pid, identity, ...status } of stored.containers) {
      if (pid !== undefined && identity !== undefined) process.endOrphan(pid, identity)
      const past = containers.get(status.name)?.past ?? []
      containers.set(status.name, { current: undefined, past: [...past, lost(status, nowMs)] })
    }
    return [{ spec: stored.spec, netns: undefined, containers }]
  })
}

const lost = (status: ContainerStatus, nowMs: number): ContainerStatus =>
  status.phase.state === 'exited'
    ? status
    : {
        ...status,
        phase: {
          state: 'exited',
          startedAtMs: status.phase.startedAtMs,
          finishedAtMs: nowMs,
          exitCode: 137,
          signal: 'SIGKILL',
          reason: 'RuntimeRestarted',
          message: 'the pod runtime was restarted',
        },
      }

function parseStored(bytes: Buffer | undefined): Stored | undefined {
  try {
    return bytes && (JSON.parse(bytes.toString('utf8')) as Stored)
  } catch {
    return undefined
  }
}

import type { FsDriver } from '../../host/fs/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ports, RoleStatus, TwinStatus } from '../mod.ts'
import type { Balancers } from '../outside/pair.ts'
import { ADMIN_FOLDER, adminSocket } from '../roles.ts'
import { askProgress } from './ask.ts'
import type { Nodes } from './nodes.ts'
import type { Processes, ServiceState } from './processes.ts'

export interface StatusDeps {
  readonly fs: FsDriver
  readonly clock: Clock
  readonly sockets: SocketDriver
  readonly pid: number
}

export interface StatusOf {
  readonly ports: Ports
  readonly services: Processes
  readonly nodes: Nodes
  readonly balancers: Balancers
  readonly startedMs: number
}

/** What runs, and how far each has come: asked at this moment, of all at once. */
export async function twinStatus(
  deps: StatusDeps,
  { ports, services, nodes, balancers, startedMs }: StatusOf,
): Promise<TwinStatus> {
  const states = services.states()
  const [roles, others] = await Promise.all([
    Promise.all(states.map(state => roleStatus(deps, state))),
    otherRoles(deps, new Set(states.map(state => state.name))),
  ])
  const { config, outside, doors } = nodes.plan
  const supervisor: RoleStatus = { name: 'supervisor', pid: deps.pid, restarts: 0, state: 'running' }
  return {
    name: config.name,
    profile: config.profile,
    uptimeMs: deps.clock.now() - startedMs,
    ports,
    roles: [supervisor, ...roles, ...others],
    nodes: nodes.states(),
    outside: [
      ...outside.map(({ name, address, second }) => ({
        name,
        address,
        ...(second ? { address6: second.address } : {}),
        is: balancers.describe(name),
      })),
      ...doors.map(({ domain, address, controller }) => ({
        name: controller === 'default' ? 'vip' : `vip-${controller}`,
        address,
        is: `*.${domain}`,
      })),
    ],
  }
}

/** A process that does not answer yet is starting, whatever its age. */
async function roleStatus(deps: StatusDeps, { name, pid, restarts, state }: ServiceState): Promise<RoleStatus> {
  const progress = state === 'running' ? await askProgress(deps.sockets, adminSocket(name)) : undefined
  const shown = state === 'running' && !progress ? 'starting' : state
  return { name, pid, restarts, state: shown, ...(progress ? { progress } : {}) }
}

/** Routers are pods: they serve in the same folder, and come and go. */
async function otherRoles(deps: StatusDeps, known: ReadonlySet<string>): Promise<readonly RoleStatus[]> {
  const names = deps.fs
    .list(ADMIN_FOLDER)
    .flatMap(file => (file.endsWith('.sock') ? [file.slice(0, -'.sock'.length)] : []))
    .filter(name => !known.has(name))
  const asked = names.map(async (name): Promise<RoleStatus[]> => {
    const progress = await askProgress(deps.sockets, adminSocket(name))
    return progress ? [{ name, pid: undefined, restarts: 0, state: 'running', progress }] : []
  })
  return (await Promise.all(asked)).flat()
}

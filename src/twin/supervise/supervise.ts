/** The first process of a world: makes its network, starts every role and keeps it running, and serves the command line. */
import type { Informers } from '../../client/mod.ts'
import type { ArpDriver } from '../../host/arp/mod.ts'
import type { FsDriver } from '../../host/fs/mod.ts'
import type { IpPacketDriver } from '../../host/ip-packets/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { NetnsDriver } from '../../host/netns/mod.ts'
import type { ProcessDriver } from '../../host/process/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { WorldInside } from '../../host/world/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { UserError } from '../../lib/errors.ts'
import { ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { connectRuntime } from '../../node/runtime/wire/client.ts'
import type { ControlHandler } from '../control/server.ts'
import { controlServer } from '../control/server.ts'
import { prepareCredentials } from '../credentials.ts'
import type { Ports } from '../mod.ts'
import { startOutside } from '../outside/outside.ts'
import type { Balancers } from '../outside/pair.ts'
import type { WorldPlan } from '../plan.ts'
import { planWorld } from '../plan.ts'
import type { Report } from '../reports.ts'
import type { RoleProcess } from '../roles.ts'
import {
  ADMIN_FOLDER,
  ROUTER_FOLDER,
  ROUTER_KUBECONFIG,
  RUNTIME_SOCKET,
  roleKubeconfig,
  rolesOf,
  SUPERVISOR_FDS,
} from '../roles.ts'
import type { TwinFolder } from '../state.ts'
import { readConfig, readPorts } from '../state.ts'
import type { Places, World } from '../world/world.ts'
import { buildWorld, makePlaces } from '../world/world.ts'
import { exec } from './exec.ts'
import { roleFails } from './last-words.ts'
import { appendLog, readLog } from './log-file.ts'
import type { Nodes } from './nodes.ts'
import { createNodes } from './nodes.ts'
import type { Processes } from './processes.ts'
import { createProcesses } from './processes.ts'
import { untilReady } from './ready.ts'
import { twinStatus } from './status.ts'

export interface SupervisorDeps {
  readonly fs: FsDriver
  readonly clock: Clock
  readonly log: Logger
  readonly netns: NetnsDriver
  readonly links: LinkDriver
  readonly processes: ProcessDriver
  readonly sockets: SocketDriver
  readonly ipPackets: IpPacketDriver
  readonly arp: ArpDriver
  readonly inside: WorldInside
  /** This program again: `node main`. */
  readonly program: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** This process, in the world's own numbering. */
  readonly pid: number
  /** Caches of the API, as the user of the kubeconfig; they end with the signal. */
  follow(kubeconfig: string, signal: AbortSignal): Promise<Informers>
  /** To the launcher, until it is ready. */
  report(what: Report): void
}

/** A role that ends so often before the network has ever served will not come up. */
const HOPELESS = 5
const END_GRACE_MS = 2000

/** Resolves when the signal has aborted and the API has ended. Rejects with UserError when the world does not come up. */
export async function supervise(deps: SupervisorDeps, folder: TwinFolder, signal: AbortSignal): Promise<void> {
  const startedMs = deps.clock.now()
  const plan = planWorld(need(readConfig(deps.fs, folder), folder))
  const ports = need(readPorts(deps.fs, folder), folder)
  deps.inside.settle({ hostname: `fairlead-${plan.config.name}`, resolvConf: `nameserver ${plan.upstreamDns}\n` })
  const hopeless = new AbortController()
  const services = createServices(deps, folder, error => hopeless.abort(error))
  // The roles load while their world is made: on two cores that takes no time.
  const places = makePlaces(deps.netns, plan)
  let stand = (): void => {}
  const stands = new Promise<void>(resolve => {
    stand = resolve
  })
  const start = starter(deps, services, places, plan, stands)
  for (const role of rolesOf(plan, folder)) start(role)
  const world = buildWorld(deps, plan, places)
  prepareCredentials(deps.fs, folder, plan, ports.api, startedMs)
  prepareRun(deps.fs, folder)
  stand()
  deps.report({ step: `network of ${plan.nodes.length} nodes made, roles started` })

  const runtime = () => connectRuntime(deps.sockets, RUNTIME_SOCKET)
  const routers = () => nodes.plan.nodes.map(node => node.address)
  const doors = [SUPERVISOR_FDS.http, SUPERVISOR_FDS.https]
  const balancers = await startOutside(deps, plan, world, doors, routers)
  const nodes = createNodes(
    { ...deps, world, services, folder, ports, start, runtime, balancers, nowMs: deps.clock.now },
    plan,
  )
  const context = { deps, folder, ports, world, services, nodes, balancers, startedMs, runtime }
  await deps.sockets.listenUnix(controlServer(deps.sockets, controlHandler(context)), folder.controlSocket)

  await comeUp(deps, folder, plan, startedMs, AbortSignal.any([signal, hopeless.signal])).catch(error => {
    throw signal.aborted ? endedEarly() : error
  })
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  await services.end('api', END_GRACE_MS)
}

const endedEarly = (): UserError =>
  new UserError('TwinDied', 'the twin was ended while it was starting', { hint: 'start it again: ./fairlead up' })

function need<T>(value: T | undefined, folder: TwinFolder): T {
  if (value !== undefined) return value
  throw new UserError('StateDamaged', `${folder.root} has no configuration`, { hint: './fairlead up makes one' })
}

function prepareRun(fs: FsDriver, folder: TwinFolder): void {
  fs.mkdir(ADMIN_FOLDER, 0o700)
  fs.mkdir(ROUTER_FOLDER, 0o755)
  // A router may run as any user.
  fs.write(ROUTER_KUBECONFIG, fs.read(roleKubeconfig(folder, 'router'))!, 0o644)
}

function createServices(deps: SupervisorDeps, folder: TwinFolder, giveUp: (error: UserError) => void): Processes {
  return createProcesses({
    ...deps,
    output: (name, chunk) => appendLog(deps.fs, logOf(folder, name), chunk),
    ended: (name, how, times, words) => {
      if (times >= HOPELESS) giveUp(roleFails(name, how, words, logOf(folder, name)))
    },
  })
}

const logOf = (folder: TwinFolder, role: string): string => `${folder.logs}/${role}.log`

/** Starts roles in their places. The API's underlay socket is made once and outlives every API process. */
function starter(
  deps: SupervisorDeps,
  services: Processes,
  places: Places,
  plan: WorldPlan,
  go: Promise<void>,
): (role: RoleProcess) => void {
  const everywhere = ip('0.0.0.0')
  const underlay = deps.sockets.listenFd({
    netns: places.get(plan.nodes[0]!.name)!,
    port: plan.apiPort,
    address: everywhere,
  })
  const [node = '', ...program] = deps.program
  return role =>
    services.start({
      name: role.name,
      command: [node, ...(role.flags ?? []), ...program, ...role.args],
      env: deps.env,
      inherit: role.servesApi ? [SUPERVISOR_FDS.api, underlay] : [],
      go,
      ...(role.host === undefined ? {} : { netns: places.get(role.host)! }),
    })
}

/** Waits until the network serves, and lets go of the API again. */
async function comeUp(
  deps: SupervisorDeps,
  folder: TwinFolder,
  plan: WorldPlan,
  startedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController()
  const following = AbortSignal.any([signal, enough.signal])
  const informers = await deps.follow(roleKubeconfig(folder, 'supervisor'), following)
  try {
    await untilReady({ clock: deps.clock, informers }, plan, startedMs, step => deps.report({ step }), following)
  } finally {
    enough.abort()
  }
  deps.report({ ready: true })
}

interface Context {
  readonly deps: SupervisorDeps
  readonly folder: TwinFolder
  readonly ports: Ports
  readonly world: World
  readonly services: Processes
  readonly nodes: Nodes
  readonly balancers: Balancers
  readonly startedMs: number
  readonly runtime: () => ReturnType<typeof connectRuntime>
}

function controlHandler(context: Context): ControlHandler {
  const { deps, folder, nodes, services, world, runtime } = context
  return {
    status: () => twinStatus(deps, context),
    node: nodes.act,
    exec: (target, command, tty) => exec({ ...deps, world, runtime }, target, command, tty),
    logs: async function* (role, options, signal) {
      const known = ['supervisor', ...services.states().map(state => state.name)]
      if (!known.includes(role))
        throw new UserError('NoRole', `there is no role "${role}"`, { hint: `there are ${known.join(', ')}` })
      yield* readLog(deps, logOf(folder, role), options, signal)
    },
  }
}

/** Starting and ending a twin, from outside: on the host, before and after its world exists. */
import type { FsDriver } from '../host/fs/mod.ts'
import type { LockDriver } from '../host/lock/mod.ts'
import type { Netns } from '../host/netns/mod.ts'
import type { SocketDriver } from '../host/socket/mod.ts'
import type { WorldDriver } from '../host/world/mod.ts'
import type { Cidr } from '../lib/cidr.ts'
import { codeOf, messageOf, UserError } from '../lib/errors.ts'
import type { Ip } from '../lib/ip.ts'
import type { TwinConfig } from './config.ts'
import { resolveConfig } from './config.ts'
import type { Launched, LaunchRequest, Ports, TwinState } from './mod.ts'
import { chooseUser, namespaceRefusal } from './namespaces.ts'
import { bindPorts } from './ports.ts'
import { followReports } from './reports.ts'
import type { TwinFolder } from './state.ts'
import {
  readConfig,
  readPorts,
  readState,
  removeState,
  twinFolder,
  writeConfig,
  writePorts,
  writeState,
} from './state.ts'

export interface LaunchDeps {
  readonly fs: FsDriver
  readonly locks: LockDriver
  readonly sockets: SocketDriver
  readonly worlds: WorldDriver
  /** The host's own network namespace. */
  readonly home: Netns
  readonly uid: number
  readonly env: Readonly<Record<string, string>>
  readonly dataHome: string
  /** Where this machine itself has routes. */
  hostNetworks(): readonly Cidr[]
  /** Arguments of Node that start the supervisor for this twin. */
  supervisor(config: TwinConfig, folder: TwinFolder): readonly string[]
  /** For system settings under /proc. */
  setting(path: string): string | undefined
}

export const LOOPBACK = '127.0.0.1' as Ip
const STOP_GRACE_MS = 5000

export async function launch(
  deps: LaunchDeps,
  request: LaunchRequest,
  progress: (step: string) => void,
): Promise<Launched> {
  const folder = twinFolder(deps.dataHome, request.name)
  const running = runningState(deps, folder)
  if (running) return { state: running, kubeconfig: folder.kubeconfig, already: true }
  checkFolder(folder)
  const config = await configure(deps, request, folder)
  const user = await chooseUser(deps.worlds, deps.uid, request.rootless ?? false)
  const refused = await deps.worlds.refusal(user)
  if (refused) throw namespaceRefusal(refused, user, deps.setting)
  deps.fs.mkdir(folder.root, 0o700)
  const release = deps.locks.acquire(folder.launchLock)
  if (!release)
    throw new UserError('TwinStarting', `the twin "${request.name}" is being started by another command`, {
      hint: `wait for it, then: ./fairlead status --name ${request.name}`,
    })
  try {
    return await startWorld(deps, { request, config, folder, user }, progress)
  } finally {
    release()
  }
}

/** Source: unix(7), sun_path. */
const SOCKET_PATH_BYTES = 107

/** The world has a /run of its own, and the path of a Unix socket an end. */
function checkFolder({ root, controlSocket }: TwinFolder): void {
  const refuse = (why: string): never => {
    throw new UserError('StateFolder', `${root} cannot hold a twin: ${why}`, {
      hint: 'set XDG_DATA_HOME to another folder',
    })
  }
  if (root.startsWith('/run/')) refuse('a twin has a /run of its own')
  if (Buffer.byteLength(controlSocket) > SOCKET_PATH_BYTES) refuse('its path is too long for a socket')
}

/** The twin's first configuration stands; asking for another one later is refused, not ignored. */
async function configure(deps: LaunchDeps, request: LaunchRequest, folder: TwinFolder): Promise<TwinConfig> {
  const kept = readConfig(deps.fs, folder)
  const asked = request.profile ?? request.nodes ?? request.file
  if (kept === undefined) return resolveConfig(request, deps.hostNetworks())
  if (asked === undefined) return kept
  const wanted = await resolveConfig(
    { profile: kept.profile, nodes: kept.nodes, ephemeral: kept.ephemeral, ...request },
    deps.hostNetworks(),
  )
  const same = JSON.stringify({ ...wanted, ephemeral: kept.ephemeral }, bigintSafe) === JSON.stringify(kept, bigintSafe)
  if (same || (request.file === undefined && wanted.profile === kept.profile && wanted.nodes === kept.nodes))
    return kept
  throw new UserError(
    'TwinDiffers',
    `the twin "${request.name}" exists with other settings (${kept.profile}, ${kept.nodes} nodes)`,
    {
      hint: `use another --name, or begin anew: ./fairlead down --forget --name ${request.name}`,
    },
  )
}
const bigintSafe = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

interface Start {
  readonly request: LaunchRequest
  readonly config: TwinConfig
  readonly folder: TwinFolder
  readonly user: boolean
}

async function startWorld(deps: LaunchDeps, start: Start, progress: (step: string) => void): Promise<Launched> {
  const { request, config, folder } = start
  const bound = bindPorts(deps.sockets, deps.home, request.publish ?? {}, readPorts(deps.fs, folder))
  try {
    deps.fs.mkdir(folder.logs)
    writeConfig(deps.fs, folder, config)
    writePorts(deps.fs, folder, bound.ports)
  } catch (error) {
    bound.close()
    throw diskProblem(error, folder.root)
  }
  const logFrom = deps.fs.size(folder.log) ?? 0
  const world = await deps.worlds.start({
    user: start.user,
    args: deps.supervisor(config, folder),
    env: deps.env,
    logFile: folder.log,
    inherit: bound.fds,
  })
  const state: TwinState = { name: config.name, ...world.id, ports: bound.ports }
  writeState(deps.fs, folder, state)
  try {
    await followReports(world.reports, progress, () => tailOf(deps.fs, folder, logFrom))
  } catch (error) {
    await deps.worlds.stop(world.id, STOP_GRACE_MS)
    removeState(deps.fs, folder)
    throw error
  }
  return { state, kubeconfig: folder.kubeconfig, already: false }
}

function diskProblem(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (code !== 'ENOSPC' && code !== 'EACCES' && code !== 'EROFS' && code !== 'EDQUOT') return error
  return new UserError('StateFolder', `${path} cannot be written: ${messageOf(error)}`, {
    hint:
      code === 'EACCES' || code === 'EROFS'
        ? 'set XDG_DATA_HOME to a folder that you may write'
        : 'make room on the disk',
    cause: error,
  })
}

const TAIL_BYTES = 2000
function tailOf(fs: FsDriver, folder: TwinFolder, from: number): string {
  const size = fs.size(folder.log) ?? 0
  const start = Math.max(from, size - TAIL_BYTES)
  return fs
    .slice(folder.log, start, size - start)
    .toString()
    .trim()
}

/** Ends the twin and what it left; false when it was not running. */
export async function stop(deps: LaunchDeps, name: string, forget: boolean): Promise<boolean> {
  const folder = twinFolder(deps.dataHome, name)
  const state = runningState(deps, folder)
  if (state) await deps.worlds.stop(state, STOP_GRACE_MS)
  const ephemeral = readEphemeral(deps.fs, folder)
  removeState(deps.fs, folder)
  deps.fs.remove(folder.controlSocket)
  if (forget || ephemeral) deps.fs.remove(folder.root)
  return state !== undefined
}

/** A damaged configuration must not keep anyone from ending or forgetting the twin. */
function readEphemeral(fs: FsDriver, folder: TwinFolder): boolean {
  try {
    return readConfig(fs, folder)?.ephemeral ?? false
  } catch {
    return false
  }
}

export function runningState(deps: Pick<LaunchDeps, 'fs' | 'worlds'>, folder: TwinFolder): TwinState | undefined {
  const state = readState(deps.fs, folder)
  return state && deps.worlds.alive(state) ? state : undefined
}

export const listTwins = (deps: LaunchDeps): readonly { name: string; state: TwinState | undefined }[] =>
  deps.fs
    .list(`${deps.dataHome}/fairlead`)
    .map(name => ({ name, state: runningState(deps, twinFolder(deps.dataHome, name)) }))

/** The error of every verb that needs a running twin. */
export const notRunning = (name: string): UserError =>
  new UserError('TwinNotRunning', `the twin "${name}" is not running`, {
    hint: `start it: ./fairlead up${name === 'default' ? '' : ` --name ${name}`}`,
  })

export type { Ports }

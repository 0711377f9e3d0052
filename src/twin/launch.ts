/** Starting and ending a twin, from outside: on the host, before and after its world exists. */
import { isDeepStrictEqual } from 'node:util'
import type { FsDriver } from '../host/fs/mod.ts'
import type { LockDriver } from '../host/lock/mod.ts'
import type { Netns } from '../host/netns/mod.ts'
import type { SocketDriver } from '../host/socket/mod.ts'
import type { WorldDriver, WorldId } from '../host/world/mod.ts'
import type { Cidr } from '../lib/cidr.ts'
import { UserError } from '../lib/errors.ts'
import type { Ip } from '../lib/ip.ts'
import type { TwinConfig } from './config.ts'
import { MAX_PODS, resolveConfig } from './config.ts'
import { diskError } from './disk.ts'
import type { Launched, LaunchRequest, Ports, TwinState } from './mod.ts'
import { chooseUser } from './namespaces.ts'
import type { BoundPorts } from './ports.ts'
import { bindPorts } from './ports.ts'
import { followReports } from './reports.ts'
import type { TwinFolder } from './state.ts'
import {
  forget,
  isMade,
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
  /** What is left on the disk of an existing folder. */
  freeBytes(path: string): number
  /** Where this machine itself has routes. */
  hostNetworks(): readonly Cidr[]
  /** Arguments of Node that start the supervisor for this twin. */
  supervisor(config: TwinConfig, folder: TwinFolder): readonly string[]
  /** For system settings under /proc. */
  setting(path: string): string | undefined
}

export const LOOPBACK = '127.0.0.1' as Ip
const STOP_GRACE_MS = 5000

/** Aborted before the network serves, the signal ends what there is of the twin. */
export async function launch(
  deps: LaunchDeps,
  request: LaunchRequest,
  progress: (step: string) => void,
  signal?: AbortSignal,
): Promise<Launched> {
  const folder = twinFolder(deps.dataHome, request.name)
  try {
    checkFolder(folder)
    const config = await configure(deps, request, folder)
    const release = locked(deps, folder, request.name)
    try {
      return await launchLocked(deps, { request, config, folder, signal }, progress)
    } finally {
      release()
    }
  } catch (error) {
    throw diskError(error, folder.root)
  }
}

interface Start {
  readonly request: LaunchRequest
  readonly config: TwinConfig
  readonly folder: TwinFolder
  readonly signal: AbortSignal | undefined
}

async function launchLocked(deps: LaunchDeps, start: Start, progress: (step: string) => void): Promise<Launched> {
  const { request, config, folder } = start
  const launched = { profile: config.profile, kubeconfig: folder.kubeconfig }
  const running = runningState(deps, folder)
  if (running?.serves) return { ...launched, state: running, already: true }
  // The command that was starting it has died.
  if (running) await deps.worlds.stop(running, STOP_GRACE_MS)
  checkDisk(deps, folder)
  checkIpv6(deps, config)
  const user = await chooseUser(deps, request.rootless ?? false)
  return { ...launched, state: await startWorld(deps, start, user, progress), already: false }
}

/** Whoever holds the lock starts the twin: nobody else may take it for running before it serves. */
function locked(deps: LaunchDeps, folder: TwinFolder, name: string): () => void {
  deps.fs.mkdir(folder.root, 0o700)
  const release = deps.locks.acquire(folder.launchLock)
  if (release) return release
  throw new UserError('TwinStarting', `the twin "${name}" is being started by another command`, {
    hint: `wait for it, then: ./fairlead status --name ${name}`,
  })
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

/** Certificates, the objects of an empty cluster and some logs are about 1 MiB; the rest is room to work in. */
const DISK_MIB = 16

function checkDisk(deps: LaunchDeps, { root }: TwinFolder): void {
  const left = Math.floor(deps.freeBytes(root) / 2 ** 20)
  if (left >= DISK_MIB) return
  throw new UserError('DiskFull', `the disk of ${root} has ${left} MiB left; a twin needs ${DISK_MIB}`, {
    hint: 'make room there, or set XDG_DATA_HOME to a folder on another disk',
  })
}

/** The twin's first configuration stands; asking for another one later is refused, not ignored. */
async function configure(deps: LaunchDeps, request: LaunchRequest, folder: TwinFolder): Promise<TwinConfig> {
  const kept = readConfig(deps.fs, folder)
  const asked = request.profile ?? request.nodes ?? request.file ?? request.dualStack ?? request.maxPods
  if (kept === undefined) return resolveConfig(request, deps.hostNetworks())
  if (asked === undefined) return kept
  const wanted = await resolveConfig(
    { profile: kept.profile, nodes: kept.nodes, maxPods: kept.maxPods, ephemeral: kept.ephemeral, ...request },
    deps.hostNetworks(),
  )
  const isSame = isDeepStrictEqual({ ...wanted, ephemeral: kept.ephemeral }, kept)
  const isSamePart =
    wanted.profile === kept.profile &&
    wanted.nodes === kept.nodes &&
    wanted.maxPods === kept.maxPods &&
    (!request.dualStack || kept.ipv6 !== undefined)
  if (isSame || (request.file === undefined && isSamePart)) return kept
  throw new UserError(
    'TwinDiffers',
    `the twin "${request.name}" exists with other settings (${kept.profile}, ${kept.nodes} nodes${kept.maxPods === MAX_PODS ? '' : ` of ${kept.maxPods} pods`}${kept.ipv6 ? ', dual-stack' : ''})`,
    {
      hint: `use another --name, or begin anew: ./fairlead down --forget --name ${request.name}`,
    },
  )
}

function checkIpv6(deps: LaunchDeps, { ipv6 }: TwinConfig): void {
  if (ipv6 === undefined || deps.setting('net/ipv6/conf/all/forwarding') !== undefined) return
  throw new UserError('Ipv6Missing', "this machine's kernel has no IPv6, which a dual-stack twin needs", {
    hint: 'start without --dual-stack, or boot the machine without ipv6.disable',
  })
}

async function startWorld(
  deps: LaunchDeps,
  start: Start,
  user: boolean,
  progress: (step: string) => void,
): Promise<TwinState> {
  const { request, config, folder } = start
  const first = !isMade(deps.fs, folder)
  const bound = bindPorts(deps.sockets, deps.home, request.publish ?? {}, readPorts(deps.fs, folder))
  try {
    record(deps.fs, folder, config, bound)
    return await runWorld(deps, start, { bound, user }, progress)
  } catch (error) {
    removeState(deps.fs, folder)
    // What never served has nothing worth keeping but its logs, and its settings must not bind the next try.
    if (first) forget(deps.fs, folder, 'but logs')
    throw error
  }
}

function record(fs: FsDriver, folder: TwinFolder, config: TwinConfig, bound: BoundPorts): void {
  try {
    fs.mkdir(folder.logs)
    writeConfig(fs, folder, config)
    writePorts(fs, folder, bound.ports)
  } catch (error) {
    bound.close()
    throw error
  }
}

async function runWorld(
  deps: LaunchDeps,
  { config, folder, signal }: Start,
  { bound, user }: { readonly bound: BoundPorts; readonly user: boolean },
  progress: (step: string) => void,
): Promise<TwinState> {
  const logFrom = deps.fs.size(folder.log) ?? 0
  const args = deps.supervisor(config, folder)
  const world = await deps.worlds.start({ user, args, env: deps.env, logFile: folder.log, inherit: bound.fds })
  try {
    const state: TwinState = { name: config.name, ...world.id, ports: bound.ports, serves: false }
    writeState(deps.fs, folder, state)
    await followReports(world.reports, progress, () => tailOf(deps.fs, folder, logFrom), signal)
    const serving: TwinState = { ...state, serves: true }
    writeState(deps.fs, folder, serving)
    return serving
  } catch (error) {
    await deps.worlds.stop(world.id, STOP_GRACE_MS)
    throw error
  }
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
export async function stop(deps: LaunchDeps, name: string, forgetAll: boolean): Promise<boolean> {
  const folder = twinFolder(deps.dataHome, name)
  try {
    const world = runningWorld(deps, folder)
    if (world) await deps.worlds.stop(world, STOP_GRACE_MS)
    const ephemeral = lenient(() => readConfig(deps.fs, folder))?.ephemeral ?? false
    removeState(deps.fs, folder)
    deps.fs.remove(folder.controlSocket)
    if (forgetAll || ephemeral) forget(deps.fs, folder)
    return world !== undefined
  } catch (error) {
    throw diskError(error, folder.root)
  }
}

/** Also when the file that should name it is lost or damaged: a twin can always be ended. */
function runningWorld(deps: LaunchDeps, folder: TwinFolder): WorldId | undefined {
  return lenient(() => runningState(deps, folder)) ?? deps.worlds.find(['supervise', folder.root])
}

/** Undefined where a file is damaged. */
function lenient<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

export function runningState(deps: Pick<LaunchDeps, 'fs' | 'worlds'>, folder: TwinFolder): TwinState | undefined {
  const state = readState(deps.fs, folder)
  return state && deps.worlds.alive(state) ? state : undefined
}

export const listTwins = (deps: LaunchDeps): readonly { name: string; state: TwinState | undefined }[] =>
  deps.fs
    .list(`${deps.dataHome}/fairlead`)
    .map(name => ({ name, folder: twinFolder(deps.dataHome, name) }))
    .filter(({ folder }) => isMade(deps.fs, folder))
    .map(({ name, folder }) => ({ name, state: lenient(() => runningState(deps, folder)) }))

/** The error of every verb that needs a running twin. */
export const notRunning = (name: string): UserError =>
  new UserError('TwinNotRunning', `the twin "${name}" is not running`, {
    hint: `start it: ./fairlead up${name === 'default' ? '' : ` --name ${name}`}`,
  })

export type { Ports }

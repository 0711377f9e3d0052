import type { FsDriver } from '../host/fs/mod.ts'
import { cidr, cidrText } from '../lib/cidr.ts'
import { UserError } from '../lib/errors.ts'
import type { Networks, TwinConfig } from './config.ts'
import { MAX_PODS } from './config.ts'
import type { Ports, TwinState } from './mod.ts'

/** Where a twin keeps what outlives it: configuration, certificates, objects, the ports it had. Mode 0700. */
export interface TwinFolder {
  readonly root: string
  readonly config: string
  readonly kubeconfig: string
  readonly log: string
  /** Held while one command starts the twin; held by the supervisor while it runs. */
  readonly launchLock: string
  readonly store: string
  readonly pki: string
  readonly controlSocket: string
  readonly logs: string
}

export const twinFolder = (dataHome: string, name: string): TwinFolder => twinFolderAt(`${dataHome}/fairlead/${name}`)

export function twinFolderAt(root: string): TwinFolder {
  return {
    root,
    config: `${root}/config.json`,
    kubeconfig: `${root}/kubeconfig`,
    log: `${root}/logs/supervisor.log`,
    launchLock: `${root}/launch.lock`,
    store: `${root}/store`,
    pki: `${root}/pki`,
    controlSocket: `${root}/control.sock`,
    logs: `${root}/logs`,
  }
}

const stateFile = (folder: TwinFolder): string => `${folder.root}/state.json`
const portsFile = (folder: TwinFolder): string => `${folder.root}/ports.json`

/** While the twin runs. */
export const readState = (fs: FsDriver, folder: TwinFolder): TwinState | undefined =>
  readJson<TwinState>(fs, stateFile(folder), 'end the twin and start it again: ./fairlead down, ./fairlead up')
export const writeState = (fs: FsDriver, folder: TwinFolder, state: TwinState): void =>
  fs.write(stateFile(folder), json(state), 0o600)
export const removeState = (fs: FsDriver, folder: TwinFolder): void => fs.remove(stateFile(folder))

/** The ports of the last run, wanted again for the next: a file that cannot be read wants nothing. */
export function readPorts(fs: FsDriver, folder: TwinFolder): Ports | undefined {
  try {
    return readJson<Ports>(fs, portsFile(folder), '')
  } catch {
    return undefined
  }
}
export const writePorts = (fs: FsDriver, folder: TwinFolder, ports: Ports): void =>
  fs.write(portsFile(folder), json(ports), 0o600)

interface StoredNetworks {
  readonly clusterNetwork: { readonly cidr: string; readonly hostPrefix: number }
  readonly serviceNetwork: string
  readonly machineNetwork: string
}
type StoredConfig = Omit<TwinConfig, keyof Networks | 'ipv6'> & StoredNetworks & { readonly ipv6?: StoredNetworks }

const read = ({ clusterNetwork, serviceNetwork, machineNetwork }: StoredNetworks): Networks => ({
  clusterNetwork: { cidr: cidr(clusterNetwork.cidr), hostPrefix: clusterNetwork.hostPrefix },
  serviceNetwork: cidr(serviceNetwork),
  machineNetwork: cidr(machineNetwork),
})
const written = ({ clusterNetwork, serviceNetwork, machineNetwork }: Networks): StoredNetworks => ({
  clusterNetwork: { cidr: cidrText(clusterNetwork.cidr), hostPrefix: clusterNetwork.hostPrefix },
  serviceNetwork: cidrText(serviceNetwork),
  machineNetwork: cidrText(machineNetwork),
})

export function readConfig(fs: FsDriver, folder: TwinFolder): TwinConfig | undefined {
  const stored = readJson<StoredConfig>(fs, folder.config, BEGIN_ANEW)
  if (!stored) return undefined
  try {
    const { ipv6, ...rest } = stored
    return { ...rest, maxPods: rest.maxPods ?? MAX_PODS, ...read(stored), ...(ipv6 ? { ipv6: read(ipv6) } : {}) }
  } catch (cause) {
    throw damaged(folder.config, BEGIN_ANEW, cause)
  }
}

export function writeConfig(fs: FsDriver, folder: TwinFolder, config: TwinConfig): void {
  const { ipv6, ...rest } = config
  const stored: StoredConfig = { ...rest, ...written(config), ...(ipv6 ? { ipv6: written(ipv6) } : {}) }
  fs.write(folder.config, json(stored), 0o600)
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

function readJson<T>(fs: FsDriver, path: string, remedy: string): T | undefined {
  const text = fs.read(path)?.toString()
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw damaged(path, remedy, cause)
  }
}

const BEGIN_ANEW = 'restore it from a backup, or begin anew: ./fairlead down --forget'

const damaged = (path: string, hint: string, cause: unknown): UserError =>
  new UserError('StateDamaged', `${path} is damaged`, { hint, cause })

/** Whether there is a twin here: one that never came up leaves its logs alone. */
export const isMade = (fs: FsDriver, folder: TwinFolder): boolean => fs.size(folder.config) !== undefined

/** Removes a twin's folder, or all that is in it but its logs. */
export function forget(fs: FsDriver, folder: TwinFolder, keep?: 'but logs'): void {
  if (keep === undefined) fs.remove(folder.root)
  else for (const name of fs.list(folder.root)) if (name !== 'logs') fs.remove(`${folder.root}/${name}`)
}

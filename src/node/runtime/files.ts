import type { FsDriver } from '../../host/fs/mod.ts'
import type { Mount } from '../../host/process/mod.ts'
import type { ContainerSpec, SandboxSpec } from './mod.ts'

/** Where the runtime keeps what belongs to a pod, below its state folder. */
export const podFolder = (stateDir: string, podUid: string): string => `${stateDir}/pods/${podUid}`
export const statePath = (stateDir: string, podUid: string): string => `${podFolder(stateDir, podUid)}/state.json`
export const logPath = (stateDir: string, podUid: string, container: string, attempt: number): string =>
  `${podFolder(stateDir, podUid)}/logs/${container}/${attempt}.log`
export const appletFolder = (stateDir: string): string => `${stateDir}/applets`

/** Files that every container of the pod sees in place of the machine's. */
const SHARED = { 'resolv.conf': '/etc/resolv.conf', hosts: '/etc/hosts', hostname: '/etc/hostname' } as const
/** Inside a container, where busybox's applets are. */
const APPLETS = '/run/applets'

export function writePodFiles(fs: FsDriver, stateDir: string, spec: SandboxSpec): void {
  const folder = `${podFolder(stateDir, spec.podUid)}/etc`
  fs.write(`${folder}/resolv.conf`, spec.resolvConf)
  fs.write(`${folder}/hosts`, spec.hosts)
  fs.write(`${folder}/hostname`, `${spec.hostname}\n`)
}

/** In the order in which they are made: what lies inside another comes after it. `extra`: for parts of Fairlead itself. */
export function mountsOf(stateDir: string, spec: ContainerSpec, extra: readonly Mount[]): readonly Mount[] {
  const shared = Object.entries(SHARED).map(([name, target]) => ({
    source: `${podFolder(stateDir, spec.podUid)}/etc/${name}`,
    target,
  }))
  const applets = { source: appletFolder(stateDir), target: APPLETS, readOnly: true }
  const volumes = spec.mounts.map(({ source, target, readOnly }) => ({ source, target: runTarget(target), readOnly }))
  const replaced = new Set(volumes.map(volume => volume.target))
  return [...shared.filter(mount => !replaced.has(mount.target)), ...extra, applets, ...byDepth(volumes)]
}

/** /var/run is a link to /run on every machine of today. */
const runTarget = (target: string): string => target.replace(/\/+$/, '').replace(/^\/var\/run(?=\/|$)/, '/run') || '/'
const byDepth = (mounts: readonly Mount[]): readonly Mount[] =>
  [...mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length)

const TOOLS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Applets come last, so that they only fill gaps; first where the image is busybox's. */
export const searchPath = (applets: boolean): string => (applets ? `${APPLETS}:${TOOLS}` : `${TOOLS}:${APPLETS}`)

/** The file of a volume that the container sees at this path; a link that leads out of the volume leads nowhere. */
export function inVolumes(fs: FsDriver, spec: ContainerSpec, path: string): Buffer | undefined {
  try {
    const file = placeInVolumes(fs, spec, path)
    return file === undefined ? undefined : fs.read(file)
  } catch {
    return undefined
  }
}

/** What is in a folder of a volume, as inVolumes finds it; and single files that are mounted into it. */
export function entriesInVolumes(fs: FsDriver, spec: ContainerSpec, path: string): readonly string[] {
  const single = spec.mounts.flatMap(({ target }) =>
    target.startsWith(`${path}/`) ? [target.slice(path.length + 1)] : [],
  )
  try {
    const folder = placeInVolumes(fs, spec, path)
    const listed = folder === undefined ? [] : fs.list(folder)
    return [...new Set([...listed, ...single])].filter(name => !name.startsWith('..') && !name.includes('/'))
  } catch {
    return single
  }
}

function placeInVolumes(fs: FsDriver, spec: ContainerSpec, path: string): string | undefined {
  if (!path.startsWith('/') || path.split('/').includes('..')) return undefined
  const mount = [...spec.mounts]
    .sort((a, b) => b.target.length - a.target.length)
    .find(({ target }) => path === target || path.startsWith(`${target.replace(/\/+$/, '')}/`))
  if (!mount) return undefined
  const rest = path.slice(mount.target.replace(/\/+$/, '').length)
  const [top, file] = [fs.resolve(mount.source), fs.resolve(`${mount.source}${rest}`)]
  const isInside = top !== undefined && (file === top || file?.startsWith(`${top}/`))
  return isInside ? file : undefined
}

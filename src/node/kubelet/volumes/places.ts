import type { Volume } from '../../../api/core/pod/volume.ts'
import type { Pod } from '../../../api/core/pod.ts'

/** Where things are below the agent's state folder. */
export const volumesFolder = (stateDir: string, podUid: string): string => `${stateDir}/volumes/${podUid}`
/** The node's own files, as far as pods see them by hostPath. */
export const hostFolder = (stateDir: string): string => `${stateDir}/host`

export interface Place {
  readonly path: string
  /** Nobody who mounts it may write. */
  readonly readOnly: boolean
  /** Nothing that is mounted may lead out of here. */
  readonly within: string
}

/** Parts of this machine that say nothing about its user: the same on every node, and never written to. */
export const OF_THE_MACHINE = [
  '/dev',
  '/sys',
  '/usr',
  '/lib/modules',
  '/etc/ssl',
  '/etc/pki',
  '/etc/localtime',
  '/etc/os-release',
]

const normal = (path: string): string => `/${path.split('/').filter(Boolean).join('/')}`

/** What of this node a hostPath means: a tree of the node's own, and some of this machine to read. */
export function hostPlace(stateDir: string, hostPath: string): Place {
  const path = normal(hostPath)
  const shared = OF_THE_MACHINE.find(prefix => path === prefix || path.startsWith(`${prefix}/`))
  if (shared !== undefined) return { path, readOnly: true, within: '/' }
  const root = hostFolder(stateDir)
  return { path: path === '/' ? root : `${root}${path}`, readOnly: false, within: root }
}

export function volumePlace(stateDir: string, pod: Pod, volume: Volume): Place {
  if (volume.hostPath) return hostPlace(stateDir, volume.hostPath.path)
  const claim = volume.persistentVolumeClaim
  if (claim) {
    const path = `${stateDir}/claims/${pod.metadata.namespace}/${claim.claimName}`
    return { path, readOnly: claim.readOnly ?? false, within: path }
  }
  const path = `${volumesFolder(stateDir, pod.metadata.uid)}/${volume.name}`
  return { path, readOnly: !volume.emptyDir && !volume.ephemeral, within: path }
}

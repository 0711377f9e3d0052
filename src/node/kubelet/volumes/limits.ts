import { amountsOf } from '../../../api/core/pod/requests.ts'
import type { Volume } from '../../../api/core/pod/volume.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { FsDriver } from '../../../host/fs/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import { volumePlace } from './places.ts'

/** As often as upstream's eviction manager looks. */
const PERIOD_MS = 10_000
/** Files of one pod that are looked at; more than so many count as they come. */
const MAX_ENTRIES = 20_000

/** Watches pods that may write only so much. Nothing ticks while there is none. */
export interface StorageLimits {
  follow(pod: Pod): void
  forget(podUid: string): void
  /** Why the pod has to go, once it has written too much. */
  exceeded(podUid: string): string | undefined
}

export interface StorageLimitsDeps {
  readonly fs: FsDriver
  readonly clock: Clock
  readonly changed: (podUid: string) => void
}

export function createStorageLimits({ fs, clock, changed }: StorageLimitsDeps, stateDir: string): StorageLimits {
  const followed = new Map<string, Pod>()
  const over = new Map<string, string>()
  let cancel: (() => void) | undefined
  const look = (): void => {
    cancel = undefined
    for (const [podUid, pod] of followed) {
      const why = overLimit(fs, stateDir, pod)
      if (why === undefined) continue
      followed.delete(podUid)
      over.set(podUid, why)
      changed(podUid)
    }
    plan()
  }
  const plan = (): void => {
    if (followed.size > 0) cancel ??= clock.after(PERIOD_MS, look)
  }
  return {
    follow(pod) {
      if (over.has(pod.metadata.uid) || !isLimited(pod)) return
      followed.set(pod.metadata.uid, pod)
      plan()
    },
    forget(podUid) {
      followed.delete(podUid)
      over.delete(podUid)
      if (followed.size > 0) return
      cancel?.()
      cancel = undefined
    },
    exceeded: podUid => over.get(podUid),
  }
}

const emptyDirs = ({ spec }: Pod): readonly Volume[] => (spec.volumes ?? []).filter(({ emptyDir }) => emptyDir)
const bytesOf = (quantity: string | number): number => amountsOf({ memory: String(quantity) }).memory ?? 0
const limitsOf = ({ spec }: Pod): readonly string[] =>
  spec.containers.flatMap(({ resources }) => resources?.limits?.['ephemeral-storage'] ?? []).map(String)

const isLimited = (pod: Pod): boolean =>
  emptyDirs(pod).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
  (limitsOf(pod).length > 0 && emptyDirs(pod).length > 0)

/** emptyDirLimitEviction, podEphemeralStorageLimitEviction of pkg/kubelet/eviction: their words, or undefined. */
function overLimit(fs: FsDriver, stateDir: string, pod: Pod): string | undefined {
  const budget = { left: MAX_ENTRIES }
  let total = 0
  for (const volume of emptyDirs(pod)) {
    const used = sizeOfTree(fs, volumePlace(stateDir, pod, volume).path, budget)
    if (volume.emptyDir?.medium !== 'Memory') total += used
    const limit = volume.emptyDir?.sizeLimit
    if (limit !== undefined && bytesOf(limit) > 0 && used > bytesOf(limit))
      return `Usage of EmptyDir volume ${JSON.stringify(volume.name)} exceeds the limit ${JSON.stringify(String(limit))}. `
  }
  const limits = limitsOf(pod)
  const allowed = limits.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0)
  if (limits.length < pod.spec.containers.length || total <= allowed) return undefined
  const shown = limits.length === 1 ? limits[0] : String(allowed)
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${shown}. `
}

/** Of the files below a folder; links are not followed. */
function sizeOfTree(fs: FsDriver, path: string, budget: { left: number }): number {
  if (budget.left-- <= 0) return 0
  const kind = fs.kind(path)
  if (kind === 'file') return fs.size(path) ?? 0
  if (kind !== 'folder') return 0
  return fs.list(path).reduce((sum, name) => sum + sizeOfTree(fs, `${path}/${name}`, budget), 0)
}

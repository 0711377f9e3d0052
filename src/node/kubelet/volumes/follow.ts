import type { Pod } from '../../../api/core/pod.ts'
import type { Informers } from '../../../client/mod.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/log.ts'
import type { Whereabouts } from '../spec/fields.ts'
import { followSources } from './followed-sources.ts'
import type { VolumeDeps } from './make.ts'
import { makeVolumes } from './make.ts'

export interface FollowDeps extends VolumeDeps {
  readonly informers: Informers
  readonly log: Logger
  readonly busy: (value: boolean) => void
}

/** Keeps volumes like what they come from while their pods run. */
export interface VolumeFollower {
  /** May be called any number of times, with the pod as it is. */
  follow(pod: Pod, where: Whereabouts): void
  forget(podUid: string): void
}

interface Following {
  pod: Pod
  where: Whereabouts
  /** What of the pod itself its volumes show. */
  shown: string
  cancel: () => void
  running: Promise<void>
}

/** Looking at a token again sooner would not help. */
const MIN_RENEW_MS = 1000

export function createVolumeFollower(deps: FollowDeps, stateDir: string, signal: AbortSignal): VolumeFollower {
  const pods = new Map<string, Following>()
  const { clock, tokens } = deps
  let pending = 0
  const account = (change: 1 | -1): void => {
    pending += change
    deps.busy(pending > 0)
  }
  const refresh = (podUid: string): void => {
    const one = pods.get(podUid)
    if (!one) return
    account(1)
    one.running = one.running.then(() => bringUpToDate(one)).finally(() => account(-1))
  }
  const sources = followSources(deps.informers, refresh)
  const bringUpToDate = async (one: Following): Promise<void> => {
    const { uid, name } = one.pod.metadata
    const found = sources.of(one.pod)
    if (pods.get(uid) !== one || signal.aborted || !found) return
    try {
      await makeVolumes(deps, stateDir, one.pod, found, one.where)
    } catch (error) {
      // What the pod has it keeps, as when an object that it mounts is deleted.
      deps.log.debug({ pod: name, error: messageOf(error) }, 'volumes could not be brought up to date')
    }
    one.cancel()
    const renewAtMs = tokens.renewAtMs(uid)
    if (renewAtMs === undefined || pods.get(uid) !== one) return
    one.cancel = clock.after(Math.max(renewAtMs - clock.now(), MIN_RENEW_MS), () => refresh(uid))
  }
  return {
    follow(pod, where) {
      if (!isChanging(pod)) return
      const { uid } = pod.metadata
      const known = pods.get(uid)
      const shown = shownOf(pod)
      if (known?.shown === shown) return void Object.assign(known, { pod, where })
      if (known) Object.assign(known, { pod, where, shown })
      else pods.set(uid, { pod, where, shown, cancel: () => {}, running: Promise.resolve() })
      if (!known) sources.add(pod)
      refresh(uid)
    },
    forget(podUid) {
      const one = pods.get(podUid)
      if (!one) return
      pods.delete(podUid)
      one.cancel()
      sources.forget(one.pod)
    },
  }
}

/** Volumes that may change while a pod runs are those made of objects, of the pod itself, or of tokens. */
const isChanging = (pod: Pod): boolean =>
  (pod.spec.volumes ?? []).some(({ configMap, secret, downwardAPI, projected }) =>
    [configMap, secret, downwardAPI, projected].some(source => source !== undefined),
  )

const shownOf = ({ metadata }: Pod): string => JSON.stringify([metadata.labels, metadata.annotations])

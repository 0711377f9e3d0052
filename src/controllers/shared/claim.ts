import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'
import type { LabelSelector } from '../../api/meta/selector.ts'
import { type Client, isNotFound } from '../../client/mod.ts'
import { controllerOf, controllerReference } from '../../client/owner.ts'
import { isPodActive } from './pods.ts'

export interface Claims {
  /** Pods that the owner has and still selects, ended ones too. */
  readonly owned: readonly Pod[]
  /** Active pods without an owner that it selects. */
  readonly adopt: readonly Pod[]
  /** Pods that it has and no longer selects. */
  readonly release: readonly Pod[]
}

/** ControllerRefManager.ClaimPods. accepts: which pods the owner would take, beside its selector. */
export function claimPods(
  owner: ApiObject,
  selector: LabelSelector | undefined,
  pods: readonly Pod[],
  accepts: (pod: Pod) => boolean = () => true,
): Claims {
  const isEnding = owner.metadata.deletionTimestamp !== undefined
  const owned: Pod[] = []
  const adopt: Pod[] = []
  const release: Pod[] = []
  for (const pod of pods) {
    const holder = controllerOf(pod)
    const selects = matchesSelector(selector, pod.metadata.labels) && accepts(pod)
    if (holder && holder.uid !== owner.metadata.uid) continue
    if (!holder && selects && isPodActive(pod) && !isEnding) adopt.push(pod)
    else if (holder && selects) owned.push(pod)
    else if (holder && !isEnding && !pod.metadata.deletionTimestamp) release.push(pod)
  }
  return { owned, adopt, release }
}

/** Writes who owns the pods that are taken on and let go. */
export async function settleClaims<T extends ApiObject>(
  client: Client,
  kind: Kind<T>,
  owner: T,
  { adopt, release }: Pick<Claims, 'adopt' | 'release'>,
): Promise<void> {
  const others = (pod: Pod) => (pod.metadata.ownerReferences ?? []).filter(one => one.uid !== owner.metadata.uid)
  const write = async ({ metadata }: Pod, ownerReferences: unknown): Promise<void> => {
    const body = { metadata: { uid: metadata.uid, ownerReferences } }
    const key = { namespace: metadata.namespace!, name: metadata.name }
    await client.patch(Pod, key, { type: 'merge', body }).catch(error => {
      if (!isNotFound(error)) throw error
    })
  }
  await Promise.all([
    ...adopt.map(pod => write(pod, [...others(pod), controllerReference(kind, owner)])),
    ...release.map(pod => write(pod, others(pod).length > 0 ? others(pod) : null)),
  ])
}

/** An index of pods that nobody owns, by namespace. */
export const orphanPods = (pod: Pod): readonly string[] => (controllerOf(pod) ? [] : [pod.metadata.namespace ?? ''])

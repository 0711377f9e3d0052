import { StatefulSet } from '../../api/apps/stateful-set.ts'
import type { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim.ts'
import type { PodTemplateSpec } from '../../api/core/pod/template.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { OwnerReference } from '../../api/meta/meta.ts'
import type { Draft } from '../../client/mod.ts'
import { controllerReference } from '../../client/owner.ts'
import { metadataFromTemplate } from '../shared/pods.ts'

/** The name of the pod's revision: unlike a DaemonSet's, the whole name. */
export const REVISION_LABEL = 'controller-revision-hash'
export const POD_NAME = 'statefulset.kubernetes.io/pod-name'
export const POD_INDEX = 'apps.kubernetes.io/pod-index'

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`

/** getOrdinal: the number at the end of the pod's name; undefined where the name is not one of this set. */
export function ordinalOf(set: StatefulSet, { metadata }: Pod): number | undefined {
  const match = /^(.+)-(\d+)$/.exec(metadata.name)
  return match?.[1] === set.metadata.name ? Number(match[2]) : undefined
}

export const revisionOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[REVISION_LABEL]

const claimName = (set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string =>
  `${template.metadata.name}-${set.metadata.name}-${ordinal}`

/** newVersionedStatefulSetPod: the template with the name, the host name and the claims of one ordinal. */
export function podDraft(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Draft<Pod> {
  const name = podName(set, ordinal)
  const claims = set.spec.volumeClaimTemplates ?? []
  const claimed = claims.map(claim => ({
    name: claim.metadata.name,
    persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
  }))
  const spec = template.spec!
  const own = (spec.volumes ?? []).filter(volume => !claims.some(claim => claim.metadata.name === volume.name))
  return {
    metadata: {
      ...metadataFromTemplate(template.metadata),
      namespace: set.metadata.namespace!,
      name,
      generateName: `${set.metadata.name}-`,
      labels: {
        ...template.metadata?.labels,
        [REVISION_LABEL]: revision,
        [POD_NAME]: name,
        [POD_INDEX]: String(ordinal),
      },
      ownerReferences: [controllerReference(StatefulSet, set)],
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(claimed.length > 0 ? { volumes: [...own, ...claimed] } : {}),
    },
  }
}

/** updateClaimOwnerRefForSetAndPod: references that are not of the set or the pod stay. */
export function claimOwners(set: StatefulSet, pod: Pod, claim: PersistentVolumeClaim): readonly OwnerReference[] {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  const start = set.spec.ordinals?.start ?? 0
  const ordinal = ordinalOf(set, pod)!
  const goes = whenScaled === 'Delete' && (ordinal < start || ordinal >= start + (set.spec.replicas ?? 1))
  const { name, uid } = pod.metadata
  const others = (claim.metadata.ownerReferences ?? []).filter(one => one.uid !== uid && one.uid !== set.metadata.uid)
  if (goes) return [...others, { apiVersion: 'v1', kind: 'Pod', name, uid }]
  return whenDeleted === 'Delete' ? [...others, controllerReference(StatefulSet, set)] : others
}

/** getPersistentVolumeClaims: what the pod of one ordinal keeps when it is replaced. */
export const claimDrafts = (set: StatefulSet, ordinal: number): readonly Draft<PersistentVolumeClaim>[] =>
  (set.spec.volumeClaimTemplates ?? []).map(claim => ({
    metadata: {
      namespace: set.metadata.namespace!,
      name: claimName(set, claim, ordinal),
      labels: { ...claim.metadata.labels, ...set.spec.selector.matchLabels },
      ...(claim.metadata.annotations ? { annotations: claim.metadata.annotations } : {}),
      ...(set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete'
        ? { ownerReferences: [controllerReference(StatefulSet, set)] }
        : {}),
    },
    ...(claim.spec ? { spec: claim.spec } : {}),
  })) as readonly Draft<PersistentVolumeClaim>[]

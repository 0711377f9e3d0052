import type { InferMessage } from '../../../schema/field.ts'
import { boolean, inline, int32, int64, list, message, one, ref, string } from '../../../schema/field.ts'
import { LabelSelector } from '../../meta/selector.ts'
import { LocalObjectReference } from '../reference.ts'
import { DownwardAPIVolumeFile, KeyToPath } from './volume-file.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface SecretProjection extends InferMessage<typeof SecretProjection>, LocalObjectReference {}
export const SecretProjection = message(`${GROUP}.SecretProjection`, "A Secret's keys.", {
  localObjectReference: inline(1, LocalObjectReference),
  items: list(2, ref<KeyToPath>(KeyToPath), 'Which keys, and where; all where absent.'),
  optional: boolean(4, 'Its absence is no error.', { explicit: true }),
})

export interface ConfigMapProjection extends InferMessage<typeof ConfigMapProjection>, LocalObjectReference {}
export const ConfigMapProjection = message(`${GROUP}.ConfigMapProjection`, "A ConfigMap's keys.", {
  localObjectReference: inline(1, LocalObjectReference),
  items: list(2, ref<KeyToPath>(KeyToPath), 'Which keys, and where; all where absent.'),
  optional: boolean(4, 'Its absence is no error.', { explicit: true }),
})

export interface DownwardAPIProjection extends InferMessage<typeof DownwardAPIProjection> {}
export const DownwardAPIProjection = message(`${GROUP}.DownwardAPIProjection`, 'Fields of the pod.', {
  items: list(1, ref<DownwardAPIVolumeFile>(DownwardAPIVolumeFile), 'The files.'),
})

export interface ServiceAccountTokenProjection extends InferMessage<typeof ServiceAccountTokenProjection> {}
export const ServiceAccountTokenProjection = message(
  `${GROUP}.ServiceAccountTokenProjection`,
  "A token of the pod's service account.",
  {
    audience: string(1, 'Whom the token is for; the API server where absent.'),
    expirationSeconds: int64(2, 'How long it is valid, in seconds.', { explicit: true, default: 3600 }),
    path: string(3, "The file's path.", { required: true }),
  },
)

export interface ClusterTrustBundleProjection extends InferMessage<typeof ClusterTrustBundleProjection> {}
export const ClusterTrustBundleProjection = message(
  `${GROUP}.ClusterTrustBundleProjection`,
  'Trust anchors of the cluster.',
  {
    name: string(1, 'One bundle, by name.', { explicit: true }),
    signerName: string(2, 'All bundles of a signer.', { explicit: true }),
    labelSelector: one(3, ref<LabelSelector>(LabelSelector), "Which of the signer's bundles."),
    optional: boolean(5, 'Its absence is no error.', { explicit: true }),
    path: string(4, "The file's path.", { required: true }),
  },
)

export interface VolumeProjection extends InferMessage<typeof VolumeProjection> {}
export const VolumeProjection = message(`${GROUP}.VolumeProjection`, 'One source of a projected volume.', {
  secret: one(1, ref<SecretProjection>(SecretProjection), 'A Secret.'),
  downwardAPI: one(2, ref<DownwardAPIProjection>(DownwardAPIProjection), 'Fields of the pod.'),
  configMap: one(3, ref<ConfigMapProjection>(ConfigMapProjection), 'A ConfigMap.'),
  serviceAccountToken: one(4, ref<ServiceAccountTokenProjection>(ServiceAccountTokenProjection), 'A token.'),
  clusterTrustBundle: one(5, ref<ClusterTrustBundleProjection>(ClusterTrustBundleProjection), 'Trust anchors.'),
})

export interface ProjectedVolumeSource extends InferMessage<typeof ProjectedVolumeSource> {}
export const ProjectedVolumeSource = message(`${GROUP}.ProjectedVolumeSource`, 'Several sources in one directory.', {
  sources: list(1, ref<VolumeProjection>(VolumeProjection), 'The sources.'),
  defaultMode: int32(2, "The files' mode.", { explicit: true, default: 420 }),
})

import type { InferMessage } from '../../../schema/field.ts'
import { boolean, inline, int32, int64, list, message, one, ref, string } from '../../../schema/field.ts'
import { LabelSelector } from '../../meta/selector.ts'
import { LocalObjectReference } from '../reference.ts'
import { DownwardAPIVolumeFile, KeyToPath } from './volume-file.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface SecretProjection extends InferMessage<typeof SecretProjection>, LocalObjectReference {}
export const SecretProjection = message(`${GROUP}.SecretProjection`, '', {
  localObjectReference: inline(1, LocalObjectReference),
  items: list(2, ref<KeyToPath>(KeyToPath), ''),
  optional: boolean(4, '', { explicit: true }),
})

export interface ConfigMapProjection extends InferMessage<typeof ConfigMapProjection>, LocalObjectReference {}
export const ConfigMapProjection = message(`${GROUP}.ConfigMapProjection`, '', {
  localObjectReference: inline(1, LocalObjectReference),
  items: list(2, ref<KeyToPath>(KeyToPath), ''),
  optional: boolean(4, '', { explicit: true }),
})

export interface DownwardAPIProjection extends InferMessage<typeof DownwardAPIProjection> {}
export const DownwardAPIProjection = message(`${GROUP}.DownwardAPIProjection`, '', {
  items: list(1, ref<DownwardAPIVolumeFile>(DownwardAPIVolumeFile), ''),
})

export interface ServiceAccountTokenProjection extends InferMessage<typeof ServiceAccountTokenProjection> {}
export const ServiceAccountTokenProjection = message(`${GROUP}.ServiceAccountTokenProjection`, '', {
  audience: string(1, ''),
  expirationSeconds: int64(2, '', { explicit: true }),
  path: string(3, '', { required: true }),
})

export interface ClusterTrustBundleProjection extends InferMessage<typeof ClusterTrustBundleProjection> {}
export const ClusterTrustBundleProjection = message(`${GROUP}.ClusterTrustBundleProjection`, '', {
  name: string(1, '', { explicit: true }),
  signerName: string(2, '', { explicit: true }),
  labelSelector: one(3, ref<LabelSelector>(LabelSelector), ''),
  optional: boolean(5, '', { explicit: true }),
  path: string(4, '', { required: true }),
})

export interface VolumeProjection extends InferMessage<typeof VolumeProjection> {}
export const VolumeProjection = message(`${GROUP}.VolumeProjection`, '', {
  secret: one(1, ref<SecretProjection>(SecretProjection), ''),
  downwardAPI: one(2, ref<DownwardAPIProjection>(DownwardAPIProjection), ''),
  configMap: one(3, ref<ConfigMapProjection>(ConfigMapProjection), ''),
  serviceAccountToken: one(4, ref<ServiceAccountTokenProjection>(ServiceAccountTokenProjection), ''),
  clusterTrustBundle: one(5, ref<ClusterTrustBundleProjection>(ClusterTrustBundleProjection), ''),
})

export interface ProjectedVolumeSource extends InferMessage<typeof ProjectedVolumeSource> {}
export const ProjectedVolumeSource = message(`${GROUP}.ProjectedVolumeSource`, '', {
  sources: list(1, ref<VolumeProjection>(VolumeProjection), ''),
  defaultMode: int32(2, '', { explicit: true }),
})
